import { execFileSync } from 'node:child_process';
import { readdirSync, renameSync, rmSync, symlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { layoutOf, rememberLayout } from '../../src/app/layouts.ts';
import { type MainProject, openMain } from '../../src/app/main-project.ts';
import { recoverAll } from '../../src/app/recover-all.ts';
import { restore } from '../../src/app/restore.ts';
import { status } from '../../src/app/status.ts';
import type { SyncRequest } from '../../src/app/sync/job.ts';
import { sync } from '../../src/app/sync.ts';
import { addTarget } from '../../src/app/targets.ts';
import type { EventBody } from '../../src/domain/events.ts';
import { openTransaction } from '../../src/pipeline/transaction.ts';
import { acquireLock, rootLockPaths } from '../../src/store/lock.ts';
import { machinePorts, trustedHome } from '../fixtures/machine-ports.ts';
import { commit, initRepo, put, temporary, text } from '../fixtures/sandbox.ts';
import { change, content, fileOf } from '../fixtures/staged-target.ts';
import { treeLines } from '../fixtures/tree-hash.ts';

const config = `version: 1
project: { name: opencode-ai }
components:
  docs: { from: docs, into: docs }
`;

/** Shared: each would listen for the end of the process by itself. */
const ports = machinePorts();

const part = { uses: ['backup', 'copy'], components: ['docs'], suites: [] };

/** A main project of documents alone, and targets with a Python of their own. */
const world = async (...names: readonly string[]) => {
  const dir = temporary('app');
  const root = initRepo(join(dir, 'main'));
  put(root, { 'sync.config.yaml': config, 'docs/a.md': 'a\n' });
  commit(root, 'docs: first');
  const main = await openMain(ports, root);
  for (const name of names) {
    execFileSync('python3', ['-m', 'venv', '--without-pip', join(dir, name, '.venv')]);
    await addTarget(main, { name, path: join(dir, name), cwd: dir });
  }
  const events: EventBody[] = [];
  const run = (more: Partial<SyncRequest> = {}) =>
    sync(main, {
      targets: 'all',
      mode: 'real',
      full: false,
      reason: null,
      part,
      complete: false,
      emit: (event) => void events.push(event),
      signal: new AbortController().signal,
      env: trustedHome(),
      ask: async () => true,
      ...more,
    });
  const warnings = () => events.flatMap((event) => (event.kind === 'target.warning' ? [event.text] : []));
  return { dir, root, main, run, warnings, at: (name: string) => join(dir, name) };
};

const recordOf = (main: MainProject, name: string) => {
  const record = main.registry.read().targets.find((target) => target.name === name);
  if (record === undefined) throw new Error(`no target ${name}`);
  return record;
};

/** A run of a target that put a document in place and was killed then. */
const cutOff = async (main: MainProject, target: string): Promise<void> => {
  const roots = { target };
  const transaction = openTransaction({
    ports: main.ports,
    roots,
    target: 'app',
    run: '20261123T031530Z-4f2a',
    projectId: main.project.id,
    state: main.state,
  });
  const actions = [change(roots, 'own.txt', fileOf('half a run\n'))];
  await transaction.stage(actions, content);
  await transaction.swap(actions);
};

describe('a run that was cut off', () => {
  it('is undone by the next one before it plans, and that is said', async () => {
    const { main, run, warnings, at } = await world('app');
    put(at('app'), { 'own.txt': 'own\n' });
    await cutOff(main, at('app'));
    expect(await run()).toMatchObject({ exit: 0, results: [{ outcome: 'done' }] });
    expect(text(at('app'), 'own.txt')).toBe('own\n');
    expect(warnings()).toEqual([expect.stringContaining('was cut off: undone')]);
    expect(readdirSync(main.state.journal)).toEqual([]);
  });

  it('stops a dry run, which recovers nothing', async () => {
    const { main, run, at } = await world('app');
    put(at('app'), { 'own.txt': 'own\n' });
    await cutOff(main, at('app'));
    const before = treeLines(at('app'));
    expect(await run({ mode: 'dry-run' })).toMatchObject({
      exit: 5,
      results: [{ outcome: 'failed', error: { code: 'target-changed', hint: 'lockstep sync recover' } }],
    });
    expect(treeLines(at('app'))).toEqual(before);
  });
});

describe('a target that somebody else is at work on', () => {
  it('is left alone while its lock is held, and the exit code says why', async () => {
    const { main, run, at } = await world('app');
    const before = treeLines(at('app'));
    const lock = await acquireLock(main.ports, rootLockPaths({ target: at('app') }), { what: 'another run' });
    expect(await run()).toMatchObject({ exit: 7, results: [{ error: { code: 'locked' } }] });
    lock.release();
    expect(treeLines(at('app'))).toEqual(before);
    expect(recordOf(main, 'app').status).toBe('needs_sync');
  });

  it('is planned anew when another run finished between the plan and the lock', async () => {
    const { root, main, run, at } = await world('app');
    await run();
    put(root, { 'docs/b.md': 'b\n' });
    commit(root, 'docs: second');
    const receipt = join(at('app'), '.lockstep/receipts/opencode-ai.json');
    const told: string[] = [];
    const report = await run({
      emit: (event) => {
        if (event.kind === 'target.warning') told.push(event.text);
        if (event.kind !== 'target.planned') return;
        told.push('planned');
        if (told.length > 1) return;
        const facts = JSON.parse(text(at('app'), '.lockstep/receipts/opencode-ai.json')) as object;
        main.ports.state.replace(receipt, JSON.stringify({ ...facts, run: '20261123T031530Z-4f2a' }));
      },
    });
    expect(report).toMatchObject({ exit: 0, results: [{ outcome: 'done' }] });
    expect(told).toEqual(['planned', 'another run finished meanwhile: planned anew', 'planned']);
  });
});

it('says what was not put back when the folder is moved away in the middle, and puts it back once it is there', async () => {
  const { root, main, run, at } = await world('app');
  await run();
  put(root, { 'docs/a.md': 'a2\n' });
  commit(root, 'docs: second');
  const before = treeLines(at('app'));
  const report = await run({
    emit: (event) => {
      if (event.kind !== 'step.finished' || event.step !== 'docs') return;
      renameSync(at('app'), at('away'));
      symlinkSync(at('away'), at('app'));
    },
  });
  expect(report).toMatchObject({ exit: 5, results: [{ outcome: 'undone' }] });
  expect(report.results[0]?.cause).toContain('1 paths could not be put back');
  expect(report.results[0]?.warnings).toEqual([
    expect.stringContaining(`not put back: ${at('app')}: it is not there any more; then: lockstep sync recover`),
    expect.stringContaining('the lock could not be given back'),
  ]);
  expect(readdirSync(main.state.journal)).toHaveLength(1);
  rmSync(at('app'));
  renameSync(at('away'), at('app'));
  // The lock is still this process's own.
  rmSync(join(at('app'), '.lockstep/lock'));
  rmSync(join(at('app'), '.venv/.lockstep'), { recursive: true });
  expect(await recoverAll(main)).toMatchObject([{ target: 'app' }]);
  expect(treeLines(at('app'))).toEqual(before);
});

it("tells every target's own end: one that is gone hides no other", async () => {
  const { run, at } = await world('gone', 'app');
  rmSync(at('gone'), { recursive: true });
  expect(await run()).toMatchObject({
    exit: 4,
    results: [
      { target: 'gone', outcome: 'unknown', error: { code: 'target-missing' } },
      { target: 'app', outcome: 'done' },
    ],
  });
  expect(text(at('app'), 'docs/a.md')).toBe('a\n');
});

describe('a restore', () => {
  const synced = async () => {
    const made = await world('app');
    await made.run();
    put(made.root, { 'docs/a.md': 'a2\n' });
    commit(made.root, 'docs: second');
    await made.run();
    const back = (signal = new AbortController().signal, emit: (event: EventBody) => void = () => {}) =>
      restore(made.main, {
        target: 'app',
        backup: null,
        components: null,
        mode: 'real',
        emit,
        signal,
        env: {},
      });
    return { ...made, back };
  };

  it('backs up what it replaces, so that it can itself be undone', async () => {
    const { main, at, back } = await synced();
    const { undoWith } = await back();
    expect(text(at('app'), 'docs/a.md')).toBe('a\n');
    const manifest = main.backups.get('app', undoWith ?? 'none was made');
    expect(manifest).toMatchObject({ occasion: 'restore' });
    const entry = manifest.entries.find(({ path }) => path === 'docs/a.md');
    expect(entry?.state.kind === 'file' && main.backups.read(entry.state.sha256).toString()).toBe('a2\n');
  });

  it('that another run overtook restores nothing, and says so', async () => {
    const { main, at, back } = await synced();
    const receipt = join(at('app'), '.lockstep/receipts/opencode-ai.json');
    const overtaking = (): void => {
      const facts = JSON.parse(text(at('app'), '.lockstep/receipts/opencode-ai.json')) as object;
      main.ports.state.replace(receipt, JSON.stringify({ ...facts, run: '20261123T031530Z-4f2a' }));
    };
    await expect(back(undefined, overtaking)).rejects.toMatchObject({ code: 'target-changed', target: 'app' });
    expect(text(at('app'), 'docs/a.md')).toBe('a2\n');
  });

  it('that is interrupted leaves the target as it was', async () => {
    const { main, at, back } = await synced();
    const before = treeLines(at('app'));
    await expect(back(AbortSignal.abort())).rejects.toThrow();
    expect(treeLines(at('app'))).toEqual(before);
    expect(readdirSync(main.state.journal)).toEqual([]);
  });
});

describe('what is known of a target', () => {
  it('starts no Python while nothing that decides it changed, and asks again when something did', async () => {
    const { root, main, at } = await world('app');
    rememberLayout(main, recordOf(main, 'app'), await layoutOf(main, recordOf(main, 'app')));
    const fresh = async () => {
      const again = await openMain(machinePorts(), root);
      await layoutOf(again, recordOf(again, 'app'));
      return again.ports.processes.counts().python ?? 0;
    };
    expect(await fresh()).toBe(0);
    utimesSync(join(at('app'), '.venv', 'pyvenv.cfg'), new Date(0), new Date(0));
    expect(await fresh()).toBeGreaterThan(0);
  });

  it('is unknown, with the cause, when there is no Python to ask', async () => {
    const { dir, main } = await world();
    put(dir, { 'bare/site-packages/README.txt': '' });
    await addTarget(main, { name: 'bare', path: join(dir, 'bare'), cwd: dir });
    const [report] = await status(main, { targets: 'all', signal: new AbortController().signal, env: {} });
    expect(report).toMatchObject({ status: 'unknown', cause: expect.stringContaining('no Python was found') });
  });
});
