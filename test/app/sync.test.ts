import { existsSync, mkdtempSync, readdirSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fse from 'fs-extra';
import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { dryRunPorts } from '../../src/adapters/dry-run.ts';
import { type MainProject, openMain } from '../../src/app/main-project.ts';
import { restore } from '../../src/app/restore.ts';
import { lookAtTargets, status } from '../../src/app/status.ts';
import type { Part } from '../../src/app/sync/job.ts';
import { sync } from '../../src/app/sync.ts';
import { updateTarget } from '../../src/app/targets.ts';
import { verify } from '../../src/app/verify.ts';
import { LockstepError } from '../../src/domain/errors.ts';
import type { StartedBy } from '../../src/domain/quarantine.ts';
import type { Receipt } from '../../src/domain/receipt.ts';
import type { TargetRecord } from '../../src/domain/target.ts';
import type { Ports } from '../../src/ports.ts';
import { acquireLock, rootLockPaths } from '../../src/store/lock.ts';
import { machinePorts, trustedHome } from '../fixtures/machine-ports.ts';
import { commit, git, initRepo, put, sampleMain, text } from '../fixtures/sandbox.ts';
import { treeHash } from '../fixtures/tree-hash.ts';

const config = `version: 1
project: { name: words }
components:
  docs: { from: docs, into: docs }
  plans: { from: plans, into: plans }
suites:
  docs: [{ uses: complete }]
`;
// Only copies when a condition says so: the receipt must not claim what was not looked at.
const careful = `name: careful
steps:
  - { id: backup, uses: backup }
  - { id: docs, uses: copy, with: { components: [docs] }, if: "changes.touches('docs')" }
  - { id: plans, uses: copy, with: { components: [plans] } }
`;

const machine = machinePorts();
const made: string[] = [];
afterAll(() => {
  for (const dir of made) rmSync(dir, { recursive: true, force: true });
});

const folder = (): string => {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'lockstep-app-')));
  made.push(dir);
  return dir;
};

let root = '';
let place = '';
const record = (name: string): TargetRecord => ({
  name,
  path: join(place, name),
  type: 'site-packages',
  last_sync: null,
  sync_version: null,
  status: 'needs_sync',
});
const registryFile = (): string => join(root, '.git/lockstep/registry.json');
const register = (...records: readonly TargetRecord[]): void =>
  fse.outputFileSync(registryFile(), JSON.stringify({ targets: records }));
const registered = (name: string): TargetRecord =>
  (JSON.parse(text(root, '.git/lockstep/registry.json')).targets as TargetRecord[]).find(
    (target) => target.name === name,
  ) ?? record('missing');
const receiptOf = (name: string, project = 'words'): Receipt =>
  JSON.parse(text(join(place, name), `.lockstep/receipts/${project}.json`));

/** A folder with a site-packages folder, and a Python that does not run: these targets take files only. */
const makeTarget = (name: string): void => {
  put(join(place, name), {
    '.venv/pyvenv.cfg': 'version = 3.11.2\n',
    '.venv/lib/python3.11/site-packages/README.txt': '',
  });
};

const request = { signal: new AbortController().signal, env: trustedHome(), ask: async () => true };
const named = (...names: readonly string[]) => ({ ...request, targets: { names } });
const run = async (
  names: readonly string[],
  { ports = machine, part = null as Part | null, by = 'hand' as StartedBy } = {},
) =>
  sync(await mainOf(ports, root), {
    ...named(...names),
    mode: 'real',
    full: false,
    reason: null,
    part,
    complete: false,
    by,
    emit: () => {},
  });
const look = async (...names: readonly string[]) => lookAtTargets(await mainOf(machine, root), named(...names));
const check = async (...names: readonly string[]) =>
  verify(await mainOf(machine, root), { ...named(...names), suites: ['docs'], emit: () => {} });
const rollBack = async (target: string, components: readonly string[] | null) =>
  restore(await mainOf(machine, root), {
    ...request,
    target,
    backup: null,
    components,
    mode: 'real',
    emit: () => {},
  });

beforeEach(() => {
  place = folder();
  root = initRepo(join(place, 'main'));
  put(root, {
    'sync.config.yaml': config,
    'pipelines/careful.yaml': careful,
    'docs/a.md': 'a1\n',
    'docs/gone.md': 'old\n',
    'plans/p.md': 'p1\n',
  });
  commit(root, 'docs: first');
  for (const name of ['app', 'web']) makeTarget(name);
  register(record('app'), record('web'));
});

/** A main project that has no package of its own, so that no Python is needed; the sample has one. */
const mainOf = async (ports: Ports, dir: string): Promise<MainProject> => {
  const main = await openMain(ports, dir);
  if (main.project.id !== 'words') return main;
  return { ...main, project: { ...main.project, package: { ...main.project.package, from: 'local', path: null } } };
};

/** Main goes on by one commit; its id. */
const goOn = (): string => {
  put(root, { 'docs/a.md': 'a2\n', 'docs/gone.md': null, 'docs/new.md': 'new\n', 'plans/p.md': 'p2\n' });
  return commit(root, 'docs: second');
};

describe('after one component was rolled back', () => {
  const rolledBack = async (pipeline?: string) => {
    register({ ...record('app'), ...(pipeline === undefined ? {} : { pipeline }) });
    const first = git(root, 'rev-parse', 'HEAD');
    expect((await run(['app'])).exit).toBe(0);
    const second = goOn();
    expect((await run(['app'])).exit).toBe(0);
    await rollBack('app', ['docs']);
    return { first, second };
  };

  it('the receipt and the registry say so, and every component is verified by the commit that it is at', async () => {
    const { first, second } = await rolledBack();
    expect(text(join(place, 'app'), 'docs/a.md')).toBe('a1\n');
    const receipt = receiptOf('app');
    expect([receipt.commit, receipt.components.docs?.commit, receipt.components.plans?.commit]).toEqual([
      second,
      first,
      second,
    ]);
    expect(registered('app').status).toBe('rolled_back');
    const [whole] = await check('app');
    expect(whole).toMatchObject({ passed: true, error: null });
    expect(whole?.suites[0]?.checks[0]?.cause).toBe(`3 of 3 files (plans, docs as of ${first.slice(0, 10)})`);
    put(join(place, 'app'), { 'docs/a.md': 'a2\n' });
    const [edited] = await check('app');
    expect(edited?.passed).toBe(false);
    expect(edited?.suites[0]?.checks[0]?.details).toEqual([`docs/a.md: not as it was synced at ${first.slice(0, 10)}`]);
    put(join(place, 'app'), { 'docs/a.md': 'a1\n', 'plans/p.md': 'p1\n' });
    expect((await check('app'))[0]?.suites[0]?.checks[0]?.details).toEqual(['plans/p.md: not as main has it']);
  });

  it('the status says what went back and to which commit, until a sync brings it in step', async () => {
    const { first, second } = await rolledBack();
    const [seen] = await look('app');
    expect(seen).toMatchObject({ status: 'rolled_back' });
    expect(seen?.cause).toContain(`docs was rolled back to ${first.slice(0, 10)}; `);
    expect(registered('app').status).toBe('rolled_back');
    expect((await run(['app'], { by: 'force' })).results).toMatchObject([{ outcome: 'done' }]);
    expect(text(join(place, 'app'), 'docs/a.md')).toBe('a2\n');
    expect(receiptOf('app').components.docs?.commit).toBe(second);
    expect(await look('app')).toMatchObject([{ status: 'synchronized' }]);
    expect((await check('app'))[0]?.suites[0]?.checks[0]?.cause).toBe('3 of 3 files (docs, plans)');
  });

  it('a step with a condition does not pass over it, and the receipt claims nothing that nobody looked at', async () => {
    const { second } = await rolledBack('careful');
    expect((await run(['app'], { by: 'force' })).results).toMatchObject([{ outcome: 'done' }]);
    expect(text(join(place, 'app'), 'docs/new.md')).toBe('new\n');
    expect(receiptOf('app').components.docs?.commit).toBe(second);
    expect((await run(['app'], { by: 'force' })).results).toMatchObject([{ outcome: 'nothing-to-do' }]);
  });

  it('of the whole target, the status names the commit; before the first sync nothing is there to verify', async () => {
    const first = git(root, 'rev-parse', 'HEAD');
    await run(['app']);
    goOn();
    await run(['app']);
    await rollBack('app', null);
    expect((await look('app'))[0]?.cause).toContain(`rolled back to ${first.slice(0, 10)}; `);
    await rollBack('app', null);
    expect(existsSync(join(place, 'app/docs/a.md'))).toBe(false);
    expect((await look('app'))[0]).toMatchObject({
      status: 'rolled_back',
      cause: expect.stringContaining('rolled back to before its first sync'),
    });
    expect(await check('app')).toMatchObject([
      {
        passed: false,
        suites: [{ checks: [{ outcome: 'could-not-run', cause: expect.stringContaining('docs not') }] }],
      },
    ]);
  });
});

describe('a part of a target that is brought forward alone', () => {
  const part: Part = { uses: ['backup', 'copy', 'verify'], components: ['docs'], suites: ['docs'] };

  it('is verified at its own commit, and the target still needs a sync', async () => {
    await run(['app']);
    const second = goOn();
    expect((await run(['app'], { part })).results).toMatchObject([{ outcome: 'done' }]);
    expect(registered('app').status).toBe('needs_sync');
    const [report] = await check('app');
    expect(report?.suites[0]?.checks[0]).toMatchObject({
      outcome: 'passed',
      cause: `3 of 3 files (plans, docs as of ${second.slice(0, 10)})`,
    });
  });

  it('does not fail for components that were never synced, and says so', async () => {
    expect((await run(['app'], { part })).results).toMatchObject([{ outcome: 'done' }]);
    expect((await check('app'))[0]?.suites[0]?.checks[0]).toMatchObject({
      outcome: 'passed',
      cause: '2 of 2 files (docs, plans not synced here)',
    });
  });
});

describe('a look at targets', () => {
  /** Every file and folder of the state, with what tells a write. */
  const state = (dir = join(root, '.git/lockstep')): readonly string[] =>
    [dir, ...readdirSync(dir, { recursive: true, encoding: 'utf8' }).map((name) => join(dir, name))]
      .map((path) => {
        const { ino, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
        return `${path} ${ino} ${mtimeNs} ${ctimeNs}`;
      })
      .sort();
  const setStatus = (name: string, change: Partial<TargetRecord>): void =>
    register(...['app', 'web'].map((one) => ({ ...registered(one), ...(one === name ? change : {}) })));

  it('records what it saw, the status alone', async () => {
    await run(['app', 'web']);
    setStatus('app', { status: 'failed' });
    const before = registered('app');
    expect(await look('app', 'web')).toMatchObject([{ status: 'synchronized' }, { status: 'synchronized' }]);
    expect(registered('app')).toEqual({ ...before, status: 'synchronized' });
    goOn();
    await look('app', 'web');
    expect([registered('app').status, registered('web').status]).toEqual(['needs_sync', 'needs_sync']);
    setStatus('app', { status: 'failed' });
    await look('app');
    // Still not in step: that the last run failed stays said.
    expect(registered('app').status).toBe('failed');
    fse.removeSync(join(place, 'app'));
    expect(await look('app')).toMatchObject([{ status: 'unknown', cause: expect.stringContaining('is not there') }]);
    expect(registered('app').status).toBe('unknown');
  });

  it('writes nothing at all when nothing is news', async () => {
    await run(['app', 'web']);
    await look('app', 'web');
    const before = state();
    await look('app', 'web');
    expect(state()).toEqual(before);
  });

  it('ends a status that was set by hand, even one that would last', async () => {
    await run(['app']);
    const main = await mainOf(machine, root);
    await updateTarget(main, 'app', { status: 'synchronized', cwd: root });
    expect(registered('app').status_by_hand).toBe(true);
    await look('app');
    expect(registered('app')).not.toHaveProperty('status_by_hand');
    goOn();
    await updateTarget(main, 'app', { status: 'failed', cwd: root });
    await look('app');
    expect(registered('app').status).toBe('needs_sync');
    expect(registered('app')).not.toHaveProperty('status_by_hand');
  });

  it('is told all the same when the state cannot be written', async () => {
    await run(['app']);
    setStatus('app', { status: 'failed' });
    const locks = join(root, '.git/lockstep/locks');
    fse.removeSync(locks);
    writeFileSync(locks, 'a file where the folder of locks should be');
    expect(await look('app')).toMatchObject([{ status: 'synchronized' }]);
    expect(registered('app').status).toBe('failed');
  });

  it('leaves a target alone that a living process works on', async () => {
    await run(['app']);
    setStatus('app', { status: 'syncing' });
    const target = join(place, 'app');
    const lock = await acquireLock(machine, rootLockPaths({ target }), { what: 'sync run of app' });
    onTestFinished(() => lock.release());
    const before = state();
    const [seen] = await look('app');
    expect(seen).toMatchObject({ status: 'syncing', cause: expect.stringContaining('sync run of app') });
    expect(state()).toEqual(before);
    lock.release();
    expect(await look('app')).toMatchObject([{ status: 'synchronized' }]);
    expect(registered('app').status).toBe('synchronized');
  });

  it('does not overwrite what another process told meanwhile', async () => {
    await run(['app']);
    setStatus('app', { status: 'failed' });
    const ports = machine;
    const main = await mainOf(ports, root);
    const { update } = main.registry;
    const late = {
      ...main.registry,
      update: async (change: Parameters<typeof update>[0]) => {
        setStatus('app', { status: 'syncing' });
        return update(change);
      },
    };
    await lookAtTargets({ ...main, registry: late }, named('app'));
    expect(registered('app').status).toBe('syncing');
  });

  it('of a hook writes nothing', async () => {
    await run(['app']);
    setStatus('app', { status: 'failed' });
    const main = await mainOf(dryRunPorts(machine), root);
    expect(await status(main, named('app'))).toMatchObject([{ status: 'synchronized' }]);
    expect(registered('app').status).toBe('failed');
  });

  it('does not blame a target for a pipeline that is wrong', async () => {
    await run(['app']);
    setStatus('app', { status: 'rolled_back', pipeline: 'nowhere' });
    expect(await look('app')).toMatchObject([{ status: 'unknown', cause: expect.stringContaining('nowhere') }]);
    expect(registered('app').status).toBe('rolled_back');
  });
});

describe('trouble in one target', () => {
  it('that is a bug ends in exit code 1, undone, told whole, while the others go on', async () => {
    await run(['app', 'web']);
    goOn();
    const before = treeHash(join(place, 'app'));
    const ports = machine;
    const openTree: Ports['openTree'] = (bounds) => {
      const tree = ports.openTree(bounds);
      return {
        ...tree,
        rename: (from, to) => {
          if (to === join(place, 'app/plans/p.md')) throw new TypeError('nobody thought of this');
          tree.rename(from, to);
        },
      };
    };
    const report = await run(['app', 'web'], { ports: { ...ports, openTree } });
    expect(report.exit).toBe(1);
    expect(report.results.map(({ outcome }) => outcome)).toEqual(['undone', 'done']);
    expect(report.results[0]?.error).toMatchObject({
      code: 'bug',
      message: expect.stringContaining('nobody thought of this'),
      details: expect.arrayContaining([expect.stringContaining('sync.test.ts')]),
      hint: expect.stringContaining('report'),
    });
    expect(treeHash(join(place, 'app'))).toBe(before);
    expect([registered('app').status, registered('web').status]).toEqual(['failed', 'synchronized']);
  });

  it('that is a bug while planning counts the same', async () => {
    const ports = machine;
    const files: Ports['files'] = {
      ...ports.files,
      state: (path) => {
        if (path === join(place, 'app/docs/a.md')) throw new TypeError('nobody thought of this');
        return ports.files.state(path);
      },
    };
    const report = await run(['app', 'web'], { ports: { ...ports, files } });
    expect(report.exit).toBe(1);
    expect(report.results.map(({ outcome }) => outcome)).toEqual(['failed', 'done']);
    expect(registered('app').status).toBe('failed');
  });

  it('that comes after the commit point fails nothing: it is said, and the next look corrects the registry', async () => {
    const ports = machine;
    const receipt = join(place, 'app/.lockstep/receipts/words.json');
    const state: Ports['state'] = {
      ...ports.state,
      replace: (path, bytes) => {
        if (path === registryFile() && existsSync(receipt)) throw new LockstepError('disk', 'no space is left');
        ports.state.replace(path, bytes);
      },
    };
    const report = await run(['app'], { ports: { ...ports, state } });
    expect(report).toMatchObject({
      exit: 0,
      results: [{ outcome: 'done', warnings: [expect.stringContaining('no space is left')] }],
    });
    expect(registered('app').status).toBe('syncing');
    await look('app');
    expect(registered('app').status).toBe('synchronized');
  });
});

it('a Python that cannot run here makes a target unknown, with that cause, wherever it is asked for', async () => {
  root = sampleMain(join(place, 'sample'));
  makeTarget('portable');
  put(join(place, 'portable'), { '.venv/bin/python': 'of another machine' });
  fse.chmodSync(join(place, 'portable/.venv/bin/python'), 0o755);
  register({ ...record('portable'), python: join(place, 'portable/.venv/bin/python') });
  const before = treeHash(join(place, 'portable'));
  const cause = /Python cannot be used: .*\.venv\/bin\/python/;
  const report = await run(['portable']);
  expect(report).toMatchObject({
    exit: 5,
    results: [{ outcome: 'unknown', cause: expect.stringMatching(cause), error: { code: 'python-unusable' } }],
  });
  expect(treeHash(join(place, 'portable'))).toBe(before);
  expect(registered('portable').status).toBe('unknown');
  register({ ...record('portable'), status: 'synchronized', python: join(place, 'portable/.venv/bin/python') });
  expect(await look('portable')).toMatchObject([{ status: 'unknown', cause: expect.stringMatching(cause) }]);
  expect(registered('portable').status).toBe('unknown');
  const [verified] = await verify(await mainOf(machine, root), {
    ...named('portable'),
    suites: ['core'],
    emit: () => {},
  });
  expect(verified?.passed).toBe(false);
  expect(verified?.suites[0]?.checks[0]).toMatchObject({
    outcome: 'could-not-run',
    cause: expect.stringContaining('.venv/bin/python'),
  });
});
