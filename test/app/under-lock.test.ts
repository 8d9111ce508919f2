import { expect, it } from 'vitest';
import { underLock } from '../../src/app/under-lock.ts';
import { LockstepError } from '../../src/domain/errors.ts';
import type { Lock } from '../../src/store/lock.ts';

const stuck: Lock = {
  paths: [],
  release: () => {
    throw new LockstepError('path-refused', 'a symbolic link on the way');
  },
};
const undone = new LockstepError('step-failed', '3 paths were not put back');

it('tells what became of the work also when the lock cannot be given back', async () => {
  expect(await underLock(stuck, async () => 'done')).toEqual({
    answer: 'done',
    trouble: [expect.stringContaining('could not be given back')],
  });
  const failing = async (): Promise<never> => {
    throw undone;
  };
  await expect(underLock(stuck, failing)).rejects.toBe(undone);
});

it('gives the lock back once, whether the work was done or not', async () => {
  let count = 0;
  const release = (): void => {
    count += 1;
  };
  const lock: Lock = { paths: [], release };
  expect(await underLock(lock, async () => 1)).toEqual({ answer: 1, trouble: [] });
  await expect(underLock(lock, async () => Promise.reject(undone))).rejects.toBe(undone);
  expect(count).toBe(2);
});
