/** Syncs one target of a run, and answers with a result whatever happens to it. */
import { forTarget, messageOf } from '../../domain/errors.ts';
import type { TargetResult } from '../../domain/events.ts';
import type { TargetRecord } from '../../domain/target.ts';
import { rememberEnd } from '../quarantine.ts';
import { endCutOff } from '../recover.ts';
import { afterwards, recordTarget } from '../target-record.ts';
import { applyLocked } from './apply.ts';
import type { Job } from './job.ts';
import { type Planned, planForTarget } from './plan-target.ts';
import { refusalOf } from './quarantined.ts';
import { failedResult, plannedResult, statusAfter } from './result.ts';

export interface TargetWork {
  /** The plan, where it was made before: a run that is held to a plan file makes all of them first. */
  readonly first?: Planned | undefined;
  /** Gets the plan as soon as it is known. */
  readonly planned: (planned: Planned) => void;
}

const stepsTaken = async (
  job: Job,
  record: TargetRecord,
  { took, first, planned: tell }: TargetWork & { readonly took: () => number },
): Promise<TargetResult> => {
  const { main, request, emit } = job;
  request.signal.throwIfAborted();
  await endCutOff(main, record, { mode: request.mode, emit });
  const planned = first ?? (await planForTarget(job, record));
  emit({ kind: 'target.planned', target: record.name, plan: planned.plan });
  tell(planned);
  const held = refusalOf(job, planned);
  if (planned.need !== 'nothing' && request.mode === 'real') {
    if (held !== undefined) throw held;
    return applyLocked(job, planned, { took });
  }
  const shown = plannedResult(job, planned, { record, took: took() });
  const result =
    held === undefined ? shown : { ...shown, warnings: [...shown.warnings, `${messageOf(held)}; ${held.hint}`] };
  const stale = record.status !== 'synchronized' || record.status_by_hand === true;
  if (request.mode === 'dry-run' || !planned.complete || !stale) return result;
  const trouble = await afterwards(() => recordTarget(main, record.name, { status: 'synchronized' }));
  return { ...result, warnings: [...result.warnings, ...trouble] };
};

/** Throws only bugs of its own: whatever happens to the target is its result. */
const tried = async (job: Job, record: TargetRecord, work: TargetWork): Promise<TargetResult> => {
  const { main, request, emit } = job;
  const { clock } = main.ports;
  const started = clock.ticks();
  const took = (): number => clock.ticks() - started;
  emit({ kind: 'target.started', target: record.name });
  try {
    return await stepsTaken(job, record, { ...work, took });
  } catch (error) {
    const result = failedResult(job, forTarget(error, record.name), { record, took: took() });
    // A target that another process is at work on is that process's to tell of; one that was left alone stands as it did.
    const silent = result.error?.code === 'locked' || result.error?.code === 'quarantined';
    if (request.mode === 'dry-run' || silent) return result;
    const trouble = await afterwards(() => recordTarget(main, record.name, { status: statusAfter(result) }));
    return { ...result, warnings: [...result.warnings, ...trouble] };
  }
};

/** Throws nothing: one target's failure never hides another's result. */
export const syncTarget = async (job: Job, record: TargetRecord, work: TargetWork): Promise<TargetResult> => {
  const { main, request, facts } = job;
  const result = await tried(job, record, work);
  // A run of some parts or steps says nothing about the commit as a whole.
  if (request.mode === 'dry-run' || request.part !== null || request.steps !== undefined) return result;
  const trouble = await afterwards(async () => rememberEnd(main, { result, run: facts.id }));
  return { ...result, warnings: [...result.warnings, ...trouble] };
};
