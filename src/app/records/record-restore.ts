/** Keeps the record of a restore, as of any other run: the receipt names it, and `sync show` tells of it. */
import { LockstepError, messageOf } from '../../domain/errors.ts';
import { countActions, type EventBody, type Outcome, type TargetResult } from '../../domain/events.ts';
import type { TargetPlan } from '../../domain/plan.ts';
import type { MainProject } from '../main-project.ts';
import { type Proof, unproven } from '../restore/prove.ts';
import { keepRecord } from './keep-record.ts';

export interface RestoreFacts<Done> {
  readonly run: string;
  readonly plan: TargetPlan;
  /** The backup that it goes back to. */
  readonly backup: string;
  readonly env: Readonly<Record<string, string>>;
  /** Does it; everything is put back when it throws. */
  readonly apply: (emit: (event: EventBody) => void) => Promise<Done>;
}

interface Done {
  readonly undoWith: string | null;
  readonly warnings: readonly string[];
  /** What the target's suites said of it afterwards. */
  readonly verified: Pick<Proof, 'outcome' | 'cause'>;
}

/** Answers with what `apply` does and throws what it throws; trouble with the record changes nothing of it. */
export const recordRestore = async <D extends Done>(main: MainProject, facts: RestoreFacts<D>): Promise<D> => {
  const { run, plan, backup, env, apply } = facts;
  const { clock } = main.ports;
  const { target, commit } = plan;
  const began = clock.ticks();
  const record = keepRecord(main, { run, mode: 'real', reason: `restore of ${backup}`, env, tell: () => {} });
  const step = 'restore';
  const close = async (
    told: Pick<TargetResult, 'outcome' | 'cause'> & Partial<TargetResult>,
    exit: number,
  ): Promise<void> => {
    const took = clock.ticks() - began;
    const failed = told.error !== undefined;
    record.emit({
      kind: 'step.finished',
      target,
      step,
      outcome: failed ? 'failed' : 'done',
      cause: failed ? told.cause : '',
      took,
    });
    const nothing = { added: 0, changed: 0, removed: 0 };
    const counts = { ...(failed ? nothing : countActions(plan.steps)), kept: 0 };
    const result = record.masked({ target, commit, version: null, counts, warnings: [], backup: null, took, ...told });
    record.emit({ kind: 'target.finished', result });
    await record.close({ commit, results: [result], exit });
  };
  record.emit({ kind: 'run.started', run, commit, targets: [target], dryRun: false, reason: `restore of ${backup}` });
  record.emit({ kind: 'target.started', target });
  record.emit({ kind: 'target.planned', target, plan });
  try {
    record.emit({ kind: 'step.started', target, step, uses: step });
    const done = await apply(record.emit);
    const bad = unproven(done.verified);
    const warnings = bad ? [...done.warnings, `verify: ${done.verified.cause}`] : done.warnings;
    const cause = `as backup ${backup} has it`;
    await close({ outcome: 'done', cause, backup: done.undoWith, warnings }, bad ? 4 : 0);
    return done;
  } catch (error) {
    const known = error instanceof LockstepError;
    const outcome: Outcome = known && error.code === 'locked' ? 'failed' : 'undone';
    const facts = known
      ? {
          code: error.code,
          message: error.message,
          details: error.details,
          ...(error.hint === undefined ? {} : { hint: error.hint }),
        }
      : { code: 'bug', message: messageOf(error) };
    await close({ outcome, cause: messageOf(error), error: facts }, 5);
    throw error;
  }
};
