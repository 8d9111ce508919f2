import { spawn } from 'node:child_process';
import { expect, it, onTestFinished } from 'vitest';
import { processIdentity } from '../../src/adapters/process-identity.ts';

const identity = processIdentity();

/** A process that leads a group of its own, ended with the test. */
const sleeper = (): number => {
  const child = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child.pid ?? 0;
};

it('knows itself and a child as alive, and a number that nobody has as dead', () => {
  expect(identity.alive(identity.self())).toBe('alive');
  const child = identity.of(sleeper());
  expect(child && identity.alive(child)).toBe('alive');
  expect(identity.alive({ ...identity.self(), pid: 2 ** 22 + 1 })).toBe('dead');
  expect(identity.of(2 ** 22 + 1)).toBeUndefined();
});

it('takes an owner from before a restart for dead, though its number and start time are in use', () => {
  expect(identity.alive({ ...identity.self(), bootId: 'before' })).toBe('dead');
});

it('takes a zombie for dead: it runs nothing any more', async () => {
  // The shell's child ends at once; the sleep that the shell turns into never waits for it.
  const shell = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => void shell.kill('SIGKILL'));
  const pid = Number(await new Promise((done) => shell.stdout.once('data', (text) => done(String(text)))));
  await expect.poll(() => identity.of(pid)).toBeUndefined();
  expect(identity.alive({ ...identity.self(), pid, startTime: null })).toBe('dead');
});

it.each([
  ['lived before a restart', { bootId: 'before' }],
  ['lives in another container', { pidSpace: 'pid:[1]' }],
  ['lives on another host', { host: 'elsewhere' }],
  ['had its number before', { startTime: '1' }],
])('ends no group whose leader %s', (_who, facts) => {
  const pid = sleeper();
  const leader = identity.of(pid);
  if (leader === undefined) throw new Error('the child is gone');
  identity.endGroup({ ...leader, ...facts });
  expect(identity.of(pid)).toBeDefined();
});

it('ends the group of the very process that it is given', async () => {
  const pid = sleeper();
  const leader = identity.of(pid);
  if (leader === undefined) throw new Error('the child is gone');
  identity.endGroup(leader);
  await expect.poll(() => identity.of(pid)).toBeUndefined();
});
