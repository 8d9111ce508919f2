import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import fse from 'fs-extra';
import { describe, expect, it } from 'vitest';
import { layoutOf } from '../../src/app/layouts.ts';
import { recoverTarget } from '../../src/app/recover.ts';
import { recoverAll } from '../../src/app/recover-all.ts';
import { status } from '../../src/app/status.ts';
import { recordTarget } from '../../src/app/target-record.ts';
import { removeTarget } from '../../src/app/targets.ts';
import { runRecover } from '../../src/cli/actions/recover.ts';
import type { Call } from '../../src/cli/call.ts';
import { paintFor } from '../../src/cli/render/colours.ts';
import { acquireLock, layoutLockPaths, rootLockPaths } from '../../src/store/lock.ts';
import { cutOff, type PlainWorld, plainWorld } from '../fixtures/plain-world.ts';
import { put, text } from '../fixtures/sandbox.ts';

/** Two targets with one Python, in which a run of the one was cut off. */
const sharing = async (where: 'shared' | 'of the first' = 'shared') => {
  const world = await plainWorld(['app', 'web'], where);
  const python = where === 'shared' ? join(world.dir, 'python') : join(world.at('app'), '.venv');
  put(world.at('app'), { 'own.txt': 'own\n' });
  const cut = () =>
    cutOff(world, {
      target: 'app',
      roots: where === 'shared' ? { target: world.at('app'), python } : { target: world.at('app') },
      paths: ['own.txt', where === 'shared' ? '@python/module.py' : '.venv/module.py'],
    });
  return { ...world, python, cut };
};

/** Cuts a run off whose journal nobody sees; what is returned shows it, in one moment, as if the run were cut off then. */
const cutUnseen = async (world: Awaited<ReturnType<typeof sharing>>): Promise<() => void> => {
  await world.cut();
  const [name = ''] = world.journals();
  const journal = join(world.main.state.journal, name);
  const aside = join(world.dir, 'journal-aside');
  renameSync(journal, aside);
  return () => {
    if (existsSync(aside)) renameSync(aside, journal);
  };
};

/** The lock of a process that is no more. */
const leaveLock = ({ ports }: PlainWorld, root: string): void => {
  const facts = { format: 1, ...ports.identity.self(), pid: 2 ** 22 + 5, nonce: 'a', time: '2026-11-23T00:00:00Z' };
  put(root, { '.lockstep/lock': `${JSON.stringify({ ...facts, what: 'sync run of app' })}\n` });
};

/** What `sync recover` says, and its exit code. */
const said = async ({ main }: PlainWorld) => {
  const lines: string[] = [];
  const call = {
    main: async () => main,
    paint: paintFor({ colour: false }),
    answer: (_object: unknown, told: readonly string[]) => lines.push(...told),
  } as unknown as Call;
  return { exit: await runRecover(call), lines };
};

describe('what a killed run had started', () => {
  const gone = { path: '/tmp/lockstep-a', ended: [], running: [], left: null };

  it('is named by its first words alone, with no secret in them', async () => {
    const world = await plainWorld(['app']);
    const ended = [
      'python -m pip wheel --index-url https://me:hidden@index.example/',
      'deploy --token hidden now',
      'sleep 60',
    ];
    const ports = { ...world.main.ports, clearAbandoned: () => [{ ...gone, ended }] };
    expect(await said({ ...world, main: { ...world.main, ports } })).toEqual({
      exit: 0,
      lines: [
        'ended python -m pip …: a run that was killed had started it',
        'ended deploy --token ••• …: a run that was killed had started it',
        'ended sleep 60: a run that was killed had started it',
        'removed /tmp/lockstep-a: a process that is gone left it',
      ],
    });
  });

  it('and still runs, or left what cannot be removed, is no success', async () => {
    const world = await plainWorld(['app']);
    const saidOf = (one: { readonly running: readonly string[] } | { readonly left: string }) => {
      const ports = { ...world.main.ports, clearAbandoned: () => [{ ...gone, ...one }] };
      return said({ ...world, main: { ...world.main, ports } });
    };
    expect(await saidOf({ running: ['sleep 60'] })).toEqual({
      exit: 5,
      lines: ['sleep 60 still runs, and cannot be ended: a run that was killed had started it'],
    });
    expect(await saidOf({ left: 'permission denied (EACCES)' })).toEqual({
      exit: 5,
      lines: ['/tmp/lockstep-a cannot be removed: permission denied (EACCES)'],
    });
  });
});

describe('a run that was cut off in a Python that another target has too', () => {
  it.each([
    ['beside both', 'shared'],
    ["in its own target's folder", 'of the first'],
  ] as const)('(%s) is undone by a run of the other target, which says so, and its own is told', async (_what, where) => {
    const world = await sharing(where);
    await world.cut();
    await recordTarget(world.main, 'app', { status: 'syncing' });
    const warnings: string[] = [];
    const emit: NonNullable<Parameters<PlainWorld['run']>[1]>['emit'] = (event) => {
      if (event.kind === 'target.warning') warnings.push(event.text);
    };
    expect(await world.run(['web'], { emit })).toMatchObject({ exit: 0 });
    expect(existsSync(join(world.python, 'module.py'))).toBe(false);
    expect(text(world.at('app'), 'own.txt')).toBe('own\n');
    expect(warnings).toContainEqual(expect.stringMatching(/^run \S+ of app was cut off: undone, 2 paths put back$/));
    expect(world.journals()).toEqual([]);
    expect(world.recordOf('app').status).toBe('needs_sync');
  });

  it('stops a dry run of the other target, and its status says that it was cut off', async () => {
    const world = await sharing();
    await world.cut();
    expect(await world.run(['web'], { mode: 'dry-run' })).toMatchObject({
      results: [{ error: { code: 'target-changed', hint: 'lockstep sync recover' } }],
    });
    const [report] = await status(world.main, { ...world.request, targets: { names: ['web'] } });
    expect(report).toMatchObject({ status: 'syncing', cause: expect.stringContaining('cut off') });
  });

  it('after the other target was planned is undone under its locks, and it is planned anew', async () => {
    const world = await sharing();
    const told: string[] = [];
    const show = await cutUnseen(world);
    const report = await world.run(['web'], {
      emit: (event) => {
        if (event.kind === 'target.warning') told.push(event.text);
        if (event.kind !== 'target.planned') return;
        told.push('planned');
        show();
      },
    });
    expect(report).toMatchObject({ exit: 0, results: [{ outcome: 'done' }] });
    expect(told).toEqual([
      'planned',
      expect.stringContaining('of app was cut off: undone'),
      'another run was cut off meanwhile: planned anew',
      'planned',
    ]);
    expect(existsSync(join(world.python, 'module.py'))).toBe(false);
  });

  it('after a restore was planned stops it', async () => {
    const world = await sharing();
    await world.run(['web']);
    world.goOn(2);
    await world.run(['web']);
    const emit = await cutUnseen(world);
    await expect(world.back('web', null, { emit })).rejects.toMatchObject({
      code: 'target-changed',
      hint: 'lockstep sync recover',
    });
    expect(text(world.at('web'), 'docs/a.md')).toBe('a2\n');
  });
});

it('two targets with one Python are never written at once, wherever it lies', async () => {
  const world = await plainWorld(['app', 'web'], 'of the first');
  for (const [one, other] of [
    ['app', 'web'],
    ['web', 'app'],
  ] as const) {
    const lock = await acquireLock(world.ports, layoutLockPaths(await layoutOf(world.main, world.recordOf(one))), {
      what: `work on ${one}`,
    });
    expect(await world.run([other])).toMatchObject({ exit: 7, results: [{ error: { code: 'locked' } }] });
    lock.release();
  }
  expect(existsSync(join(world.at('app'), '.venv/.lockstep'))).toBe(false);
});

describe('a target with a run that was cut off', () => {
  it('is not taken out of the registry, for nothing could bring it back then', async () => {
    const world = await sharing();
    await world.cut();
    await expect(removeTarget(world.main, 'app')).rejects.toMatchObject({
      code: 'target-changed',
      target: 'app',
      hint: 'lockstep sync recover',
    });
    expect(world.recordOf('app').name).toBe('app');
    expect((await removeTarget(world.main, 'web')).name).toBe('web');
    await recoverTarget(world.main, world.recordOf('app'));
    expect((await removeTarget(world.main, 'app')).name).toBe('app');
  });

  it('can be taken out when its folder is gone; recover then names the journal and does not exit 0', async () => {
    const world = await plainWorld(['app']);
    await cutOff(world, { target: 'app', roots: { target: world.at('app') }, paths: ['half.txt'] });
    fse.removeSync(world.at('app'));
    await removeTarget(world.main, 'app');
    const [journal = ''] = world.journals();
    const { exit, lines } = await said(world);
    expect(exit).toBe(5);
    expect(lines[0]).toMatch(/^error app: run 20261123T031530Z-4f2a of app, which is not registered any more, cannot/);
    expect(lines.join('\n')).toContain(join(world.main.state.journal, journal));
  });

  it('that is not registered any more is recovered by the roots that its journal names', async () => {
    const world = await sharing();
    await world.cut();
    const registry = world.main.registry.read();
    await world.main.registry.update(() => ({ ...registry, targets: [] }));
    const { exit, lines } = await said(world);
    expect(exit).toBe(0);
    expect(lines).toEqual([expect.stringMatching(/^app: run \S+ was cut off: undone, 2 paths put back$/)]);
    expect(text(world.at('app'), 'own.txt')).toBe('own\n');
    expect(existsSync(join(world.python, 'module.py'))).toBe(false);
  });

  it('that cannot be recovered hides no other', async () => {
    const world = await plainWorld(['app', 'web']);
    const run = (target: string, id: string) =>
      cutOff(world, { target, roots: { target: world.at(target) }, paths: ['half.txt'], run: id });
    await run('app', '20261123T031530Z-4f2a');
    await run('web', '20261123T031531Z-4f2b');
    const lock = await acquireLock(world.ports, rootLockPaths({ target: world.at('app') }), { what: 'another run' });
    const reports = await recoverAll(world.main);
    expect(reports).toMatchObject([
      { target: 'app', lines: [], error: { code: 'locked' } },
      { target: 'web', lines: [expect.stringContaining('undone')], error: null },
    ]);
    expect((await said(world)).exit).toBe(7);
    lock.release();
    expect(existsSync(join(world.at('web'), 'half.txt'))).toBe(false);
    expect((await said(world)).exit).toBe(0);
  });
});

describe('a run that was killed outside of its transaction', () => {
  it('before its journal leaves a lock, which recover takes away', async () => {
    const world = await plainWorld(['app']);
    await recordTarget(world.main, 'app', { status: 'syncing' });
    leaveLock(world, world.at('app'));
    expect((await said(world)).lines).toEqual([
      'app: a run was cut off, but nothing of it is left to undo: its lock was removed',
    ]);
    expect(existsSync(join(world.at('app'), '.lockstep'))).toBe(false);
    expect(world.recordOf('app').status).toBe('needs_sync');
    expect((await said(world)).lines).toEqual(['no run was cut off: nothing to recover']);
  });

  it('leaves locks of parts of the state, and what it made on the way to one: recover takes away those of the dead', async () => {
    const world = await plainWorld(['app']);
    const { ports, main } = world;
    const dead = {
      format: 1,
      ...ports.identity.self(),
      pid: 2 ** 22 + 5,
      nonce: 'a',
      time: '2026-11-23T00:00:00Z',
      what: 'x',
    };
    put(main.state.locks, {
      'runs.lock': `${JSON.stringify(dead)}\n`,
      [`runs.lock.${dead.pid}.b.tmp`]: '',
      [`registry.lock.${dead.pid}.c.tmp`]: '',
      'backups.lock': `${JSON.stringify({ ...dead, ...ports.identity.self(), what: 'at work' })}\n`,
    });
    const lines = ['registry', 'runs'].map(
      (name) => `removed ${join(main.state.locks, `${name}.lock`)}: a process that is gone left it`,
    );
    expect(await said(world)).toEqual({ exit: 0, lines: expect.arrayContaining(lines) });
    expect(fse.readdirSync(main.state.locks)).toEqual(['backups.lock']);
    expect(await said(world)).toEqual({ exit: 0, lines: ['no run was cut off: nothing to recover'] });
  });

  it('leaves a lock in a root outside of its folder too', async () => {
    const world = await sharing();
    await world.main.registry.update((registry) => ({
      ...registry,
      targets: registry.targets.map((target) => ({ ...target, roots: [target.path, world.python] })),
    }));
    leaveLock(world, world.python);
    await recoverAll(world.main);
    expect(existsSync(join(world.python, '.lockstep'))).toBe(false);
  });

  it('leaves nothing but the word `syncing`: recover says what the receipt says', async () => {
    const world = await plainWorld(['app']);
    await world.run(['app']);
    await recordTarget(world.main, 'app', { status: 'syncing' });
    expect(await recoverAll(world.main)).toMatchObject([{ target: 'app', error: null }]);
    expect(world.recordOf('app').status).toBe('needs_sync');
    expect(await recoverAll(world.main)).toEqual([]);
  });

  it('undone by recover, it needs a sync; done but for the registry, it is in step with its commit', async () => {
    const world = await plainWorld(['app']);
    await world.run(['app']);
    const commit = world.goOn(2);
    const roots = { target: world.at('app') };
    const before = world.recordOf('app').last_sync;

    await cutOff(world, { target: 'app', roots, paths: ['docs/a.md'] });
    await recordTarget(world.main, 'app', { status: 'syncing' });
    await recoverAll(world.main);
    expect(text(world.at('app'), 'docs/a.md')).toBe('a1\n');
    expect(world.recordOf('app')).toMatchObject({ status: 'needs_sync', last_sync: before });

    const run = '20261123T031531Z-4f2b';
    await cutOff(world, { target: 'app', roots, paths: ['docs/a.md'], run });
    await recordTarget(world.main, 'app', { status: 'syncing' });
    const receipt = { ...world.receiptOf('app'), run, commit, version: 'v2', time: '2026-11-23T03:15:31.000Z' };
    put(world.at('app'), { '.lockstep/receipts/words.json': JSON.stringify(receipt) });
    await recoverAll(world.main);
    expect(text(world.at('app'), 'docs/a.md')).toBe('half a run\n');
    expect(world.recordOf('app')).toMatchObject({
      status: 'synchronized',
      last_sync: receipt.time,
      sync_commit: commit,
      sync_version: 'v2',
    });
  });
});
