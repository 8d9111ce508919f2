import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { TargetPlan } from '../../src/domain/plan.ts';
import { appendRunLog, lastRuns, newRunId, openRun, readVerify, saveVerify } from '../../src/store/runs.ts';
import { statePlaces } from '../../src/store/state-dir.ts';
import { temporary } from '../fixtures/sandbox.ts';
import { statePorts } from '../fixtures/state-ports.ts';

const at = (time: string) => ({ ...statePorts(), clock: { now: () => new Date(time), ticks: () => 0 } });
const ports = at('2026-11-23T03:15:30.123Z');
const plan: TargetPlan = { target: 'a', commit: 'c', base: null, full: false, reason: null, steps: [] };

describe('the record of a run', () => {
  it('has an id that sorts by time', () => {
    expect(newRunId(ports.clock)).toMatch(/^20261123T031530Z-[0-9a-f]{4}$/);
  });

  it('keeps plan, events and result', () => {
    const places = statePlaces(temporary());
    const run = openRun(ports, places, '20261123T031530Z-4f2a');
    run.event({ kind: 'target.started', target: 'a' });
    run.savePlan('a', plan);
    run.event({ kind: 'step.started', target: 'a', step: 'copy', uses: 'copy' });
    expect(JSON.parse(readFileSync(join(run.dir, 'plan.json'), 'utf8'))).toEqual({
      format: 1,
      run: run.id,
      targets: { a: plan },
    });
    run.event({ kind: 'step.finished', target: 'a', step: 'copy', outcome: 'done', cause: '', took: 1 });
    const events = readFileSync(join(run.dir, 'events.ndjson'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events.map((event) => [event.v, event.run, event.kind])).toEqual(
      ['target.started', 'step.started', 'step.finished'].map((kind) => [1, run.id, kind]),
    );
    expect(lastRuns(ports, places, 5)).toEqual([{ id: run.id, dir: run.dir, result: undefined }]);
    run.finish({ commit: 'c', exit: 0 });
    expect(lastRuns(ports, places, 5)[0]?.result).toEqual({ format: 1, run: run.id, commit: 'c', exit: 0 });
  });

  it('leaves no folder for a run with nothing to do', () => {
    const places = statePlaces(temporary());
    const run = openRun(ports, places, newRunId(ports.clock));
    run.event({ kind: 'target.started', target: 'a' });
    run.savePlan('a', plan);
    appendRunLog(ports, places, { run: run.id, line: 'nothing to sync' });
    expect(existsSync(run.dir)).toBe(false);
    expect(JSON.parse(readFileSync(places.runLog, 'utf8'))).toEqual({ run: run.id, line: 'nothing to sync' });
    expect(lastRuns(ports, places, 5)).toEqual([]);
  });

  it('lists the newest first, and only as many as asked for', () => {
    const places = statePlaces(temporary());
    const ids = ['20260101T000000Z-0001', '20261231T000000Z-0003', '20260601T000000Z-0002'];
    for (const id of ids) openRun(ports, places, id).finish({});
    expect(lastRuns(ports, places, 2).map((run) => run.id)).toEqual(['20261231T000000Z-0003', '20260601T000000Z-0002']);
  });
});

describe('the last verification', () => {
  it('is kept by target, whatever its name', () => {
    const places = statePlaces(temporary());
    for (const target of ['a', '..', 'with space/slash']) {
      expect(readVerify(ports, places, target)).toBeUndefined();
      const result = { outcome: 'passed', time: '2026-11-23T03:15:30Z', of: target } as const;
      saveVerify(ports, places, { target, result });
      expect(readVerify(ports, places, target)).toEqual(result);
    }
    writeFileSync(join(places.verify, 'a.json'), '{torn');
    expect(readVerify(ports, places, 'a')).toBeUndefined();
  });
});
