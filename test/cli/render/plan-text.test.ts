import { expect, test } from 'vitest';
import { paintFor } from '../../../src/cli/render/colours.ts';
import { keyLine, planLines } from '../../../src/cli/render/plan-text.ts';
import type { KeyChange, RefAction, TargetPlan } from '../../../src/domain/plan.ts';

const paint = paintFor({ colour: false });

const plan = (facts: Partial<TargetPlan> = {}, actions: TargetPlan['steps'][number]['actions'] = []): TargetPlan => ({
  target: 'app',
  commit: 'c'.repeat(40),
  base: 'b'.repeat(40),
  full: false,
  reason: null,
  steps: [{ id: 'reinstall', uses: 'reinstall', actions, skipped: null, patch: {}, warnings: [] }],
  ...facts,
});

test.each<[Partial<KeyChange>, string]>([
  [{ sign: '=', old: '"mine"', new: '"main"' }, '= a.b = "mine" stays; main has "main"'],
  [{ sign: '=', old: null, new: '3' }, '= a.b is not in the target; main has 3'],
  [{ sign: '=', old: '1', new: null }, '= a.b = 1 stays; main has none'],
  [{ sign: '~', old: '1', new: '2' }, '~ a.b = 1 → 2'],
  [{ sign: '+', old: null, new: '2' }, '+ a.b = 2'],
  [{ sign: '-', old: '1', new: null }, '- a.b = 1'],
])('a key says which value is on which side: %o', (facts, said) => {
  const change: KeyChange = { key: ['a', 'b'], sign: '=', old: null, new: null, cause: 'why', ...facts };
  expect(keyLine(change, paint).trim()).toBe(`${said}  why`);
});

test.each([
  ['vendor/main', 'vendor/main branch main'],
  ['', '. branch main'],
  ['@checkout/', '@checkout branch main'],
  [undefined, '/abs/vendor/main branch main'],
])('a clone is named as plans name places: %o', (path, said) => {
  const action: RefAction = {
    kind: 'ref',
    component: 'package',
    checkout: '/abs/vendor/main',
    ...(path === undefined ? {} : { path }),
    ref: 'refs/heads/main',
    before: '0'.repeat(40),
    after: '1'.repeat(40),
    cause: 'fast-forward to main',
  };
  expect(planLines(plan({}, [action]), paint).at(-1)).toBe(
    `      ~ ${said} 0000000000 → 1111111111  fast-forward to main`,
  );
});

test.each([
  [{ full: true, reason: 'new target' }, '  full sync: new target'],
  [{ full: false, reason: 'weekly' }, '  reason: weekly'],
  [{ full: false, reason: null }, ''],
])('only a full sync is called one: %o', (facts, said) => {
  expect(planLines(plan(facts), paint)[0]).toBe(`app  bbbbbbbbbb → cccccccccc${said}`);
});
