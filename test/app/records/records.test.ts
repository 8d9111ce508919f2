import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findRun } from '../../../src/app/records/find.ts';
import { keepRecord } from '../../../src/app/records/keep-record.ts';
import { listRuns } from '../../../src/app/records/list.ts';
import { logsOf } from '../../../src/app/records/logs.ts';
import { showRun } from '../../../src/app/records/show.ts';
import { recoverAll } from '../../../src/app/recover-all.ts';
import { LockstepError } from '../../../src/domain/errors.ts';
import type { EventBody } from '../../../src/domain/events.ts';
import type { Ports } from '../../../src/ports.ts';
import { Killed } from '../../fixtures/killable.ts';
import { machinePorts } from '../../fixtures/machine-ports.ts';
import { commit, put, text } from '../../fixtures/sandbox.ts';
import { type Words, wordsProject } from '../../fixtures/words-project.ts';

let words: Words;
beforeEach(() => {
  words = wordsProject();
});
afterEach(() => words.remove());

const goOn = (round = 2): string => {
  put(words.root, { 'docs/a.md': `a${round}\n`, 'docs/new.md': `new${round}\n` });
  return commit(words.root, `docs: round ${round}`);
};

const hintOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof LockstepError) return `${error.code}: ${error.message} | ${error.hint ?? ''}`;
    throw error;
  }
  return 'nothing was thrown';
};

/** Ports whose process dies when it is about to put a file in place: nothing is written any more, nothing tidied up. */
const dying = (path: string): Ports => {
  const machine = machinePorts();
  let dead = false;
  const alive = (): void => {
    if (dead) throw new Killed('dead');
  };
  const guarded = <T extends object>(writer: T, at: (name: string, args: readonly unknown[]) => void): T =>
    Object.fromEntries(
      Object.entries(writer).map(([name, work]) => [
        name,
        (...args: readonly unknown[]) => {
          at(name, args);
          alive();
          return work(...args);
        },
      ]),
    ) as T;
  return {
    ...machine,
    // No process has this id: a later look takes it for what it is.
    identity: { ...machine.identity, self: () => ({ ...machine.identity.self(), pid: 4_194_305 }) },
    state: guarded(machine.state, () => {}),
    openTree: (bounds) =>
      guarded(machine.openTree(bounds), (name, [, to]) => {
        if (name === 'rename' && to === path) dead = true;
      }),
  };
};

describe('runs, newest first', () => {
  it('a done one, one that was undone, one with nothing to do, and what each says', async () => {
    const done = await words.sync(['app', 'web'], { reason: 'a release' });
    const nothing = await words.sync(['app']);
    goOn();
    put(words.target('app'), { 'speak.sh': 'echo going wrong; exit 3\n' });
    const undone = await words.sync(['app']);
    const main = await words.main();
    const runs = listRuns(main);
    expect(runs.map(({ run, state }) => [run, state])).toEqual(
      [undone, nothing, done].map(({ run }) => [run, 'finished']),
    );
    const of = (run: string) => runs.find((one) => one.run === run);
    expect(of(done.run)).toMatchObject({
      commit: done.commit,
      reason: 'a release',
      exit: 0,
      targets: [
        { target: 'app', outcome: 'done' },
        { target: 'web', outcome: 'done' },
      ],
    });
    expect(of(nothing.run)).toMatchObject({
      commit: done.commit,
      exit: 0,
      reason: null,
      targets: [{ target: 'app', outcome: 'nothing-to-do', cause: expect.stringContaining('in step') }],
    });
    expect(existsSync(join(words.root, '.git/lockstep/runs', nothing.run))).toBe(false);
    expect(of(undone.run)).toMatchObject({ exit: 5, targets: [{ target: 'app', outcome: 'undone' }] });
    for (const { started, finished } of runs) {
      expect(started).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
      expect(finished).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    }

    const shown = showRun(main, undone.run);
    const [app] = shown.targets;
    expect(app?.steps.map(({ step, outcome }) => [step, outcome])).toEqual([
      ['detect', 'done'],
      ['backup', 'done'],
      ['copy', 'done'],
      ['config', 'skipped'],
      ['verify', 'failed'],
      ['diagnose', 'done'],
      ['rollback', 'done'],
    ]);
    expect(app?.checks).toContainEqual({ suite: 'said', check: 'speaks', outcome: 'failed', cause: 'exit 3' });
    expect(app?.error).toMatchObject({ code: 'verify-failed' });
    expect(app?.plan?.steps.flatMap((step) => step.actions)).toContainEqual(
      expect.objectContaining({ path: 'docs/new.md', cause: 'new in main' }),
    );
    expect(JSON.stringify(app?.plan)).not.toContain('"patch"');
    expect(app?.next).toEqual([
      'lockstep sync verify --target app',
      `lockstep sync logs ${undone.run} --target app --step verify`,
      'lockstep sync run --target app',
    ]);

    const quiet = showRun(main, nothing.run);
    expect(quiet).toMatchObject({ dir: null, state: 'finished', targets: [{ target: 'app', plan: null, next: [] }] });
  });

  it('of a decision that was taken, and what to ask next', async () => {
    await words.sync(['app']);
    put(words.target('app'), { 'docs/a.md': 'ours\n' });
    goOn();
    const { run } = await words.sync(['app']);
    const [app] = showRun(await words.main(), run).targets;
    expect(app?.decisions).toEqual([{ path: 'docs/a.md', choice: 'kept', cause: 'changed here and in main' }]);
    expect(app?.warnings).toEqual([expect.stringContaining('docs/a.md: changed here and in main')]);
    expect(app?.next).toEqual(['lockstep sync explain app docs/a.md']);
  });

  it('a restore is a run, too', async () => {
    await words.sync(['app']);
    goOn();
    await words.sync(['app']);
    await words.restore('app', ['docs']);
    const main = await words.main();
    const receipt = JSON.parse(text(words.target('app'), '.lockstep/receipts/words.json'));
    const shown = showRun(main, receipt.run);
    expect(shown.reason).toMatch(/^restore of app-/);
    expect(shown.targets).toMatchObject([
      {
        target: 'app',
        outcome: 'done',
        steps: [{ step: 'restore', outcome: 'done' }],
        backup: expect.stringContaining('app-'),
      },
    ]);
  });
});

describe('a run that was cut off', () => {
  it('is named as such, says that recover has to run, and afterwards what that did', async () => {
    await words.sync(['app', 'web']);
    goOn();
    const ports = dying(join(words.target('app'), 'docs/new.md'));
    await expect(words.sync(['app', 'web'], { ports })).rejects.toThrow(Killed);
    const main = await words.main();
    const [cut] = listRuns(main);
    expect(cut).toMatchObject({
      state: 'cut-off',
      cause: expect.stringContaining('process 4194305 on '),
      finished: null,
      exit: null,
    });
    expect(cut?.targets[0]).toEqual({
      target: 'app',
      outcome: 'cut-off',
      cause: 'not undone yet: lockstep sync recover',
    });
    expect(cut?.targets[1]?.target).toBe('web');
    expect(cut?.targets[1]?.outcome).not.toBe('done');
    const before = showRun(main, 'last');
    expect(before.targets[0]).toMatchObject({ next: ['lockstep sync recover'] });
    expect(before.targets[0]?.steps.at(-1)).toMatchObject({ step: 'copy', outcome: null });
    await recoverAll(main);
    expect(text(words.target('app'), 'docs/a.md')).toBe('a1\n');
    const after = showRun(main, 'last');
    expect(after.state).toBe('cut-off');
    expect(after.targets[0]?.cause).toMatch(/^undone since, \d+ paths? put back$/);
    expect(after.targets[0]?.next).toContain('lockstep sync run --target app');
    // The next run brings both in step.
    expect((await words.sync(['app', 'web'])).results.map(({ outcome }) => outcome)).toEqual(['done', 'done']);
    expect(listRuns(main).map(({ state }) => state)).toContain('cut-off');
  });

  it('is told apart from one that is running', async () => {
    const { run } = await words.sync(['app']);
    const dir = join(words.root, '.git/lockstep/runs', run);
    const log = join(words.root, '.git/lockstep/runs/log.ndjson');
    writeFileSync(log, '');
    rmSync(join(dir, 'result.json'));
    const main = await words.main();
    // This process runs it, and lives.
    expect(listRuns(main)).toMatchObject([
      { run, state: 'running', cause: expect.stringContaining(`process ${process.pid} on `) },
    ]);
    const start = JSON.parse(readFileSync(join(dir, 'run.json'), 'utf8'));
    writeFileSync(join(dir, 'run.json'), JSON.stringify({ ...start, owner: { ...start.owner, startTime: '1' } }));
    expect(listRuns(main)).toMatchObject([{ run, state: 'cut-off', targets: [{ target: 'app', outcome: 'done' }] }]);
  });
});

describe('the word for a run', () => {
  it('is last, an id, its beginning or its end; else the nearest is named', async () => {
    const main = await words.main();
    expect(hintOf(() => findRun(main, 'last'))).toContain('no run is recorded yet');
    const runs = join(words.root, '.git/lockstep/runs');
    for (const id of ['20260101T000000Z-00aa', '20260101T000000Z-00bb', '20260202T000000Z-00cc'])
      put(runs, { [`${id}/result.json`]: '{"format":1,"results":[]}' });
    expect(findRun(main, 'last')).toBe('20260202T000000Z-00cc');
    expect(findRun(main, '20260202t')).toBe('20260202T000000Z-00cc');
    expect(findRun(main, '00aa')).toBe('20260101T000000Z-00aa');
    expect(findRun(main, '20260101T000000Z-00bb')).toBe('20260101T000000Z-00bb');
    expect(hintOf(() => findRun(main, '20260101'))).toBe('usage: 20260101 means 2 runs | give more of the id');
    expect(hintOf(() => findRun(main, '20260202T000000Z-00cd'))).toBe(
      'unknown-name: there is no run 20260202T000000Z-00cd | did you mean 20260202T000000Z-00cc?',
    );
    expect(hintOf(() => findRun(main, 'x'))).toContain('lockstep sync runs lists them');
    expect(hintOf(() => findRun(main, ''))).toContain('there is no run');
  });
});

describe('what steps printed', () => {
  it('is kept by step and read again; an unknown target or step is named with the nearest', async () => {
    const { run } = await words.sync(['app']);
    const main = await words.main();
    const all = logsOf(main, 'last', { target: null, step: null });
    expect(all).toEqual({ run, logs: [{ target: 'app', step: 'verify', text: '$ sh speak.sh\nspoken\n' }] });
    expect(logsOf(main, run, { target: 'app', step: 'copy' }).logs).toEqual([]);
    expect(hintOf(() => logsOf(main, run, { target: 'ap', step: null }))).toContain('did you mean app?');
    expect(hintOf(() => logsOf(main, run, { target: null, step: 'verfy' }))).toContain('did you mean verify?');
  });

  it('holds no secret: neither the target’s, nor the environment’s, nor one in a URL; and no event does', async () => {
    put(words.target('app'), {
      'speak.sh': [
        'cat words.toml',
        'grep -o "sk-[a-z0-9-]*" words.toml',
        'echo it is hunter2hunter2',
        'echo https://me:pass@example.org/x',
        'printf "\\033[31mPASSWORD=abc\\033[0m"',
        'exit 1',
      ].join('\n'),
    });
    const env = { MY_TOKEN: 'hunter2hunter2' };
    const { run, events } = await words.sync(['app'], { env });
    const [log] = logsOf(await words.main(), run, { target: 'app', step: 'verify' }).logs;
    expect(log?.text).toContain('model = "m1"');
    expect(log?.text).toContain('api_key = •••');
    expect(log?.text).toContain('it is •••');
    expect(log?.text).toContain('https://•••@example.org/x');
    expect(log?.text).toContain('\nPASSWORD=•••\n');
    const dir = join(words.root, '.git/lockstep/runs');
    const kept = readdirSync(dir, { recursive: true, encoding: 'utf8' })
      .map((name) => join(dir, name))
      .filter((path) => path.endsWith('.log') || path.endsWith('json'))
      .map((path) => readFileSync(path, 'utf8'));
    for (const told of [...kept, JSON.stringify(events)]) {
      expect(told).not.toMatch(/sk-from-main|hunter2|me:pass|PASSWORD=abc/);
    }
  });
});

it('a secret in a command line that a step will start is masked in what is told and in the plan that is kept', async () => {
  const main = await words.main();
  const told: EventBody[] = [];
  const run = '20261123T031530Z-4f2a';
  const env = { DEPLOY_TOKEN: 'hunter2hunter2' };
  const record = keepRecord(main, { run, mode: 'real', reason: null, env, tell: (event) => void told.push(event) });
  const note = { kind: 'note', sign: '!', text: 'deploy hunter2hunter2 --api-key abc' } as const;
  const step = { id: 's', uses: 'run', actions: [note], skipped: null, patch: {}, warnings: [] };
  const plan = { target: 'app', commit: 'c', base: null, full: false, reason: null, steps: [step] };
  record.emit({ kind: 'target.planned', target: 'app', plan });
  record.emit({ kind: 'step.resolved', target: 'app', step: 's', runs: true, lines: [note.text] });
  record.emit({ kind: 'step.started', target: 'app', step: 's', uses: 'run' });
  const dir = join(words.root, '.git/lockstep/runs', run);
  for (const text of [
    JSON.stringify(told),
    readFileSync(join(dir, 'plan.json'), 'utf8'),
    readFileSync(join(dir, 'events.ndjson'), 'utf8'),
  ]) {
    expect(text).toContain('deploy ••• --api-key •••');
    expect(text).not.toContain('hunter2');
  }
});

describe('a record that cannot be read', () => {
  it('is listed with the cause, refused by name when it is asked for, and keeps no sync from running', async () => {
    const first = await words.sync(['app']);
    const dir = join(words.root, '.git/lockstep/runs', first.run);
    writeFileSync(join(dir, 'result.json'), '{"format":9}');
    goOn();
    const second = await words.sync(['app']);
    expect(second.exit).toBe(0);
    const main = await words.main();
    expect(listRuns(main).find(({ run }) => run === first.run)).toMatchObject({
      state: 'unreadable',
      cause: expect.stringContaining('result.json was written by a newer Lockstep (format 9'),
    });
    expect(hintOf(() => showRun(main, first.run))).toContain('format-newer');
    writeFileSync(join(dir, 'result.json'), 'torn');
    expect(showRun(main, first.run)).toMatchObject({ state: 'unreadable', damaged: ['result.json'] });
  });

  it('the log of runs neither', async () => {
    put(words.root, { '.git/lockstep/runs/log.ndjson': '{"v":7,"run":"20260101T000000Z-0001"}\nnonsense\n' });
    expect((await words.sync(['app'])).exit).toBe(0);
    expect(listRuns(await words.main()).at(-1)).toMatchObject({ run: '20260101T000000Z-0001', state: 'unreadable' });
  });
});
