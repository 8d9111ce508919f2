import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest';
import { processIdentity } from '../../src/adapters/process-identity.ts';
import { clearAbandoned, scratchIn } from '../../src/adapters/scratch.ts';
import { temporary } from '../fixtures/sandbox.ts';
import { bundle } from '../fixtures/state-ports.ts';

const identity = processIdentity();
const deed = (home: string): { owner: { pid: number }; marks: string } =>
  JSON.parse(readFileSync(join(home, 'owner.json'), 'utf8'));

let program = '';
/** Prints what a recover of its user ends and removes. */
let clear = '';
beforeAll(() => {
  const dir = scratchIn(() => {})('bundle');
  program = bundle('adapters/children/use-scratch.ts', join(dir, 'use-scratch.mjs'));
  clear = bundle('adapters/children/clear-scratch.ts', join(dir, 'clear-scratch.mjs'));
});

/** Where folders in passing are made is this test's alone. */
beforeEach(() => {
  const before = process.env.TMPDIR;
  process.env.TMPDIR = temporary('scratch');
  onTestFinished(() => {
    process.env.TMPDIR = before;
  });
});

/** A process with a scratch folder, beside which two programs run. */
const worker = async () => {
  const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await new Promise((done) => child.stdout.once('data', done));
  const over = new Promise((done) => child.once('exit', done));
  return {
    kill: async (): Promise<void> => {
      child.kill('SIGKILL');
      await over;
    },
  };
};

const homes = (): readonly string[] => readdirSync(tmpdir()).map((name) => join(tmpdir(), name));

it('removes the scratch of a killed process, and ends all that it had started, in groups of their own too', async () => {
  const killed = await worker();
  const living = await worker();
  const [first = '', second = ''] = homes();
  await killed.kill();
  expect(homes()).toHaveLength(2);
  const [cleared, ...more] = clearAbandoned(identity);
  expect(more).toEqual([]);
  expect([first, second]).toContain(cleared?.path);
  expect([...(cleared?.ended ?? [])].sort()).toEqual(['sleep 61', 'sleep 62']);
  expect(cleared?.running).toEqual([]);
  const [left = '', ...others] = homes();
  expect(others).toEqual([]);
  expect(identity.markedBy(deed(left).marks).flatMap(({ commands }) => commands)).toHaveLength(2);
  expect(clearAbandoned(identity)).toEqual([]);
  await living.kill();
  expect(clearAbandoned(identity)).toHaveLength(1);
  expect(homes()).toEqual([]);
});

it('keeps the scratch of what cannot be ended, and names it', async () => {
  const killed = await worker();
  await killed.kill();
  const [home = ''] = homes();
  const stubborn = { ...identity, endGroup: () => 'running' as const };
  expect(clearAbandoned(stubborn)).toMatchObject([
    { path: home, ended: [], running: expect.arrayContaining(['sleep 62']) },
  ]);
  expect(existsSync(home)).toBe(true);
  expect(clearAbandoned(identity)).toMatchObject([{ path: home, running: [] }]);
});

it('leaves alone what it cannot be sure of', () => {
  const home = join(tmpdir(), 'lockstep-x');
  const write = (text: string): void => writeFileSync(join(home, 'owner.json'), text);
  mkdirSync(home);
  expect(clearAbandoned(identity), 'no word of an owner').toEqual([]);
  const dead = { ...identity.self(), pid: 2 ** 22 + 1 };
  for (const text of ['', 'null', '{}', JSON.stringify({ owner: dead }), JSON.stringify({ owner: dead, marks: '' })]) {
    write(text);
    expect(clearAbandoned(identity), text).toEqual([]);
  }
  const marks = '0123456789abcdef';
  write(JSON.stringify({ owner: { ...dead, host: 'elsewhere' }, marks }));
  expect(clearAbandoned(identity), 'another host').toEqual([]);
  write(JSON.stringify({ owner: dead, marks }));
  if (process.getuid?.() === 0) {
    chownSync(join(home, 'owner.json'), 12_345, 12_345);
    expect(clearAbandoned(identity), "another user's word").toEqual([]);
    chownSync(join(home, 'owner.json'), 0, 0);
  }
  expect(clearAbandoned(identity)).toEqual([{ path: home, ended: [], running: [], left: null }]);
});

it('makes one folder for all, which only this user can enter, with its owner in it', () => {
  const told: string[] = [];
  const scratch = scratchIn((home) => told.push(home));
  const [one, two] = [scratch('pip'), scratch('pip')];
  expect(one).not.toBe(two);
  expect(told).toHaveLength(1);
  expect([one, two].every((dir) => dir.startsWith(`${told[0]}/pip-`))).toBe(true);
  expect(deed(told[0] ?? '').owner).toEqual(identity.self());
});

const marks = '0123456789abcdef';
const dead = () => JSON.stringify({ owner: { ...identity.self(), pid: 2 ** 22 + 1 }, marks });
const home = (text: string): string => {
  const path = join(tmpdir(), 'lockstep-x');
  mkdirSync(path, { mode: 0o700 });
  writeFileSync(join(path, 'owner.json'), text);
  return path;
};

const plainUser = 12_345;
const giveAway = (path: string): void =>
  void execFileSync('chown', ['-R', `${plainUser}:${plainUser}`, tmpdir(), path]);

const closed = (path: string): void => {
  mkdirSync(join(path, 'build/closed'), { recursive: true });
  writeFileSync(join(path, 'build/closed/file'), '');
  chmodSync(join(path, 'build/closed'), 0o555);
};

/** Root may remove anything: what it would do, it does as another. */
const asPlainUser = (own?: string): unknown => {
  if (process.getuid?.() !== 0) return clearAbandoned(identity);
  if (own !== undefined) giveAway(own);
  const argv = ['--input-type=module'];
  return JSON.parse(
    execFileSync(process.execPath, argv, { input: readFileSync(clear), uid: plainUser, encoding: 'utf8' }),
  );
};

it.each([
  { marks },
  { owner: null, marks },
  { owner: { ...identity.self(), pid: null }, marks },
])('throws for no word about an owner that a hand edited: %j', (deed) => {
  home(JSON.stringify(deed));
  expect(clearAbandoned(identity)).toEqual([]);
});

it('follows no link, and waits for no pipe, that somebody planted where everybody may write', () => {
  const elsewhere = join(tmpdir(), 'elsewhere');
  mkdirSync(elsewhere, { mode: 0o700 });
  const abandoned = join(elsewhere, 'owner.json');
  writeFileSync(abandoned, dead());
  const planted = join(tmpdir(), 'lockstep-planted');
  mkdirSync(planted);
  symlinkSync(abandoned, join(planted, 'owner.json'));
  symlinkSync(elsewhere, join(tmpdir(), 'lockstep-link'));
  mkdirSync(join(tmpdir(), 'lockstep-pipe'));
  execFileSync('mkfifo', [join(tmpdir(), 'lockstep-pipe/owner.json')]);
  expect(clearAbandoned(identity)).toEqual([]);
  expect(existsSync(abandoned)).toBe(true);
});

it('does not believe a folder that others may write in', () => {
  chmodSync(home(dead()), 0o777);
  expect(clearAbandoned(identity)).toEqual([]);
});

it('removes what a program closed to its own user', () => {
  const path = home(dead());
  closed(path);
  expect(asPlainUser(path)).toMatchObject([{ path, left: null }]);
  expect(existsSync(path)).toBe(false);
});

// Only root can leave what another user cannot remove.
it.skipIf(process.getuid?.() !== 0)('says what it cannot remove, and knows it again (needs root)', () => {
  const path = home(dead());
  mkdirSync(join(path, 'a'));
  giveAway(path);
  mkdirSync(join(path, 'a/of-another'));
  writeFileSync(join(path, 'a/of-another/file'), '');
  expect(asPlainUser()).toMatchObject([{ path, left: expect.stringContaining('EACCES') }]);
  expect(asPlainUser()).toMatchObject([{ path }]);
});

it('ends neither itself nor the shell that it is typed in, when those come from the killed process', () => {
  const path = home(dead());
  // Each in a group of its own, as in a terminal; then all in one.
  for (const shell of [`set -m; '${process.execPath}' '${clear}'; :`, `'${process.execPath}' '${clear}'; :`]) {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    writeFileSync(join(path, 'owner.json'), dead());
    const env = { ...process.env, LOCKSTEP_GROUP: `${marks}-1` };
    const said = execFileSync('setsid', ['-w', 'bash', '-c', shell], { env, encoding: 'utf8' });
    expect(JSON.parse(said)).toEqual([{ path, ended: [], running: [], left: null }]);
  }
});

it('calls a place for scratch that cannot be used a trouble of the disk, and names it', () => {
  process.env.TMPDIR = join(tmpdir(), 'not-there');
  const message = expect.stringContaining(process.env.TMPDIR);
  expect(() => scratchIn(() => {})('pip')).toThrow(expect.objectContaining({ code: 'disk', message }));
});
