/** Finds the targets that did not succeed in an earlier run, and what that run was asked for. Reads only. */
import { LockstepError } from '../domain/errors.ts';
import type { LockstepEvent, SyncOptions } from '../domain/events.ts';
import { readRunLog } from '../store/runs/log.ts';
import { readRun } from '../store/runs/read.ts';
import type { MainProject } from './main-project.ts';
import { findRun } from './records/find.ts';

export interface Retry {
  readonly run: string;
  /** Those that did not succeed and are still registered. */
  readonly targets: readonly string[];
  /** Those that did not succeed and are registered no more. */
  readonly gone: readonly string[];
  readonly options: SyncOptions;
  readonly reason: string | null;
}

const succeeded: readonly string[] = ['done', 'nothing-to-do'];

const failedIn = (targets: readonly string[], events: readonly LockstepEvent[]): readonly string[] => {
  const ended = new Map(
    events.flatMap((event) =>
      event.kind === 'target.finished' ? [[event.result.target, event.result.outcome] as const] : [],
    ),
  );
  // One that was not reached before the run was cut off did not succeed either.
  return targets.filter((target) => !succeeded.includes(ended.get(target) ?? ''));
};

const nothingAsked: SyncOptions = { full: false, complete: false, only: null, skip: [], part: null };

/** Of a run whose record is gone, or that had nothing to do and left none. */
const fromLog = (main: MainProject, run: string): Retry => {
  const entry = readRunLog(main.ports, main.state).findLast((line) => line.run === run);
  const failed = (entry?.targets ?? []).filter(({ outcome }) => !succeeded.includes(outcome));
  if (entry !== undefined && failed.length === 0)
    return { run, targets: [], gone: [], options: nothingAsked, reason: null };
  throw new LockstepError(
    'usage',
    `what run ${run} was asked for is not recorded any more, so it cannot be asked again`,
    {
      hint:
        failed.length === 0
          ? 'name the targets: lockstep sync run --target <name>'
          : `lockstep sync run --target ${failed.map(({ target }) => target).join(' ')}`,
    },
  );
};

/**
 * Of the newest run, or of the one that a word means.
 * Throws `unknown-name` with the nearest run, `usage` for one that was no sync, `locked` for one that still goes on.
 */
export const failedBefore = (main: MainProject, word = 'last'): Retry => {
  const run = findRun(main, word);
  const { events, start, result } = readRun(main.ports, main.state, run);
  const started = events.find((event) => event.kind === 'run.started');
  if (started === undefined) return fromLog(main, run);
  if (started.options === undefined) {
    throw new LockstepError('usage', `run ${run} was no sync, or one of an older Lockstep: it cannot be asked again`, {
      hint: 'name the targets: lockstep sync run --target <name>',
    });
  }
  const owner = start?.owner ?? null;
  if (result === undefined && owner !== null && main.ports.identity.alive(owner) === 'alive') {
    throw new LockstepError('locked', `run ${run} still goes on (process ${owner.pid} on ${owner.host})`, {
      hint: 'wait for its end, then run the same command again',
    });
  }
  const failed = failedIn(started.targets, events);
  const registered = new Set(main.registry.read().targets.map(({ name }) => name));
  return {
    run,
    targets: failed.filter((name) => registered.has(name)),
    gone: failed.filter((name) => !registered.has(name)),
    options: started.options,
    reason: started.reason ?? null,
  };
};
