/** Tells what became of one target: outcome, cause, counts, and the status that the registry gets. Pure. */
import { LockstepError, messageOf } from '../../domain/errors.ts';
import { countActions, type Outcome, type TargetResult } from '../../domain/events.ts';
import type { TargetPlan } from '../../domain/plan.ts';
import type { TargetRecord, TargetStatus } from '../../domain/target.ts';
import type { RunEnd } from '../../pipeline/run.ts';
import type { Job } from './job.ts';
import type { Planned } from './plan-target.ts';

type Told = Partial<TargetResult> & Pick<TargetResult, 'outcome' | 'cause' | 'took'>;
type Share = Pick<Job, 'facts'>;

const nothingCounted: TargetResult['counts'] = { added: 0, changed: 0, removed: 0, kept: 0 };

const resultOf = ({ facts }: Share, record: Pick<TargetRecord, 'name'>, told: Told): TargetResult => ({
  target: record.name,
  commit: facts.commit,
  version: facts.version,
  counts: nothingCounted,
  warnings: [],
  backup: null,
  ...told,
});

/** Why it was a full sync, or why it was run: the run log has it also of a run with nothing to do. */
const whyRun = ({ full, reason }: TargetPlan): string => {
  if (reason === null) return '';
  return full ? `; full sync: ${reason}` : `; reason: ${reason}`;
};

type Described = Pick<Planned, 'plan' | 'need' | 'complete'>;

const describe = (planned: Described): string => `${whatChanges(planned)}${whyRun(planned.plan)}`;

const whatChanges = ({ plan, need, complete }: Described): string => {
  if (need === 'nothing') return complete ? 'in step: nothing to sync' : 'nothing to sync in what was asked for';
  if (need === 'receipt') {
    return complete
      ? `no file of it changed: only the receipt moves to ${plan.commit.slice(0, 10)}`
      : 'no file of it changed: only the receipt is brought up to date';
  }
  const { added, changed, removed } = countActions(plan.steps);
  return `+${added} ~${changed} -${removed}`;
};

const countsOf = ({ plan, receipt }: Planned): TargetResult['counts'] => ({
  ...countActions(plan.steps),
  kept: receipt.decisions.filter((decision) => decision.choice === 'kept').length,
});

/** Nothing is left out without saying so. */
const leftOut = ({ left }: Pick<Planned, 'left'>): readonly string[] =>
  left.length === 0 ? [] : [`left out, and not looked at: ${left.join(', ')}`];

/** What a result says of any thrown value; a bug is shown whole, with how to report it. */
const errorFacts = (error: unknown): NonNullable<TargetResult['error']> =>
  error instanceof LockstepError
    ? {
        code: error.code,
        message: error.message,
        details: error.details,
        ...(error.hint === undefined ? {} : { hint: error.hint }),
      }
    : {
        code: 'bug',
        message: `something happened that Lockstep did not expect: ${messageOf(error)}`,
        details: error instanceof Error ? (error.stack ?? '').split('\n').slice(1) : [],
        hint: 'this is a bug of Lockstep: report these lines with what you typed',
      };

/** Trouble that says nothing about the target's state: its environment could not be asked. */
const unknownCodes = new Set(['python-unusable', 'target-missing', 'verify-unknown']);

const badOutcome = (code: string, otherwise: Outcome): Outcome => (unknownCodes.has(code) ? 'unknown' : otherwise);

/** Of a target for which nothing is done: in step already, or a dry run. */
export const plannedResult = (
  job: Share,
  planned: Planned,
  { record, took }: { readonly record: TargetRecord; readonly took: number },
): TargetResult =>
  resultOf(job, record, {
    outcome: planned.need === 'nothing' ? 'nothing-to-do' : 'planned',
    cause: describe(planned),
    counts: countsOf(planned),
    warnings: [...new Set([...planned.plan.steps.flatMap((step) => step.warnings), ...leftOut(planned)])],
    took,
  });

/** Of a target that an error kept from being changed. */
export const failedResult = (
  job: Pick<Job, 'facts' | 'request'>,
  error: unknown,
  { record, took }: { readonly record: TargetRecord; readonly took: number },
): TargetResult => {
  if (job.request.signal.aborted) {
    const message = 'interrupted before anything was changed';
    const facts = { code: 'interrupted', message };
    return resultOf(job, record, { outcome: 'interrupted', cause: message, took, error: facts });
  }
  const facts = errorFacts(error);
  return resultOf(job, record, { outcome: badOutcome(facts.code, 'failed'), cause: facts.message, took, error: facts });
};

/** Of a run that came to an end in the target: done, undone or interrupted. */
export const endedResult = (
  job: Share,
  { planned, end }: { readonly planned: Planned; readonly end: RunEnd },
  { record, took }: { readonly record: TargetRecord; readonly took: number },
): TargetResult => {
  const backup = end.outputs.get('backup')?.id;
  const left = end.undo?.left ?? [];
  const unfinished = end.undo?.unfinished ?? [];
  const counts = countsOf(planned);
  const shared = {
    warnings: [
      ...new Set([
        ...end.warnings,
        ...leftOut(planned),
        ...left.map((entry) => `left alone: ${entry.path}: ${entry.cause}`),
        ...unfinished.map((entry) => `not put back: ${entry.path}: ${entry.cause}; then: lockstep sync recover`),
      ]),
    ],
    ...(end.warned.length === 0 ? {} : { warned: end.warned }),
    backup: typeof backup === 'string' ? backup : null,
    took,
  };
  if (end.outcome === 'done')
    return resultOf(job, record, { ...shared, counts, outcome: 'done', cause: describe(planned) });
  const putBack =
    unfinished.length === 0 ? 'everything was put back' : `${unfinished.length} paths could not be put back`;
  const error = errorFacts(end.error);
  const interrupted = end.outcome === 'interrupted';
  return resultOf(job, record, {
    ...shared,
    counts: { ...nothingCounted, kept: counts.kept },
    outcome: interrupted ? 'interrupted' : badOutcome(error.code, 'undone'),
    cause: `${end.failedStep ?? 'commit'} failed; ${putBack}: ${error.message}`,
    error: interrupted ? { code: 'interrupted', message: `interrupted; ${putBack}` } : error,
  });
};

/** What the registry says of the target from then on. */
export const statusAfter = (result: Pick<TargetResult, 'outcome' | 'error'>): TargetStatus => {
  switch (result.outcome) {
    case 'done':
    case 'nothing-to-do':
      return 'synchronized';
    case 'planned':
    case 'interrupted':
      return 'needs_sync';
    case 'unknown':
      return 'unknown';
    case 'failed':
    case 'undone':
      if (result.error?.code === 'plan-stale') return 'needs_sync';
      return result.error?.code === 'conflict-refused' ? 'conflict' : 'failed';
  }
};
