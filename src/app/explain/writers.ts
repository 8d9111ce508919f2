/** Which run on record changed something in a target last. Reads only. */
import { LockstepError } from '../../domain/errors.ts';
import { type FileState, sameState } from '../../domain/file-state.ts';
import type { RootedPath } from '../../domain/paths.ts';
import { type FileAction, fileActions, type TargetPlan } from '../../domain/plan.ts';
import { targetLinesOf } from '../../store/runs/log.ts';
import { readEnds, readPlans, recordedRuns } from '../../store/runs/read.ts';
import type { MainProject } from '../main-project.ts';

export interface Writer {
  readonly run: string;
  /** ISO 8601 UTC; null when the record does not say. */
  readonly time: string | null;
  readonly commit: string;
  /** Why the run wrote it. */
  readonly cause: string;
  /** What stood there when the run was done. */
  readonly left: FileState;
}

export interface Written extends Writer {
  readonly action: FileAction;
}

const planOf = (
  main: MainProject,
  run: string,
  target: string,
): { plan: TargetPlan; time: string | null } | undefined => {
  try {
    const { result } = readEnds(main.ports, main.state, run);
    const done = targetLinesOf(result?.results).some((one) => one.target === target && one.outcome === 'done');
    const plans = done ? readPlans(main.ports, main.state, run) : 'damaged';
    const plan = plans === 'damaged' ? undefined : plans[target];
    const time = typeof result?.finished === 'string' ? result.finished : null;
    return plan === undefined ? undefined : { plan, time };
  } catch (error) {
    // A record that cannot be read says nothing; another one may.
    if (!(error instanceof LockstepError)) throw error;
    return undefined;
  }
};

/** Every write of one path by runs that were done, newest first, read as far as they are asked for. */
export function* writesOf(main: MainProject, target: string, path: RootedPath): Generator<Written> {
  for (const run of recordedRuns(main.ports, main.state)) {
    const found = planOf(main, run, target);
    if (found === undefined) continue;
    const { plan, time } = found;
    const action = fileActions(plan).findLast((one) => one.path === path && !sameState(one.before, one.after));
    if (action === undefined) continue;
    yield { run, time, commit: plan.commit, cause: action.cause, left: action.after, action };
  }
}

/** The run on record that wrote, or removed, a path last; null when none did. */
export const lastWriter = (main: MainProject, target: string, path: RootedPath): Writer | null => {
  for (const { action: _action, ...writer } of writesOf(main, target, path)) return writer;
  return null;
};
