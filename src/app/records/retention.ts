/** Removes records of runs that are neither new nor young, and that nothing refers to. */
import { LockstepError, messageOf } from '../../domain/errors.ts';
import { defaultRunPolicy, expiredRuns } from '../../domain/run-policy.ts';
import { acquireLock, stateLockPath } from '../../store/lock.ts';
import { trimRunLog } from '../../store/runs/log.ts';
import { recordedRuns } from '../../store/runs/read.ts';
import { runDir } from '../../store/runs.ts';
import type { MainProject } from '../main-project.ts';
import { referencesTo } from './references.ts';

export interface Kept {
  readonly run: string;
  readonly cause: string;
}

export interface Retention {
  readonly removed: readonly string[];
  /** Those that the policy would let go, and what keeps them. */
  readonly kept: readonly Kept[];
}

/** How long it waits for another process that does the same, in milliseconds. */
const patience = 5000;

/** What holds all records of runs together: appending to the log, shortening it, removing old ones. */
export const withRunsLocked = async <T>(main: MainProject, what: string, work: () => T): Promise<T> => {
  const lock = await acquireLock(main.ports, [stateLockPath(main.state, 'runs')], { what, waitMs: patience });
  try {
    return work();
  } finally {
    lock.release();
  }
};

/** The caller holds the lock of the records. Throws `disk`. */
export const retainRuns = (main: MainProject): Retention => {
  const { ports, state, project } = main;
  trimRunLog(ports, state);
  const ids = recordedRuns(ports, state);
  const expired = expiredRuns(ids, project.runs ?? defaultRunPolicy, ports.clock.now());
  if (expired.length === 0) return { removed: [], kept: [] };
  const referred = referencesTo(main);
  const removed: string[] = [];
  const kept: Kept[] = [];
  for (const run of expired) {
    const cause = referred(run);
    if (cause === undefined) {
      ports.state.remove(runDir(state, run));
      removed.push(run);
    } else kept.push({ run, cause });
  }
  return { removed, kept };
};

/** Does work on records at the end of a run, whose verdict stands: expected trouble is answered as a line, never thrown. */
export const tidily = async (work: () => Promise<unknown>): Promise<readonly string[]> => {
  try {
    await work();
    return [];
  } catch (error) {
    if (!(error instanceof LockstepError)) throw error;
    return [`the run could not be recorded whole: ${messageOf(error)}`];
  }
};
