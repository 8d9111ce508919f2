/** Keeps the record of one run while it goes on, and closes it: what is told of the run is what is kept, without secrets. */
import type { EventBody, TargetResult } from '../../domain/events.ts';
import { appendRunLog, openRun } from '../../store/runs.ts';
import type { MainProject } from '../main-project.ts';
import { openGuard } from './guard.ts';
import { retainRuns, tidily, withRunsLocked } from './retention.ts';

export interface RecordRequest {
  readonly run: string;
  /** A dry run is told and not kept. */
  readonly mode: 'real' | 'dry-run';
  readonly reason: string | null;
  readonly env: Readonly<Record<string, string>>;
  /** Where events go besides: a face. */
  readonly tell: (event: EventBody) => void;
}

export interface RunEnd {
  readonly commit: string;
  readonly results: readonly TargetResult[];
  readonly exit: number;
}

export interface KeptRecord {
  /** Tells and keeps an event, masked. */
  readonly emit: (event: EventBody) => void;
  /** A result as it is told. */
  readonly masked: (result: TargetResult) => TargetResult;
  /** Why the record is not whole so far; null when it is. To be told before the run's end is. */
  readonly trouble: () => string | null;
  /**
   * Writes the result and the line in the log, and lets old records go. Its trouble changes nothing of the run: lines.
   * Nothing is done for a dry run.
   */
  readonly close: (end: RunEnd) => Promise<readonly string[]>;
}

const oneLine = (results: readonly TargetResult[]): string =>
  results.map((result) => `${result.target} ${result.outcome}: ${result.cause}`).join('; ');

/** Opens the record of a run. Nothing is written before a step starts or the run ends. */
export const keepRecord = (main: MainProject, { run: id, mode, reason, env, tell }: RecordRequest): KeptRecord => {
  const { ports, state } = main;
  const started = ports.clock.now().toISOString();
  const guard = openGuard({ main, env });
  const run = mode === 'real' ? openRun(ports, state, id) : undefined;
  return {
    masked: guard.result,
    trouble: () => run?.trouble() ?? null,
    emit: (event) => {
      for (const safe of guard.pass(event)) {
        tell(safe);
        run?.event(safe);
      }
    },
    close: async ({ commit, results, exit }) => {
      if (run === undefined) return [];
      if (results.some((result) => result.outcome !== 'nothing-to-do')) run.finish({ commit, results, exit, reason });
      const targets = results.map(({ target, outcome, cause }) => ({ target, outcome, cause }));
      const time = ports.clock.now().toISOString();
      return tidily(() =>
        withRunsLocked(main, `the record of run ${id}`, () => {
          appendRunLog(ports, state, { run: id, started, time, commit, exit, reason, line: oneLine(results), targets });
          retainRuns(main);
        }),
      );
    },
  };
};
