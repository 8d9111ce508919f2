import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LockstepError } from '../../src/domain/errors.ts';
import type { TargetPlan } from '../../src/domain/plan.ts';
import { readRunLog, runLogLimit, trimRunLog } from '../../src/store/runs/log.ts';
import { outputShare } from '../../src/store/runs/output.ts';
import { listOutputs, readRun, recordedRuns } from '../../src/store/runs/read.ts';
import { appendEvent, appendRunLog, newRunId, openRun, readVerify, saveVerify } from '../../src/store/runs.ts';
import { statePlaces } from '../../src/store/state-dir.ts';
import { temporary } from '../fixtures/sandbox.ts';
import { statePorts } from '../fixtures/state-ports.ts';

const at = (time: string) => ({ ...statePorts(), clock: { now: () => new Date(time), ticks: () => 0 } });
const ports = at('2026-11-23T03:15:30.123Z');
const plan: TargetPlan = { target: 'a', commit: 'c', base: null, full: false, reason: null, steps: [] };
const id = '20261123T031530Z-4f2a';
const begin = { kind: 'run.started', run: id, commit: 'c', targets: ['a'], dryRun: false, reason: 'why' } as const;
const step = { kind: 'step.started', target: 'a', step: 'copy', uses: 'copy' } as const;

describe('the record of a run', () => {
  it('has an id that sorts by time', () => {
    expect(newRunId(ports.clock)).toMatch(/^20261123T031530Z-[0-9a-f]{4}$/);
  });

  it('keeps who ran it, plan, events and result', () => {
    const places = statePlaces(temporary());
    const run = openRun(ports, places, id);
    run.event(begin);
    run.event({ kind: 'target.planned', target: 'a', plan });
    expect(existsSync(run.dir)).toBe(false);
    run.event(step);
    expect(JSON.parse(readFileSync(join(run.dir, 'run.json'), 'utf8'))).toMatchObject({
      format: 1,
      run: id,
      time: '2026-11-23T03:15:30.123Z',
      commit: 'c',
      targets: ['a'],
      reason: 'why',
      owner: { pid: process.pid },
    });
    expect(JSON.parse(readFileSync(join(run.dir, 'plan.json'), 'utf8'))).toEqual({
      format: 1,
      run: id,
      targets: { a: plan },
    });
    run.event({ kind: 'step.finished', target: 'a', step: 'copy', outcome: 'done', cause: '', took: 1 });
    const cut = readRun(ports, places, id);
    expect(cut.events.map((event) => [event.v, event.run, event.kind])).toEqual(
      ['run.started', 'target.planned', 'step.started', 'step.finished'].map((kind) => [1, id, kind]),
    );
    expect(cut).toMatchObject({ result: undefined, damaged: [], plans: { a: plan }, start: { targets: ['a'] } });
    run.finish({ commit: 'c', exit: 0 });
    expect(readRun(ports, places, id).result).toMatchObject({ format: 1, run: id, commit: 'c', exit: 0 });
    expect(recordedRuns(ports, places)).toEqual([id]);
    expect(run.trouble()).toBeNull();
  });

  it('leaves no folder for a run with nothing to do', () => {
    const places = statePlaces(temporary());
    const run = openRun(ports, places, id);
    run.event(begin);
    run.event({ kind: 'target.planned', target: 'a', plan });
    appendRunLog(ports, places, { run: id, line: 'nothing to sync' });
    expect(existsSync(run.dir)).toBe(false);
    expect(JSON.parse(readFileSync(places.runLog, 'utf8'))).toEqual({ v: 1, run: id, line: 'nothing to sync' });
    expect(recordedRuns(ports, places)).toEqual([]);
  });

  it('keeps the plan that was made last', () => {
    const places = statePlaces(temporary());
    const run = openRun(ports, places, id);
    run.event({ kind: 'target.planned', target: 'a', plan });
    run.event({ kind: 'target.planned', target: 'a', plan: { ...plan, commit: 'later' } });
    run.event(step);
    expect(readRun(ports, places, id).plans.a?.commit).toBe('later');
  });

  it('stops nothing when it cannot be written, and says so', () => {
    const places = statePlaces(temporary());
    writeFileSync(places.runs, 'a file where the folder should be');
    const run = openRun(ports, places, id);
    run.event(step);
    run.finish({});
    expect(run.trouble()).toContain(places.runs);
  });

  it('is found newest first, without what is no run', () => {
    const places = statePlaces(temporary());
    const ids = ['20260101T000000Z-0001', '20261231T000000Z-0003', '20260601T000000Z-0002'];
    for (const one of ids) openRun(ports, places, one).finish({});
    mkdirSync(join(places.runs, 'notes'));
    expect(recordedRuns(ports, places)).toEqual([
      '20261231T000000Z-0003',
      '20260601T000000Z-0002',
      '20260101T000000Z-0001',
    ]);
  });

  it('gets what became of it later, after a line that a crash tore; one that left no record gets nothing', () => {
    const places = statePlaces(temporary());
    const run = openRun(ports, places, id);
    run.event(step);
    const path = join(run.dir, 'events.ndjson');
    writeFileSync(path, `${readFileSync(path, 'utf8')}{"v":1,"torn`);
    const event = {
      kind: 'target.recovered',
      target: 'a',
      outcome: 'undone',
      cause: 'c',
      restored: 2,
      left: [],
    } as const;
    appendEvent(ports, places, { run: id, event });
    appendEvent(ports, places, { run: '20260101T000000Z-0001', event });
    appendEvent(ports, places, { run: '../elsewhere', event });
    expect(readRun(ports, places, id).events.map(({ kind }) => kind)).toEqual(['step.started', 'target.recovered']);
    expect(recordedRuns(ports, places)).toEqual([id]);
  });
});

describe('a record that cannot be read', () => {
  const written = () => {
    const places = statePlaces(temporary());
    const run = openRun(ports, places, id);
    run.event({ kind: 'target.planned', target: 'a', plan });
    run.event(step);
    run.finish({ results: [] });
    return { places, run };
  };

  it.each(['run.json', 'plan.json', 'result.json'])('is named: %s', (name) => {
    for (const text of ['{torn', '[]', '{"no":"format"}', 'null']) {
      const { places, run } = written();
      writeFileSync(join(run.dir, name), text);
      expect(readRun(ports, places, id).damaged).toEqual([name]);
    }
  });

  it.each(['run.json', 'plan.json', 'result.json'])('is refused by name when a newer Lockstep wrote %s', (name) => {
    const { places, run } = written();
    writeFileSync(join(run.dir, name), '{"format":2}');
    expect(() => readRun(ports, places, id)).toThrow(LockstepError);
    expect(() => readRun(ports, places, id)).toThrow(
      `${join(run.dir, name)} was written by a newer Lockstep (format 2`,
    );
  });

  it('is refused by name when the events are of a newer version', () => {
    const { places, run } = written();
    writeFileSync(join(run.dir, 'events.ndjson'), '{"v":2,"kind":"x"}\n');
    expect(() => readRun(ports, places, id)).toThrow('events.ndjson was written by a newer Lockstep (format 2');
  });

  it('says a plan of another shape is damaged, not a bug', () => {
    const { places, run } = written();
    for (const targets of [{ a: 1 }, { a: { ...plan, steps: [{}] } }, []]) {
      writeFileSync(join(run.dir, 'plan.json'), JSON.stringify({ format: 1, targets }));
      expect(readRun(ports, places, id).damaged).toEqual(['plan.json']);
    }
  });
});

describe('what a step printed', () => {
  const output = (text: string, name = 'reinstall') =>
    ({ kind: 'step.output', target: 'a b', step: name, text }) as const;
  const read = (places: ReturnType<typeof statePlaces>) =>
    listOutputs(ports, places, id).map(({ target, step: name, path }) => [target, name, readFileSync(path, 'utf8')]);

  it('is kept by target and step, also from before the first step began, and is no event of the record', () => {
    const places = statePlaces(temporary());
    const run = openRun(ports, places, id);
    run.event(output('planning\n'));
    expect(existsSync(run.dir)).toBe(false);
    run.event({ ...step, target: 'a b' });
    run.event(output('applying\n'));
    run.event(output('other\n', 'verify'));
    // What a run that is killed now had printed is there.
    expect(read(places)).toEqual([
      ['a b', 'reinstall', 'planning\napplying\n'],
      ['a b', 'verify', 'other\n'],
    ]);
    expect(readRun(ports, places, id).events.map(({ kind }) => kind)).toEqual(['step.started']);
  });

  it('is bounded: the beginning and the end stay, and a line says what is missing', () => {
    const places = statePlaces(temporary());
    const run = openRun(ports, places, id);
    run.event({ ...step, target: 'a b' });
    const line = `${'x'.repeat(99)}\n`;
    run.event(output('first\n'));
    for (let round = 0; round < 300; round += 1) run.event(output(line.repeat(100)));
    run.event(output('last\n'));
    run.finish({});
    const [[, , text = ''] = []] = read(places);
    expect(text.length).toBeLessThan(2 * outputShare + 500);
    expect(text.startsWith('first\n')).toBe(true);
    expect(text.endsWith('\nlast\n')).toBe(true);
    const [whole = '', missing = ''] = /^\[lockstep: (\d+) characters left out here.*$/m.exec(text) ?? [];
    // The line and its two breaks: the beginning was cut in the middle of a line.
    expect(text.length - whole.length - 2 + Number(missing)).toBe('first\nlast\n'.length + 300 * 100 * line.length);
  });
});

describe('the log of runs', () => {
  it('keeps the newest lines when it grows too long', () => {
    const places = statePlaces(temporary());
    const count = Math.ceil((runLogLimit * 1.2) / 1000);
    for (let run = 0; run < count; run += 1) appendRunLog(ports, places, { run: `r${run}`, line: 'x'.repeat(960) });
    trimRunLog(ports, places);
    const kept = readRunLog(ports, places);
    expect(kept.at(-1)?.run).toBe(`r${count - 1}`);
    expect(kept.length).toBeGreaterThan(count / 3);
    expect(readFileSync(places.runLog).length).toBeLessThanOrEqual(runLogLimit / 2 + 1);
    trimRunLog(ports, places);
    expect(readRunLog(ports, places)).toEqual(kept);
    appendRunLog(ports, places, { run: 'next' });
    expect(readRunLog(ports, places).at(-1)?.run).toBe('next');
  });

  it('is read as far as it can be: older lines, torn ones, those of a newer version', () => {
    const places = statePlaces(temporary());
    expect(readRunLog(ports, places)).toEqual([]);
    appendRunLog(ports, places, {
      run: 'a',
      time: 't',
      commit: 'c',
      exit: 0,
      targets: [{ target: 'x', outcome: 'done', cause: 'why' }, 1],
    });
    const lines = ['{"run":"old","line":"app done"}', '{"torn', '[]', '{"v":2,"run":"new","line":{}}'];
    writeFileSync(places.runLog, `${lines.join('\n')}\n${readFileSync(places.runLog, 'utf8')}`);
    expect(readRunLog(ports, places).map(({ run, newer, line, targets }) => [run, newer, line, targets])).toEqual([
      ['old', undefined, 'app done', []],
      ['new', 2, '', []],
      ['a', undefined, '', [{ target: 'x', outcome: 'done', cause: 'why' }]],
    ]);
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
    expect(readdirSync(places.verify)).toHaveLength(3);
    writeFileSync(join(places.verify, 'a.json'), '{torn');
    expect(readVerify(ports, places, 'a')).toBeUndefined();
  });

  it('of a newer Lockstep counts as none', () => {
    const places = statePlaces(temporary());
    saveVerify(ports, places, { target: 'a', result: { outcome: 'passed', time: 't' } });
    const path = join(places.verify, 'a.json');
    expect(JSON.parse(readFileSync(path, 'utf8')).format).toBe(1);
    writeFileSync(path, readFileSync(path, 'utf8').replace('"format": 1', '"format": 2'));
    expect(readVerify(ports, places, 'a')).toBeUndefined();
  });
});
