/** Brings targets in step with one commit: plan, show, lock, apply under a transaction, record. */
import { forTarget, LockstepError, messageOf } from '../domain/errors.ts';
import { countActions, type EventBody, type TargetResult } from '../domain/events.ts';
import { needOf, nextReceipt, type PlanNeed } from '../domain/next-receipt.ts';
import type { TargetPlan } from '../domain/plan.ts';
import type { Receipt } from '../domain/receipt.ts';
import type { TargetRecord, TargetStatus } from '../domain/target.ts';
import type { RunFacts } from '../integrations/target-context.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import { planTarget } from '../pipeline/plan.ts';
import { type RunEnd, runTarget } from '../pipeline/run.ts';
import { openTransaction } from '../pipeline/transaction.ts';
import { stepKinds } from '../steps/index.ts';
import { acquireLock, rootLockPaths } from '../store/lock.ts';
import { type MainTree, openMainTree } from '../store/main-tree.ts';
import { openReceipts } from '../store/receipts.ts';
import { appendRunLog, newRunId, openRun, type RunRecord, saveVerify } from '../store/runs.ts';
import { openWheels, type WheelStore } from '../store/wheels.ts';
import { chooseTargets, type TargetChoice } from './choose-targets.ts';
import { exitCodeOf } from './exit-code.ts';
import { layoutOf, rememberLayout } from './layouts.ts';
import { commitOf, type MainProject } from './main-project.ts';
import { type Prepared, prepareTarget } from './prepare.ts';
import { recoverTarget, waitingRuns } from './recover.ts';
import { refuseMainPaths } from './refuse-main-paths.ts';

/** A part of the pipeline: `sync docs`, `config sync`. The receipt's commit stays where it was. */
export interface Part {
  readonly uses: readonly string[];
  readonly components: readonly string[];
  readonly suites: readonly string[];
}

export interface SyncRequest {
  readonly targets: TargetChoice;
  readonly mode: 'real' | 'dry-run';
  readonly full: boolean;
  readonly reason: string | null;
  readonly part: Part | null;
  readonly complete: boolean;
  readonly emit: (event: EventBody) => void;
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string>>;
}

export interface SyncReport {
  readonly run: string;
  readonly commit: string;
  readonly results: readonly TargetResult[];
  readonly exit: number;
}

interface Job {
  readonly main: MainProject;
  readonly request: SyncRequest;
  readonly tree: MainTree;
  readonly wheels: WheelStore;
  readonly facts: RunFacts;
  readonly emit: (event: EventBody) => void;
  readonly refuse: (absolute: string) => string | undefined;
}

interface Planned {
  readonly prepared: Prepared;
  readonly plan: TargetPlan;
  readonly receipt: Receipt;
  readonly need: PlanNeed;
}

const partOf = (pipeline: Pipeline, part: Part | null): Pipeline => {
  if (part === null) return pipeline;
  const steps = pipeline.steps
    .filter((step) => part.uses.includes(step.uses))
    .map(({ if: _condition, ...step }) =>
      step.uses === 'verify' ? { ...step, with: { ...step.with, suites: part.suites } } : step,
    );
  return { ...pipeline, steps: part.suites.length === 0 ? steps.filter((step) => step.uses !== 'verify') : steps };
};

const planOne = async (job: Job, record: TargetRecord): Promise<Planned & { pipeline: Pipeline }> => {
  const { main, request, tree, wheels, facts } = job;
  const prepared = await prepareTarget({
    main,
    record,
    tree,
    wheels,
    run: facts,
    signal: request.signal,
    env: request.env,
  });
  const pipeline = partOf(prepared.pipeline, request.part);
  const plan = await planTarget({
    pipeline,
    context: prepared.context,
    kinds: stepKinds,
    changes: prepared.changes,
    env: request.env,
  });
  const receipt = nextReceipt({
    current: prepared.context.receipt,
    plan,
    project: main.project.id,
    run: facts.id,
    time: main.ports.clock.now().toISOString(),
    complete: request.part === null,
  });
  const need = request.full ? 'files' : needOf(plan, prepared.context.receipt, receipt);
  return { prepared, plan, receipt, need, pipeline };
};

const describe = (plan: TargetPlan, need: PlanNeed): string => {
  if (need === 'nothing') return 'in step: nothing to sync';
  if (need === 'receipt') return `no file of it changed: only the receipt moves to ${plan.commit.slice(0, 10)}`;
  const { added, changed, removed } = countActions(plan.steps);
  return `+${added} ~${changed} -${removed}`;
};

const keptOf = (receipt: Receipt): number => receipt.decisions.filter((decision) => decision.choice === 'kept').length;

const resultOf = (
  job: Job,
  record: TargetRecord,
  facts: Partial<TargetResult> & Pick<TargetResult, 'outcome' | 'cause' | 'took'>,
): TargetResult => ({
  target: record.name,
  commit: job.facts.commit,
  version: job.facts.version,
  counts: { added: 0, changed: 0, removed: 0, kept: 0 },
  warnings: [],
  backup: null,
  ...facts,
});

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
        message: messageOf(error),
        details: error instanceof Error ? (error.stack ?? '').split('\n').slice(1) : [],
      };

/** Trouble that says nothing about the target's state: its environment could not be asked. */
const unknownCodes = new Set(['python-unusable', 'target-missing', 'verify-unknown']);

const failedResult = (job: Job, record: TargetRecord, error: unknown, took: number): TargetResult => {
  if (job.request.signal.aborted) {
    const message = 'interrupted before anything was changed';
    return resultOf(job, record, {
      outcome: 'interrupted',
      cause: message,
      took,
      error: { code: 'interrupted', message },
    });
  }
  const facts = errorFacts(error);
  const outcome = unknownCodes.has(facts.code) ? 'unknown' : 'failed';
  return resultOf(job, record, { outcome, cause: facts.message, took, error: facts });
};

const setStatus = async (main: MainProject, name: string, change: Partial<TargetRecord>): Promise<void> => {
  await main.registry.update((registry) => ({
    ...registry,
    targets: registry.targets.map((target) => {
      if (target.name !== name) return target;
      const { status_by_hand: _byHand, ...rest } = target;
      return { ...rest, ...change };
    }),
  }));
};

const statusAfter = (result: TargetResult): TargetStatus => {
  if (result.outcome === 'done' || result.outcome === 'nothing-to-do') return 'synchronized';
  if (result.outcome === 'interrupted') return 'needs_sync';
  if (result.error?.code === 'conflict-refused') return 'conflict';
  return result.outcome === 'unknown' ? 'unknown' : 'failed';
};

const applyPlan = async (
  job: Job,
  record: TargetRecord,
  planned: Planned & { pipeline: Pipeline },
): Promise<RunEnd> => {
  const { main } = job;
  const { context } = planned.prepared;
  const transaction = openTransaction({
    ports: main.ports,
    roots: context.layout.roots,
    target: record.name,
    run: job.facts.id,
    projectId: main.project.id,
    state: main.state,
    refuse: job.refuse,
    readBackup: (digest) => main.backups.read(digest),
  });
  if (planned.need === 'receipt') {
    const warnings = [
      ...planned.plan.steps.flatMap((step) => step.warnings),
      ...(await transaction.commit(planned.receipt)),
    ];
    return { outcome: 'done', failedStep: null, error: null, warnings, outputs: new Map(), undo: null };
  }
  return runTarget({
    pipeline: planned.pipeline,
    plan: planned.plan,
    context,
    kinds: stepKinds,
    contents: planned.prepared.contents,
    transaction,
    receipt: planned.receipt,
    emit: job.emit,
  });
};

const endOf = (job: Job, record: TargetRecord, planned: Planned, end: RunEnd, took: number): TargetResult => {
  const backup = end.outputs.get('backup')?.id;
  const left = end.undo?.left ?? [];
  const unfinished = end.undo?.unfinished ?? [];
  const putBack =
    unfinished.length === 0 ? 'everything was put back' : `${unfinished.length} paths could not be put back`;
  const shared = {
    counts: { ...countActions(planned.plan.steps), kept: keptOf(planned.receipt) },
    warnings: [
      ...new Set([
        ...end.warnings,
        ...left.map((entry) => `left alone: ${entry.path}: ${entry.cause}`),
        ...unfinished.map((entry) => `not put back: ${entry.path}: ${entry.cause}; then: lockstep sync recover`),
      ]),
    ],
    backup: typeof backup === 'string' ? backup : null,
    took,
  };
  if (end.outcome === 'done') {
    return resultOf(job, record, { ...shared, outcome: 'done', cause: describe(planned.plan, planned.need) });
  }
  const error = errorFacts(end.error);
  const none = { added: 0, changed: 0, removed: 0, kept: shared.counts.kept };
  return resultOf(job, record, {
    ...shared,
    counts: none,
    outcome: end.outcome === 'interrupted' ? 'interrupted' : unknownCodes.has(error.code) ? 'unknown' : 'undone',
    cause: `${end.failedStep ?? 'commit'} failed; ${putBack}: ${error.message}`,
    error: end.outcome === 'interrupted' ? { code: 'interrupted', message: `interrupted; ${putBack}` } : error,
  });
};

/** Locks the target's roots, looks again under the lock, and applies. */
const applyLocked = async (
  job: Job,
  record: TargetRecord,
  { first, took }: { readonly first: Planned & { pipeline: Pipeline }; readonly took: () => number },
): Promise<TargetResult> => {
  const { main } = job;
  const roots = first.prepared.layout.roots;
  const lock = await acquireLock(main.ports, rootLockPaths(roots), {
    what: `sync run ${job.facts.id} of ${record.name}`,
  });
  try {
    await setStatus(main, record.name, { status: 'syncing' });
    const receipts = openReceipts(main.ports);
    const now = receipts.read(roots, main.project.id);
    let planned = first;
    if (now?.run !== first.prepared.context.receipt?.run) {
      job.emit({ kind: 'target.warning', target: record.name, text: 'another run finished meanwhile: planned anew' });
      planned = await planOne(job, record);
      job.emit({ kind: 'target.planned', target: record.name, plan: planned.plan });
    }
    const end = await applyPlan(job, record, planned);
    const result = endOf(job, record, planned, end, took());
    await setStatus(main, record.name, {
      status: statusAfter(result),
      ...(result.outcome === 'done'
        ? {
            last_sync: planned.receipt.time,
            sync_version: planned.receipt.version,
            ...(planned.receipt.commit === null ? {} : { sync_commit: planned.receipt.commit }),
          }
        : {}),
    });
    if (result.outcome === 'done') rememberLayout(main, record, await layoutOf(main, record));
    return result;
  } finally {
    lock.release();
  }
};

const syncOne = async (job: Job, record: TargetRecord, record_: RunRecord | undefined): Promise<TargetResult> => {
  const { main, request } = job;
  const started = main.ports.clock.ticks();
  const took = (): number => main.ports.clock.ticks() - started;
  job.emit({ kind: 'target.started', target: record.name });
  try {
    request.signal.throwIfAborted();
    if (waitingRuns(main, record).length > 0) {
      if (request.mode === 'dry-run') {
        throw new LockstepError('target-changed', 'an earlier run was cut off here', { hint: 'lockstep sync recover' });
      }
      for (const text of await recoverTarget(main, record))
        job.emit({ kind: 'target.warning', target: record.name, text });
    }
    const planned = await planOne(job, record);
    job.emit({ kind: 'target.planned', target: record.name, plan: planned.plan });
    record_?.savePlan(record.name, planned.plan);
    const cause = describe(planned.plan, planned.need);
    const counts = { ...countActions(planned.plan.steps), kept: keptOf(planned.receipt) };
    const warnings = [...new Set(planned.plan.steps.flatMap((step) => step.warnings))];
    if (planned.need === 'nothing') {
      if (request.mode === 'real') {
        if (record.status !== 'synchronized' && request.part === null)
          await setStatus(main, record.name, { status: 'synchronized' });
      }
      return resultOf(job, record, { outcome: 'nothing-to-do', cause, counts, warnings, took: took() });
    }
    if (request.mode === 'dry-run')
      return resultOf(job, record, { outcome: 'planned', cause, counts, warnings, took: took() });
    return await applyLocked(job, record, { first: planned, took });
  } catch (error) {
    const result = failedResult(job, record, forTarget(error, record.name), took());
    if (request.mode === 'real' && result.error?.code !== 'locked') {
      await setStatus(main, record.name, { status: statusAfter(result) });
    }
    return result;
  }
};

const describeCommit = async (main: MainProject, commit: string): Promise<string | null> => {
  try {
    return (await main.repo.read(['describe', '--tags', commit])).trim();
  } catch {
    // No tag reaches the commit: there is no version to tell, which is no error.
    return null;
  }
};

const oneLine = (results: readonly TargetResult[]): string =>
  results.map((result) => `${result.target} ${result.outcome}: ${result.cause}`).join('; ');

/**
 * Syncs the chosen targets with HEAD's commit, one after the other; one target's failure never hides another's result.
 * Throws only for what is wrong before anything starts: configuration, registry, names, revision.
 */
export const sync = async (main: MainProject, request: SyncRequest): Promise<SyncReport> => {
  const { clock, files } = main.ports;
  const commit = await commitOf(main.repo, 'HEAD');
  const records = chooseTargets(main.registry.read().targets, request.targets);
  const id = newRunId(clock);
  const run = request.mode === 'real' ? openRun(main.ports, main.state, id) : undefined;
  const checks: Extract<EventBody, { kind: 'check.finished' }>[] = [];
  const emit = (event: EventBody): void => {
    request.emit(event);
    run?.event(event);
    if (event.kind === 'check.finished') checks.push(event);
  };
  const dirty = await main.repo.read(['status', '--porcelain', '--untracked-files=no']);
  const job: Job = {
    main,
    request,
    emit,
    tree: openMainTree(main.repo, commit),
    wheels: openWheels({
      ports: main.ports,
      places: main.state,
      persist: request.mode === 'real' ? 'store' : 'scratch',
    }),
    facts: {
      id,
      commit,
      full: request.full,
      reason: request.reason ?? (request.full ? 'asked for with --full' : null),
      version: await describeCommit(main, commit),
      only: request.part?.components ?? null,
      complete: request.complete,
    },
    refuse: await refuseMainPaths(main, files),
  };
  emit({
    kind: 'run.started',
    run: id,
    commit,
    targets: records.map((record) => record.name),
    dryRun: request.mode === 'dry-run',
  });
  if (dirty.trim() !== '') {
    emit({
      kind: 'target.warning',
      target: 'main',
      text: `uncommitted changes in ${main.git.root} are not synced: a run is of commit ${commit.slice(0, 10)}`,
    });
  }
  const results: TargetResult[] = [];
  for (const record of records) {
    const result = await syncOne(job, record, run);
    results.push(result);
    const seen = checks.filter((check) => check.target === record.name);
    if (result.outcome === 'done' && seen.length > 0) {
      const outcome = seen.every((check) => check.outcome === 'passed') ? 'passed' : 'failed';
      saveVerify(main.ports, main.state, {
        target: record.name,
        result: { outcome, time: clock.now().toISOString(), commit, checks: seen },
      });
    }
    emit({ kind: 'target.finished', result });
  }
  const exit = exitCodeOf(results);
  emit({ kind: 'run.finished', results, processes: main.ports.processes.counts(), exit });
  if (run !== undefined) {
    if (results.some((result) => result.outcome !== 'nothing-to-do')) run.finish({ commit, results, exit });
    appendRunLog(main.ports, main.state, {
      run: id,
      time: clock.now().toISOString(),
      commit,
      exit,
      line: oneLine(results),
    });
  }
  return { run: id, commit, results, exit };
};
