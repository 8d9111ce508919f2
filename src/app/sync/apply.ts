/** Applies one target's plan under the locks of its roots, and tells the registry what became of it. */
import type { TargetResult } from '../../domain/events.ts';
import type { TargetStatus } from '../../domain/target.ts';
import { type RunEnd, runTarget } from '../../pipeline/run.ts';
import { stepKinds } from '../../steps/index.ts';
import { acquireLock, layoutLockPaths } from '../../store/lock.ts';
import { openReceipts } from '../../store/receipts.ts';
import { layoutOf, rememberLayout } from '../layouts.ts';
import { look } from '../look.ts';
import { transactionIn } from '../open-transaction.ts';
import { targetInPlan } from '../plan-file.ts';
import { movedInTarget, stale } from '../plan-moved.ts';
import { endCutOffLocked } from '../recover.ts';
import { afterwards, recordTarget } from '../target-record.ts';
import { underLock } from '../under-lock.ts';
import type { Job } from './job.ts';
import { type Planned, planForTarget } from './plan-target.ts';
import { refusalOf } from './quarantined.ts';
import { endedResult, statusAfter } from './result.ts';

const applyPlan = async (job: Job, planned: Planned): Promise<RunEnd> => {
  const { main, facts } = job;
  const { prepared, plan, pipeline, receipt } = planned;
  const { context, record } = prepared;
  const transaction = await transactionIn(main, {
    target: record.name,
    roots: context.layout.roots,
    run: facts.id,
  });
  if (planned.need === 'receipt') {
    const warnings = [...plan.steps.flatMap((step) => step.warnings), ...(await transaction.commit(receipt))];
    return {
      outcome: 'done',
      failedStep: null,
      error: null,
      warnings,
      warned: [],
      outputs: new Map(),
      undo: null,
      receipt,
    };
  }
  return runTarget({
    pipeline,
    plan,
    context,
    kinds: stepKinds,
    contents: prepared.contents,
    transaction,
    receipt,
    changes: prepared.changes,
    env: job.request.env,
    emit: job.emit,
  });
};

/** A run of some steps says nothing of the rest of the target: that is looked at. */
const statusNow = async (job: Job, planned: Planned, result: TargetResult): Promise<TargetStatus> => {
  const { main, request, facts } = job;
  if (planned.complete || result.outcome !== 'done') return statusAfter(result);
  const { signal, env } = request;
  const { record } = planned.prepared;
  return (await look(main, { record, commit: facts.commit, signal, env })).status;
};

/** From the commit on nothing makes a run fail: the receipt stands, and the next look corrects what lags behind it. */
const tellRegistry = (
  job: Job,
  { planned, end }: { readonly planned: Planned; readonly end: RunEnd },
  result: TargetResult,
): Promise<readonly string[]> =>
  afterwards(async () => {
    const { main } = job;
    const { record } = planned.prepared;
    const receipt = end.receipt ?? planned.receipt;
    if (result.outcome !== 'done') return recordTarget(main, record.name, { status: statusAfter(result) });
    await recordTarget(main, record.name, {
      status: await statusNow(job, planned, result),
      last_sync: receipt.time,
      sync_version: receipt.version,
      ...(receipt.commit === null ? {} : { sync_commit: receipt.commit }),
    });
    rememberLayout(main, record, await layoutOf(main, record));
  });

/**
 * What is applied, looked at under the locks: as it was planned, unless another run finished meanwhile. A run that is held
 * to a plan file plans every target anew. Throws `plan-stale` when that is no longer what the file says.
 */
const planUnderLock = async (job: Job, first: Planned): Promise<Planned> => {
  const { main, request, emit } = job;
  const { record, layout, context } = first.prepared;
  const target = record.name;
  const { lines } = await endCutOffLocked(main, record, { roots: layout.roots, emit });
  const then = request.plan?.targets.find((one) => one.target === target);
  if (then !== undefined) {
    const planned = await planForTarget(job, record);
    const moved = movedInTarget(then, targetInPlan(planned));
    if (moved.length > 0) throw stale(moved);
    return planned;
  }
  const receipt = openReceipts(main.ports).read(layout.roots, main.project.id);
  if (lines.length === 0 && receipt?.run === context.receipt?.run) return first;
  const what = lines.length === 0 ? 'finished' : 'was cut off';
  emit({ kind: 'target.warning', target, text: `another run ${what} meanwhile: planned anew` });
  const planned = await planForTarget(job, record);
  emit({ kind: 'target.planned', target, plan: planned.plan });
  return planned;
};

/** What a run comes to under its locks. */
const runLocked = async (
  job: Job,
  first: Planned,
  { took }: { readonly took: () => number },
): Promise<TargetResult> => {
  const { main } = job;
  const { record } = first.prepared;
  const planned = await planUnderLock(job, first);
  // A rollback may have come to its end since it was planned.
  const held = planned === first ? undefined : refusalOf(job, planned);
  if (held !== undefined) throw held;
  await recordTarget(main, record.name, { status: 'syncing' });
  const end = await applyPlan(job, planned);
  const result = endedResult(job, { planned, end }, { record, took: took() });
  const trouble = await tellRegistry(job, { planned, end }, result);
  return { ...result, warnings: [...result.warnings, ...trouble] };
};

/**
 * Locks, looks once more whether another run finished meanwhile, and applies.
 * Throws `locked`, and what planning anew throws; a step's failure is a result.
 */
export const applyLocked = async (
  job: Job,
  first: Planned,
  facts: { readonly took: () => number },
): Promise<TargetResult> => {
  const { record, layout } = first.prepared;
  const what = `sync run ${job.facts.id} of ${record.name}`;
  const lock = await acquireLock(job.main.ports, layoutLockPaths(layout), { what });
  const { answer, trouble } = await underLock(lock, () => runLocked(job, first, facts));
  return { ...answer, warnings: [...answer.warnings, ...trouble] };
};
