import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporary } from '../fixtures/sandbox.ts';
import { built } from './command.ts';

/** A bug that no command can catch: thrown in a callback, while the command is under way. */
const withBug = (...words: readonly string[]) => {
  const dir = temporary('bug');
  const bug = join(dir, 'bug.cjs');
  writeFileSync(bug, "process.nextTick(() => setTimeout(() => { throw new Error('late'); }));");
  return spawnSync(process.execPath, ['--require', bug, built, ...words], { cwd: dir, encoding: 'utf8' });
};

it('is told in a few lines with the version, and what to do, however long the line of the built program is', () => {
  const { status, stdout, stderr } = withBug('sync', 'status');
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(/^bug something happened that Lockstep did not expect\n {2}Error: late\n/);
  expect(stderr).toMatch(/\n {2}lockstep \d+\.\d+\.\d+\nnext {2}report these lines/);
  expect(stderr.length).toBeLessThan(3_000);
});

it('is told to a program as one object', () => {
  const { status, stdout, stderr } = withBug('sync', 'status', '--json');
  expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
  expect(JSON.parse(stdout)).toMatchObject({
    kind: 'error',
    code: 'bug',
    message: 'late',
    details: { 0: 'Error: late' },
  });
});
