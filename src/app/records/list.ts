/** Runs as they are listed, newest first: those with a record, and those that only the log of runs knows. Reads only. */
import { LockstepError } from '../../domain/errors.ts';
import type { LockstepEvent } from '../../domain/events.ts';
import { newestFirst, timeOfRun } from '../../domain/run-policy.ts';
import { listJournals } from '../../store/journal.ts';
import { type RunLogEntry, readRunLog, type TargetLine, targetLinesOf } from '../../store/runs/log.ts';
import { readEnds, readRun, recordedRuns, type StoredRun, startedAt } from '../../store/runs/read.ts';
import type { MainProject } from '../main-project.ts';
import { receiptOf } from '../synced-state.ts';

/** `unreadable`: its record is damaged, or a newer Lockstep's. */
export type RunState = 'finished' | 'running' | 'cut-off' | 'unreadable';

export interface RunSummary {
  readonly run: string;
  readonly state: RunState;
  /** What makes it running, cut off or unreadable; null when it came to its end. */
  readonly cause: string | null;
  /** ISO 8601 UTC. */
  readonly started: string;
  readonly finished: string | null;
  readonly commit: string | null;
  readonly reason: string | null;
  readonly exit: number | null;
  /** The outcome is that of the result; `cut-off` and `not-reached` for targets that have none. */
  readonly targets: readonly TargetLine[];
}

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** What became of the targets of a run that was cut off, as far as it can be told. */
const cutOffTargets = (main: MainProject, { id, start, events }: StoredRun): readonly TargetLine[] => {
  const waiting = new Set(
    listJournals(main.ports, main.state)
      .filter(({ run }) => run === id)
      .map(({ target }) => target),
  );
  const committed = (target: string): boolean => {
    const record = main.registry.read().targets.find(({ name }) => name === target);
    try {
      return record !== undefined && receiptOf(main, record)?.run === id;
    } catch (error) {
      if (!(error instanceof LockstepError)) throw error;
      return false;
    }
  };
  const of = (target: string): readonly LockstepEvent[] =>
    events.filter((event) => ('target' in event ? event.target === target : false));
  return (start?.targets ?? []).map((target): TargetLine => {
    const finished = events.find((event) => event.kind === 'target.finished' && event.result.target === target);
    if (finished?.kind === 'target.finished') {
      const { outcome, cause } = finished.result;
      return { target, outcome, cause };
    }
    const recovered = of(target).findLast((event) => event.kind === 'target.recovered');
    if (recovered?.kind === 'target.recovered' && recovered.outcome !== 'blocked') {
      const undone = `undone since, ${recovered.restored} ${recovered.restored === 1 ? 'path' : 'paths'} put back`;
      const done = recovered.outcome === 'committed';
      return { target, outcome: done ? 'done' : 'cut-off', cause: done ? 'its receipt was in place' : undone };
    }
    if (waiting.has(target)) return { target, outcome: 'cut-off', cause: 'not undone yet: lockstep sync recover' };
    if (committed(target)) return { target, outcome: 'done', cause: 'its receipt is in place' };
    return of(target).some((event) => event.kind === 'target.started')
      ? { target, outcome: 'cut-off', cause: 'nothing of it is left to put back' }
      : { target, outcome: 'not-reached', cause: 'the run was cut off before its turn' };
  });
};

const ofLog = (entry: RunLogEntry): RunSummary => ({
  run: entry.run,
  state: entry.newer === undefined ? 'finished' : 'unreadable',
  cause: entry.newer === undefined ? null : `written by a newer Lockstep (version ${entry.newer} of the log's lines)`,
  started: entry.started || (timeOfRun(entry.run) ?? entry.time),
  finished: entry.time,
  commit: entry.commit,
  reason: entry.reason,
  exit: entry.exit,
  targets: entry.targets,
});

const unreadable = (run: string, cause: string, logged: RunLogEntry | undefined): RunSummary =>
  logged === undefined
    ? {
        run,
        state: 'unreadable',
        cause,
        started: timeOfRun(run) ?? '',
        finished: null,
        commit: null,
        reason: null,
        exit: null,
        targets: [],
      }
    : { ...ofLog(logged), state: 'unreadable', cause };

const withoutResult = (main: MainProject, run: string, start: StoredRun['start']): RunSummary => {
  const shared = {
    run,
    started: start?.time ?? timeOfRun(run) ?? '',
    finished: null,
    commit: start?.commit ?? null,
    reason: start?.reason ?? null,
    exit: null,
  };
  const owner = start?.owner ?? null;
  const life = owner === null ? 'dead' : main.ports.identity.alive(owner);
  const who = `process ${owner?.pid} on ${owner?.host}`;
  if (life !== 'dead') {
    const targets = (start?.targets ?? []).map((target) => ({ target, outcome: 'running', cause: '' }));
    return {
      ...shared,
      state: 'running',
      cause: life === 'alive' ? `${who} runs it` : `${who} may still run it`,
      targets,
    };
  }
  const targets = cutOffTargets(main, readRun(main.ports, main.state, run));
  return {
    ...shared,
    state: 'cut-off',
    cause: owner === null ? 'it has no result' : `${who} ended before it did`,
    targets,
  };
};

const ofRecord = (main: MainProject, run: string, logged: RunLogEntry | undefined): RunSummary => {
  try {
    const { start, result, damaged } = readEnds(main.ports, main.state, run);
    if (result === undefined) {
      // The log has a line only of runs that came to their end.
      if (logged !== undefined)
        return damaged.length === 0 ? ofLog(logged) : unreadable(run, `${damaged[0]} is damaged`, logged);
      return damaged.length === 0
        ? withoutResult(main, run, start)
        : unreadable(run, `${damaged[0]} is damaged`, logged);
    }
    return {
      run,
      state: 'finished',
      cause: null,
      started: text(result.started) ?? start?.time ?? timeOfRun(run) ?? '',
      finished: text(result.finished),
      commit: text(result.commit) ?? start?.commit ?? null,
      reason: text(result.reason) ?? start?.reason ?? null,
      exit: typeof result.exit === 'number' ? result.exit : null,
      targets: targetLinesOf(result.results),
    };
  } catch (error) {
    if (!(error instanceof LockstepError)) throw error;
    return unreadable(run, error.message, logged);
  }
};

/** Ids of all runs that are known, newest first. */
export const knownRuns = (main: MainProject): readonly string[] => {
  const { ports, state } = main;
  const log = new Map(readRunLog(ports, state).map((entry) => [entry.run, entry.started]));
  return newestFirst(
    new Set([...recordedRuns(ports, state), ...log.keys()]),
    (id) => log.get(id) || startedAt(ports, state, id),
  );
};

/** One run, by its whole id. */
export const summaryOf = (main: MainProject, run: string): RunSummary => {
  const logged = readRunLog(main.ports, main.state).findLast((entry) => entry.run === run);
  return recordedRuns(main.ports, main.state).includes(run) || logged === undefined
    ? ofRecord(main, run, logged)
    : ofLog(logged);
};

/** What cannot be read is listed with the cause. Throws nothing that a record could be the cause of. */
export const listRuns = (main: MainProject): readonly RunSummary[] => {
  const { ports, state } = main;
  const recorded = new Set(recordedRuns(ports, state));
  const log = new Map(readRunLog(ports, state).map((entry) => [entry.run, entry]));
  return knownRuns(main).map((run) => {
    const logged = log.get(run);
    return recorded.has(run) || logged === undefined ? ofRecord(main, run, logged) : ofLog(logged);
  });
};
