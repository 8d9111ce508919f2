/** Brings targets in step with one commit, some at a time, and leaves a record of the run. */
import type { EventBody, SyncOptions, TargetResult } from '../domain/events.ts';
import { openMainTree } from '../store/main-tree.ts';
import { newRunId, saveVerify } from '../store/runs.ts';
import { openWheels } from '../store/wheels.ts';
import { chooseTargets } from './choose-targets.ts';
import { exitCodeOf } from './exit-code.ts';
import { commitOf, type MainProject } from './main-project.ts';
import { type PlanFile, planFileOf, targetInPlan } from './plan-file.ts';
import { keepRecord } from './records/keep-record.ts';
import { versionOf } from './revisions.ts';
import { beforeStart } from './sync/before-start.ts';
import { heldToPlan } from './sync/held-to-plan.ts';
import { type Job, type SyncRequest, usualJobs } from './sync/job.ts';
import type { Planned } from './sync/plan-target.ts';
import { rootsForScheduling } from './sync/roots.ts';
import { sideBySide } from './sync/side-by-side.ts';
import { syncTarget } from './sync/sync-target.ts';
import { afterwards } from './target-record.ts';

export type { Part } from './sync/job.ts';

export interface SyncReport {
  readonly run: string;
  readonly commit: string;
  readonly results: readonly TargetResult[];
  readonly exit: number;
  /** What a dry run planned, as a file would hold it; null when it planned nothing whole. */
  readonly plan: PlanFile | null;
}

type CheckEvent = Extract<EventBody, { kind: 'check.finished' }>;

const openJob = async (
  main: MainProject,
  request: SyncRequest,
  { id, commit, emit }: { readonly id: string; readonly commit: string; readonly emit: Job['emit'] },
): Promise<Job> => ({
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
    version: await versionOf(main.repo, commit),
    only: request.part?.components ?? null,
    complete: request.complete,
  },
});

/** Says what of main a run leaves out because it is in no commit. */
const warnOfDirt = async ({ main, emit, facts }: Job): Promise<void> => {
  const dirty = await main.repo.read(['status', '--porcelain', '--untracked-files=no']);
  if (dirty.trim() === '') return;
  const text = `uncommitted changes in ${main.git.root} are not synced: a run is of commit ${facts.commit.slice(0, 10)}`;
  emit({ kind: 'target.warning', target: 'main', text });
};

/** Keeps what the checks of a target that was synced said, as its last verification. */
const keepVerify = async (
  { main, facts }: Job,
  result: TargetResult,
  all: readonly CheckEvent[],
): Promise<TargetResult> => {
  const { target } = result;
  const checks = all.filter((check) => check.target === target);
  if (result.outcome !== 'done' || checks.length === 0) return result;
  const outcome = checks.every((check) => check.outcome === 'passed') ? 'passed' : 'failed';
  const time = main.ports.clock.now().toISOString();
  const trouble = await afterwards(async () =>
    saveVerify(main.ports, main.state, { target, result: { outcome, time, commit: facts.commit, checks } }),
  );
  return { ...result, warnings: [...result.warnings, ...trouble] };
};

const optionsOf = ({ full, complete, steps, part }: SyncRequest): SyncOptions => ({
  full,
  complete,
  only: steps?.only ?? null,
  skip: steps?.skip ?? [],
  part,
});

const planOf = (job: Job, planned: readonly Planned[]): PlanFile | null =>
  job.request.mode === 'real' || job.request.part !== null || planned.length === 0
    ? null
    : planFileOf(job, planned.map(targetInPlan));

/**
 * Syncs the chosen targets with HEAD's commit, some at a time; one target's failure never hides another's result.
 * Throws only for what is wrong before anything starts: configuration, registry, names, revision, a plan that moved.
 */
export const sync = async (main: MainProject, request: SyncRequest): Promise<SyncReport> => {
  const { ports } = main;
  const commit = await commitOf(main.repo, 'HEAD');
  const records = chooseTargets(main.registry.read().targets, request.targets);
  const id = newRunId(ports.clock);
  const { mode, reason, env, emit: tell } = request;
  const checks: CheckEvent[] = [];
  const record = keepRecord(main, {
    run: id,
    mode,
    reason,
    env,
    tell: (event) => {
      tell(event);
      if (event.kind === 'check.finished') checks.push(event);
    },
  });
  const { emit } = record;
  const job = await openJob(main, request, { id, commit, emit });
  await beforeStart(job, records);
  const first = await heldToPlan(job, records);
  const targets = records.map((record) => record.name);
  emit({
    kind: 'run.started',
    run: id,
    commit,
    targets,
    dryRun: mode === 'dry-run',
    ...(reason === null ? {} : { reason }),
    options: optionsOf(request),
  });
  await warnOfDirt(job);
  const plans = new Map<string, Planned>();
  const results = await sideBySide(records, {
    jobs: request.jobs ?? usualJobs,
    roots: (target) => rootsForScheduling(main, target),
    work: async (target) => {
      const told = await syncTarget(job, target, {
        first: first.get(target.name),
        planned: (planned) => void plans.set(target.name, planned),
      });
      const result = record.masked(await keepVerify(job, told, checks));
      emit({ kind: 'target.finished', result });
      return result;
    },
  });
  const exit = exitCodeOf(results, request.signal);
  const trouble = record.trouble();
  if (trouble !== null)
    emit({ kind: 'target.warning', target: 'main', text: `the run is not recorded whole: ${trouble}` });
  emit({ kind: 'run.finished', results, processes: ports.processes.counts(), exit });
  await record.close({ commit, results, exit });
  const planned = targets.flatMap((name) => plans.get(name) ?? []);
  return { run: id, commit, results, exit, plan: planOf(job, planned) };
};
