import { describe, expect, it } from 'vitest';
import { needOf, nextReceipt, sameReceipt } from '../../src/domain/next-receipt.ts';
import type { StepPlan, TargetPlan } from '../../src/domain/plan.ts';
import type { Receipt } from '../../src/domain/receipt.ts';

const receipt: Receipt = {
  format: 1,
  project: 'main',
  target: 'app',
  commit: 'a',
  version: 'v1',
  run: 'r1',
  time: '2026-01-01T00:00:00.000Z',
  components: { docs: { commit: 'a', files: {}, dirs: [] }, plans: { commit: 'a', files: {}, dirs: [] } },
  config: {},
  decisions: [{ path: 'docs/a.md', choice: 'kept', cause: 'edited', main: 'x', owner: 'y' }],
};
const step = (facts: Partial<StepPlan>): StepPlan => ({
  id: 's',
  uses: 'copy',
  actions: [],
  skipped: null,
  patch: {},
  warnings: [],
  ...facts,
});
const plan = (commit: string, ...steps: StepPlan[]): TargetPlan => ({
  target: 'app',
  commit,
  base: 'a',
  full: false,
  reason: null,
  steps,
});
const next = (given: TargetPlan, complete = true): Receipt =>
  nextReceipt({
    current: receipt,
    plan: given,
    project: 'main',
    run: 'r2',
    time: '2026-02-02T00:00:00.000Z',
    complete,
  });

describe('the receipt that a plan leads to', () => {
  it('moves every component to the commit of a complete sync', () => {
    expect(next(plan('b')).components.plans?.commit).toBe('b');
    expect(next(plan('b')).commit).toBe('b');
  });
  it('leaves a component that was rolled back alone where it is when no step looked at it', () => {
    const apart = { ...receipt, components: { ...receipt.components, docs: { commit: '0', files: {}, dirs: [] } } };
    const facts = { project: 'main', run: 'r2', time: '2026-02-02T00:00:00.000Z', complete: true } as const;
    const after = nextReceipt({ current: apart, plan: plan('b'), ...facts });
    expect([after.commit, after.components.docs?.commit, after.components.plans?.commit]).toEqual(['b', '0', 'b']);
  });
  it('leaves the commit, and the other components, where they were after a partial sync', () => {
    const after = next(
      plan('b', step({ patch: { components: { docs: { commit: 'b', files: {}, dirs: [] } } } })),
      false,
    );
    expect([after.commit, after.components.docs?.commit, after.components.plans?.commit]).toEqual(['a', 'b', 'a']);
  });
  it('keeps a decision that no step spoke of, and drops one that a step no longer makes', () => {
    expect(next(plan('a')).decisions).toHaveLength(1);
    const looked = { docs: { commit: 'a', files: { 'docs/a.md': { sha256: 'x', mode: 0o644 } }, dirs: [] } };
    expect(next(plan('a', step({ patch: { components: looked, decisions: [] } }))).decisions).toEqual([]);
  });
  it('no longer says of what was synced which backup it had been brought back to', () => {
    const from = { backup: 'app-20260101T000000Z-0a0a', time: '2026-01-01T00:00:00.000Z' };
    const current = { ...receipt, restored: { docs: from, plans: from } };
    const docs = { components: { docs: { commit: 'b', files: {}, dirs: [] } } };
    const facts = { current, plan: plan('b', step({ patch: docs })), project: 'main', run: 'r2', time: receipt.time };
    expect(nextReceipt({ ...facts, complete: true }).restored).toBeUndefined();
    expect(nextReceipt({ ...facts, complete: false }).restored).toEqual({ plans: from });
  });
  it('drops that a component was left to its owner once a step says otherwise', () => {
    const whole = {
      path: 'lib/words',
      component: 'package',
      choice: 'kept',
      cause: 'x',
      main: 'm',
      owner: 'o',
    } as const;
    const current = { ...receipt, decisions: [whole] };
    const facts = { current, project: 'main', run: 'r2', time: receipt.time, complete: true } as const;
    const patch = { components: { package: { commit: 'b', files: {}, dirs: [] } } };
    expect(nextReceipt({ ...facts, plan: plan('b') }).decisions).toEqual([whole]);
    expect(nextReceipt({ ...facts, plan: plan('b', step({ patch })) }).decisions).toEqual([]);
    const again = step({ patch: { ...patch, decisions: [whole] } });
    expect(nextReceipt({ ...facts, plan: plan('b', again) }).decisions).toEqual([whole]);
  });
  it('is the same whichever run wrote it', () => {
    expect(sameReceipt(receipt, next(plan('a')))).toBe(true);
    expect(sameReceipt(undefined, receipt)).toBe(false);
  });
  it('needs nothing, only the receipt, or files', () => {
    expect(needOf(plan('a'), receipt, next(plan('a')))).toBe('nothing');
    expect(needOf(plan('b'), receipt, next(plan('b')))).toBe('receipt');
    const file = {
      kind: 'file',
      component: 'docs',
      path: 'a',
      before: { kind: 'absent' },
      after: { kind: 'link', to: 'b' },
      cause: '',
    } as const;
    const touching = plan('a', step({ actions: [file] }));
    expect(needOf(touching, receipt, next(touching))).toBe('files');
  });
});
