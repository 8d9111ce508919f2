import { spawn } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
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
beforeAll(() => {
  program = bundle('adapters/children/use-scratch.ts', join(scratchIn(() => {})('bundle'), 'use-scratch.mjs'));
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
  expect(clearAbandoned(identity)).toEqual([{ path: home, ended: [], running: [] }]);
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
