import { mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { diskError } from '../../src/adapters/disk-error.ts';
import { temporary } from '../fixtures/sandbox.ts';

/** As Node words it, without having to be the user to whom it happens. */
const trouble = (code: string, words: string, call: string): Error =>
  Object.assign(new Error(`${code}: ${words}, ${call}`), { code });
const caught = (action: () => void): unknown => {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
};

it('names the path once, says why in words, and which folder to look at', () => {
  const dir = temporary('disk');
  const path = join(dir, 'docs/a.md');
  const cause = trouble('EACCES', 'permission denied', `open '${path}'`);
  const error = diskError({ problem: `${path} cannot be read`, path, cause });
  expect(error.message).toBe(`${path} cannot be read: permission denied (EACCES)`);
  expect(error.code).toBe('disk');
  // Nothing stands at the path, as far as this user can see: the folder above is what can be looked at.
  expect(error.hint).toBe(`ls -ld ${dir} shows whose it is; give yourself the right to it, then run the command again`);
  expect(error.cause).toBe(cause);
});

it('says what to do about a full disk, one that is mounted for reading, and a quota', () => {
  const dir = temporary('disk');
  const hintOf = (code: string) => diskError({ problem: 'x', path: dir, cause: trouble(code, 'no', 'write') }).hint;
  expect(hintOf('ENOSPC')).toContain(`df -h ${dir}`);
  // The staging place of a run is gone once the run is undone.
  const staged = join(dir, '.lockstep/txn-1');
  mkdirSync(staged, { recursive: true });
  const full = diskError({ problem: 'x', path: join(staged, 's4'), cause: trouble('ENOSPC', 'no', 'write') });
  expect(full.hint).toContain(`df -h ${dir} shows`);
  expect(hintOf('EROFS')).toContain(`mount what holds ${dir} for writing`);
  expect(hintOf('EDQUOT')).toContain('quota');
  expect(hintOf('EPERM')).toContain(`ls -ld ${dir}`);
});

it('understands what Node really throws, with two paths, and without a path', () => {
  const dir = temporary('disk');
  mkdirSync(join(dir, 'folder'));
  const messageOf = (cause: unknown): string =>
    diskError({ problem: 'x', path: dir, cause, code: 'object-missing' }).message;
  expect(messageOf(caught(() => renameSync(join(dir, 'a'), join(dir, 'b'))))).toBe(
    'x: no such file or directory (ENOENT)',
  );
  expect(messageOf(caught(() => readFileSync(join(dir, 'folder'))))).toBe(
    'x: illegal operation on a directory (EISDIR)',
  );
});

it('keeps the words of what it does not know, and gives no advice', () => {
  const error = diskError({ problem: 'x', path: '/', cause: new Error('odd: thing, happened') });
  expect(error.message).toBe('x: odd: thing, happened');
  expect(error.hint).toBeUndefined();
});
