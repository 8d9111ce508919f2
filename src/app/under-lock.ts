/** Does work under a lock whose giving back hides nothing of what became of the work. */
import { LockstepError, messageOf } from '../domain/errors.ts';
import type { Lock } from '../store/lock.ts';

/** It cannot be given back where its folder was moved away or may not be written in any more. */
const giveBack = (lock: Lock): readonly string[] => {
  try {
    lock.release();
    return [];
  } catch (error) {
    if (!(error instanceof LockstepError)) throw error;
    return [`the lock could not be given back, and is taken over by the next run: ${messageOf(error)}`];
  }
};

/** The answer of the work, and trouble with the lock as lines for a person. Throws what the work throws, and nothing of the lock. */
export const underLock = async <T>(
  lock: Lock,
  work: () => Promise<T>,
): Promise<{ readonly answer: T; readonly trouble: readonly string[] }> => {
  let answer: T;
  try {
    answer = await work();
  } catch (error) {
    giveBack(lock);
    throw error;
  }
  return { answer, trouble: giveBack(lock) };
};
