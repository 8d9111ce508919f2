import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runAttached } from '../../src/adapters/attached.ts';
import { startInBackground } from '../../src/adapters/background.ts';
import { temporary } from '../fixtures/sandbox.ts';

const base = { PATH: process.env.PATH, GIT_DIR: '/somewhere', GIT_AUTHOR_NAME: 'odd', GIT_SSH_COMMAND: 'ssh -4' };

it('starts in a session of its own, which no terminal can hang up, with a clean environment and its output in a file', async () => {
  const dir = temporary('background');
  const output = join(dir, 'logs/one.log');
  const script = 'cat; ps -o sid= -p $$; echo "$GIT_DIR,$GIT_AUTHOR_NAME,$GIT_SSH_COMMAND,$MORE"; pwd; exit 3';
  const started = startInBackground(base).start({
    argv: ['sh', '-c', script],
    cwd: dir,
    env: { MORE: 'more' },
    output,
  });
  expect(await started.ended).toBe(3);
  const [session = '', variables, cwd] = readFileSync(output, 'utf8').trim().split('\n');
  expect(Number(session)).toBe(started.pid);
  expect([variables, cwd]).toEqual([',,ssh -4,more', dir]);
});

it('says so when nothing can be started', () => {
  const dir = temporary('background');
  const start = () =>
    startInBackground(base).start({ argv: ['/no/such/program'], cwd: dir, env: {}, output: join(dir, 'log') });
  expect(start).toThrow(`/no/such/program cannot be started in ${dir}`);
});

it('what runs attached keeps its exit code, and gets no repository of somebody else', async () => {
  const dir = temporary('attached');
  const attached = runAttached(base);
  const told = join(dir, 'told');
  const script = `echo "$GIT_DIR,$GIT_SSH_COMMAND,$LOCKSTEP_PUSH" >${told}; exit 7`;
  const request = { cwd: dir, env: { LOCKSTEP_PUSH: '1' }, output: 'beside' } as const;
  expect(await attached({ argv: ['sh', '-c', script], ...request })).toBe(7);
  expect(readFileSync(told, 'utf8')).toBe(',ssh -4,1\n');
  expect(await attached({ argv: ['sh', '-c', 'kill -TERM $$'], ...request })).toBe(143);
  await expect(attached({ argv: ['/no/such/program'], ...request })).rejects.toThrow('cannot be started');
});
