import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Owner } from '../../src/ports.ts';
import { acquireLock, rootLockPaths, stateLockPath } from '../../src/store/lock.ts';
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
const leave = (root: string, owner: Partial<Owner>, extra: object = {}): string => {
  mkdirSync(join(root, '.lockstep'));
  const facts = {
    format: 1,
    ...ports.identity.self(),
    nonce: 'x',
    time: '2026-11-23T03:00:00.000Z',
    what: 'sync run of comfyui',
    children: [],
    ...owner,
    ...extra,
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
    const [a, b] = [temporary(), temporary()];
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

  it('takes the processes that its owner started with it', async () => {
    const root = temporary();
    const orphan = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
    const over = new Promise((done) => orphan.once('exit', (_code, signal) => done(signal)));
    leave(root, { pid: deadPid() }, { children: [ports.identity.of(orphan.pid ?? 0)] });
    await taken(root);
    expect(await over).toBe('SIGKILL');
  });

  it('ends no stranger that got the number of such a process', async () => {
    const root = temporary();
    const stranger = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
    const pid = stranger.pid ?? 0;
    leave(root, { pid: deadPid() }, { children: [{ ...ports.identity.of(pid), startTime: '1' }] });
    await taken(root);
    expect(ports.identity.of(pid)).toBeDefined();
    stranger.kill('SIGKILL');
  });

  it('leaves nothing of contenders that were killed beside it', async () => {
    const root = temporary();
    leave(root, { pid: deadPid() });
    writeFileSync(`${rootLock(root)}.takeover-0123456789abcdef`, '{}');
    writeFileSync(`${rootLock(root)}.${deadPid()}.ab12.tmp`, '');
    await taken(root);
  });
});

it('records children while it is held', async () => {
  const root = temporary();
  const lock = await acquireLock(ports, [rootLock(root)], { what: 'test' });
  lock.setChildren([process.pid]);
  expect(JSON.parse(readFileSync(rootLock(root), 'utf8')).children).toMatchObject([{ pid: process.pid }]);
  await expect(acquireLock(ports, [rootLock(root)], { what: 'second' })).rejects.toMatchObject({ code: 'locked' });
  lock.release();
  expect(readdirSync(root)).toEqual([]);
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
