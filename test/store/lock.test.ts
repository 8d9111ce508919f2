import { spawn, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { groupBook } from '../../src/adapters/process-groups.ts';
import type { Owner, Tree, TreeBounds } from '../../src/ports.ts';
import { acquireLock, rootLockPaths, stateLockPath } from '../../src/store/lock.ts';
import { type Attempt, attemptOne, openLockFile } from '../../src/store/lock-file.ts';
import { statePlaces } from '../../src/store/state-dir.ts';
import { temporary } from '../fixtures/sandbox.ts';
import { bundle, statePorts } from '../fixtures/state-ports.ts';

const ports = statePorts();
let child: string;

beforeAll(() => {
  child = bundle('store/children/hold-lock.ts', join(ports.files.scratch('bundle'), 'hold-lock.mjs'));
});

const rootLock = (root: string): string => join(root, '.lockstep', 'lock');

/** A lock file as another owner left it. */
const leave = (root: string, owner: Partial<Owner>): string => {
  mkdirSync(join(root, '.lockstep'));
  const facts = {
    format: 1,
    ...ports.identity.self(),
    nonce: 'x',
    time: '2026-11-23T03:00:00.000Z',
    what: 'sync run of comfyui',
    ...owner,
  };
  writeFileSync(rootLock(root), JSON.stringify(facts));
  return rootLock(root);
};

const deadPid = (): number => spawnSync('true').pid;

const taken = async (root: string): Promise<void> => {
  const lock = await acquireLock(ports, [rootLock(root)], { what: 'test' });
  expect(JSON.parse(readFileSync(rootLock(root), 'utf8'))).toMatchObject({ pid: process.pid, what: 'test' });
  lock.release();
  expect(existsSync(join(root, '.lockstep'))).toBe(false);
};

describe('a lock', () => {
  it('is held once, says who holds it, and goes with the folder that was made for it', async () => {
    const root = temporary();
    const lock = await acquireLock(ports, [rootLock(root)], { what: 'sync run of comfyui' });
    await expect(acquireLock(ports, [rootLock(root)], { what: 'second' })).rejects.toMatchObject({
      code: 'locked',
      message: expect.stringMatching(new RegExp(`process ${process.pid} on .* for \\d+ s: sync run of comfyui`)),
      hint: expect.stringContaining(rootLock(root)),
    });
    lock.release();
    lock.release();
    expect(readdirSync(root)).toEqual([]);
  });

  it('leaves a .lockstep folder that holds something else', async () => {
    const root = temporary();
    mkdirSync(join(root, '.lockstep', 'receipts'), { recursive: true });
    (await acquireLock(ports, [rootLock(root)], { what: 'test' })).release();
    expect(readdirSync(join(root, '.lockstep'))).toEqual(['receipts']);
  });

  it('is all or nothing over several roots', async () => {
    const dir = temporary();
    // In their order: the first is free, and taken before the second is found to be held.
    const [a, b] = [join(dir, 'a'), join(dir, 'b')];
    for (const root of [a, b]) mkdirSync(root);
    const other = await acquireLock(ports, [rootLock(b)], { what: 'other' });
    await expect(acquireLock(ports, [rootLock(b), rootLock(a)], { what: 'both' })).rejects.toMatchObject({
      code: 'locked',
    });
    expect(readdirSync(a)).toEqual([]);
    other.release();
    const both = await acquireLock(ports, rootLockPaths({ target: a, python: b, checkout: a }), { what: 'both' });
    expect(both.paths).toEqual([rootLock(a), rootLock(b)].sort());
    both.release();
  });

  it('waits for a holder that lets go in time', async () => {
    const root = temporary();
    const first = await acquireLock(ports, [rootLock(root)], { what: 'first' });
    setTimeout(() => first.release(), 150);
    const second = await acquireLock(ports, [rootLock(root)], { what: 'second', waitMs: 10_000 });
    second.release();
  });

  it('is one lock for two names of one folder', async () => {
    const [root, names] = [temporary(), temporary()];
    symlinkSync(root, join(names, 'alias'));
    const lock = await acquireLock(ports, [rootLock(root)], { what: 'first' });
    await expect(acquireLock(ports, [rootLock(join(names, 'alias'))], { what: 'second' })).rejects.toMatchObject({
      code: 'locked',
    });
    lock.release();
  });

  it.each(['elsewhere', 'nowhere'])('is never written through a .lockstep that is a link (%s)', async (kind) => {
    const [root, outside] = [temporary(), temporary()];
    symlinkSync(kind === 'elsewhere' ? outside : join(outside, 'missing'), join(root, '.lockstep'));
    await expect(acquireLock(ports, [rootLock(root)], { what: 'test' })).rejects.toMatchObject({
      code: 'path-refused',
    });
    expect(readdirSync(outside)).toEqual([]);
  });

  it('names a root that is not there', async () => {
    const missing = join(temporary(), 'gone');
    await expect(acquireLock(ports, [rootLock(missing)], { what: 'test' })).rejects.toMatchObject({
      code: 'target-missing',
    });
  });

  it('guards a part of the state as well', async () => {
    const places = statePlaces(join(temporary(), 'state'));
    const lock = await acquireLock(ports, [stateLockPath(places, 'registry')], { what: 'test' });
    expect(existsSync(join(places.locks, 'registry.lock'))).toBe(true);
    lock.release();
    expect(readdirSync(places.locks)).toEqual([]);
  });
});

describe('a lock that somebody left', () => {
  it('is taken over when its process is gone', async () => {
    const root = temporary();
    leave(root, { pid: deadPid() });
    await taken(root);
  });

  it('is taken over when its pid was reused', async () => {
    const root = temporary();
    leave(root, { pid: process.pid, startTime: '1' });
    await taken(root);
  });

  it('is taken over after a restart of the machine', async () => {
    const root = temporary();
    leave(root, { bootId: '00000000-0000-0000-0000-000000000000', pid: 1 });
    await taken(root);
  });

  it.each<[string, Partial<Owner>]>([
    ['on another host', { host: 'elsewhere' }],
    ['on another machine of the same name', { machine: 'another', bootId: 'another' }],
    ['in another container', { pidSpace: 'pid:[1]' }],
  ])('is never taken over when its owner was %s', async (_where, owner) => {
    const root = temporary();
    const path = leave(root, { pid: deadPid(), ...owner });
    const before = readFileSync(path, 'utf8');
    await expect(acquireLock(ports, [path], { what: 'test' })).rejects.toMatchObject({ code: 'locked' });
    expect(readFileSync(path, 'utf8')).toBe(before);
  });

  it('is never taken over when it does not say whose it is', async () => {
    const root = temporary();
    mkdirSync(join(root, '.lockstep'));
    writeFileSync(rootLock(root), '');
    await expect(acquireLock(ports, [rootLock(root)], { what: 'test' })).rejects.toMatchObject({
      code: 'locked',
      hint: expect.stringContaining('remove'),
    });
  });

  it('is never taken over from a stopped owner, and at once when that one is killed', async () => {
    const root = temporary();
    const holder = spawn(process.execPath, [child, 'stay', rootLock(root)], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((done) => holder.stdout.once('data', done));
    holder.kill('SIGSTOP');
    await expect(acquireLock(ports, [rootLock(root)], { what: 'test', waitMs: 200 })).rejects.toMatchObject({
      code: 'locked',
    });
    const over = new Promise((done) => holder.once('exit', done));
    holder.kill('SIGKILL');
    await over;
    await taken(root);
  });

  it('leaves nothing of contenders that were killed beside it', async () => {
    const root = temporary();
    leave(root, { pid: deadPid() });
    writeFileSync(`${rootLock(root)}.takeover-0123456789abcdef`, '{}');
    writeFileSync(`${rootLock(root)}.${deadPid()}.ab12.tmp`, '');
    await taken(root);
  });
});

describe('the processes that the owner of a lock started', () => {
  const groupLines = (path: string): unknown[] =>
    readFileSync(path, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => JSON.parse(line));
  const live = (pid: number, startTime: string | null = null) => ({
    mark: `m${pid}`,
    leader: { pid, startTime },
    state: 'live',
  });
  const startOf = (pid: number): string | null => ports.identity.of(pid)?.startTime ?? null;
  const leaveLines = (root: string, ...lines: readonly unknown[]): void => {
    const path = leave(root, { pid: deadPid() });
    for (const line of lines) appendFileSync(path, `\n${typeof line === 'string' ? line : JSON.stringify(line)}`);
  };
  /** A program of its own group that goes on for ever; killed when the test ends. */
  const sleeper = (env: Record<string, string> = {}) => {
    const child = spawn('sleep', ['60'], { detached: true, stdio: 'ignore', env: { ...process.env, ...env } });
    onTestFinished(() => void child.kill('SIGKILL'));
    const over = new Promise((done) => child.once('exit', (_code, signal) => done(signal)));
    return { pid: child.pid ?? 0, over };
  };

  it('are named in the locks of roots, and in no other, from before they start until they are over', async () => {
    const [root, python, state] = [temporary(), temporary(), temporary()];
    const groups = groupBook();
    const paths = [rootLock(root), rootLock(python), join(state, 'registry.lock')];
    const earlier = groups.announce();
    const lock = await acquireLock({ ...ports, groups }, paths, { what: 'test' });
    const before = readFileSync(paths[2] ?? '', 'utf8');
    const { pid } = sleeper();
    const mark = groups.announce();
    expect(groupLines(rootLock(python)).at(-1)).toEqual({ mark, leader: null, state: 'live' });
    groups.started(mark, pid);
    const leader = { pid, startTime: startOf(pid) };
    groups.ended(earlier);
    for (const path of [rootLock(root), rootLock(python)]) {
      expect(groupLines(path)).toEqual([
        { mark: earlier, leader: null, state: 'live' },
        { mark, leader: null, state: 'live' },
        { mark, leader, state: 'live' },
        { mark: earlier, leader: null, state: 'over' },
      ]);
    }
    expect(readFileSync(paths[2] ?? '', 'utf8')).toBe(before);
    await expect(acquireLock(ports, [rootLock(root)], { what: 'second' })).rejects.toMatchObject({
      code: 'locked',
      message: expect.stringContaining('test'),
    });
    lock.release();
    groups.announce();
    expect(readdirSync(root)).toEqual([]);
  });

  it('cost no run when the lock file cannot be written to', async () => {
    const root = temporary();
    const groups = groupBook();
    const lock = await acquireLock({ ...ports, groups }, [rootLock(root)], { what: 'test' });
    rmSync(join(root, '.lockstep'), { recursive: true });
    groups.ended(groups.announce());
    lock.release();
    expect(readdirSync(root)).toEqual([]);
  });

  it('are ended before the lock of a killed owner is taken, with all that they started, however deaf', async () => {
    const [root, dir] = [temporary(), temporary()];
    const bundled = bundle('store/children/start-child.ts', join(dir, 'start-child.mjs'));
    // Two that ignore SIGTERM; the one that leads the group ends by itself at once.
    const deaf = `trap '' TERM; echo $$ >> ${dir}/pids; while :; do echo x >> ${dir}/written; sleep 0.01; done`;
    const script = `sh -c "${deaf.replaceAll('$', '\\$')}" >/dev/null 2>&1 & trap '' TERM; echo $$ >> ${dir}/pids; sleep 60; sleep 60`;
    const holder = spawn(process.execPath, [bundled, rootLock(root), script], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((done) => holder.stdout.once('data', done));
    for (
      let i = 0;
      i < 200 && !(existsSync(`${dir}/pids`) && readFileSync(`${dir}/pids`, 'utf8').split('\n').length > 2);
      i += 1
    )
      await sleep(20);
    const pids = readFileSync(`${dir}/pids`, 'utf8').trim().split('\n').map(Number);
    expect(pids).toHaveLength(2);
    const over = new Promise((done) => holder.once('exit', done));
    holder.kill('SIGKILL');
    await over;
    expect(pids.map((pid) => ports.identity.of(pid) !== undefined)).toEqual([true, true]);
    const lock = await acquireLock(ports, [rootLock(root)], { what: 'test' });
    const written = readFileSync(`${dir}/written`).length;
    expect(pids.map((pid) => ports.identity.of(pid))).toEqual([undefined, undefined]);
    await sleep(50);
    expect(readFileSync(`${dir}/written`)).toHaveLength(written);
    lock.release();
  });

  it('are ended by their mark when the owner was killed before it could write their number', async () => {
    const root = temporary();
    const [started, stranger] = [sleeper({ LOCKSTEP_GROUP: 'm-1' }), sleeper({ LOCKSTEP_GROUP: 'm-12' })];
    leaveLines(root, { mark: 'm-1', leader: null, state: 'live' });
    await taken(root);
    expect(await started.over).toBe('SIGKILL');
    expect(ports.identity.of(stranger.pid)).toBeDefined();
  });

  it('are left alone once they are over, or when another process has got their number', async () => {
    const root = temporary();
    const [over, reused] = [sleeper(), sleeper()];
    leaveLines(
      root,
      live(over.pid, startOf(over.pid)),
      { ...live(over.pid, startOf(over.pid)), state: 'over' },
      live(reused.pid, '1'),
    );
    await taken(root);
    expect([over, reused].map(({ pid }) => ports.identity.of(pid) !== undefined)).toEqual([true, true]);
  });

  it('are found behind a line that was torn', async () => {
    const root = temporary();
    const child = sleeper();
    const line = JSON.stringify(live(child.pid, startOf(child.pid)));
    leaveLines(root, line.slice(0, -1), '{"mark":"x","leader":{"pid":1}', line, line.slice(0, 20));
    await taken(root);
    expect(await child.over).toBe('SIGKILL');
  });

  it('keep the lock from being taken when they cannot be ended, which is said with what to do', async () => {
    const root = temporary();
    leaveLines(root, live(4242));
    const before = readFileSync(rootLock(root), 'utf8');
    const identity = { ...ports.identity, endGroup: () => 'running' as const };
    await expect(acquireLock({ ...ports, identity }, [rootLock(root)], { what: 'test' })).rejects.toMatchObject({
      code: 'locked',
      message: expect.stringContaining('4242'),
      hint: expect.stringContaining('kill -9 -- -4242'),
    });
    expect(readFileSync(rootLock(root), 'utf8')).toBe(before);
    expect(readdirSync(join(root, '.lockstep'))).toEqual(['lock']);
  });
});

it('is taken from the dead by one alone: who comes in the middle of that does not get it', () => {
  const root = temporary();
  const path = leave(root, { pid: deadPid() });
  const facts = (nonce: string) =>
    ({ format: 1, ...ports.identity.self(), nonce, time: '2026-11-27T03:00:00.000Z', what: nonce }) as const;
  let between: Attempt | undefined;
  let writes = 0;
  const slow = {
    ...ports,
    openTree: (bounds: TreeBounds): Tree => {
      const tree = ports.openTree(bounds);
      const write: Tree['write'] = (at, ...what) => {
        if (at.startsWith(`${path}.`) && at.includes('.first.')) writes += 1;
        // It has tried to make the lock, has seen that its owner is dead, and is about to replace it.
        if (writes === 2) between ??= attemptOne(ports, openLockFile(ports, path), facts('second'));
        tree.write(at, ...what);
      };
      return { ...tree, write };
    },
  };
  expect(attemptOne(slow, openLockFile(slow, path), facts('first'))).toEqual({ held: true });
  expect(between).toMatchObject({ held: false });
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ what: 'first' });
});

it('lets one in at a time, however many contend and die', async () => {
  const root = temporary();
  const log = join(temporary(), 'log');
  const run = (...args: string[]): Promise<number | null> =>
    new Promise((done) => spawn(process.execPath, [child, ...args], { stdio: 'inherit' }).once('exit', done));
  const [workers, deaths] = [6, 6];
  const codes = await Promise.all([
    ...Array.from({ length: workers }, () => run('rounds', rootLock(root), log, '15')),
    ...Array.from({ length: deaths }, () => run('die', rootLock(root))),
  ]);
  expect(codes.slice(0, workers)).toEqual(Array(workers).fill(0));
  expect(readFileSync(log, 'utf8').trim().split('\n')).toHaveLength(workers * 15);
  // The last one to die may have left its lock; whoever comes next clears all of it away.
  await taken(root);
  expect(readdirSync(root)).toEqual([]);
});
