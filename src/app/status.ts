/** How each target stands against the main project's commit. Starts no build and no pip, writes nothing. */

import type { Priority } from '../domain/change.ts';
import { LockstepError, messageOf } from '../domain/errors.ts';
import type { TargetRecord, TargetStatus } from '../domain/target.ts';
import { integrationOf } from '../integrations/index.ts';
import { planTarget } from '../pipeline/plan.ts';
import { stepKinds } from '../steps/index.ts';
import { openMainTree } from '../store/main-tree.ts';
import { readVerify } from '../store/runs.ts';
import { openWheels } from '../store/wheels.ts';
import type { TargetChoice } from './choose-targets.ts';
import { chooseTargets } from './choose-targets.ts';
import { commitOf, type MainProject } from './main-project.ts';
import { prepareTarget } from './prepare.ts';
import { waitingRuns } from './recover.ts';

export interface TargetStatusReport {
  readonly target: string;
  readonly path: string;
  readonly type: string;
  readonly status: TargetStatus;
  /** What made it so. */
  readonly cause: string;
  /** One line for each thing that a sync would bring in step. */
  readonly behind: readonly string[];
  readonly priority: Priority | null;
  readonly commit: string | null;
  readonly version: string | null;
  /** ISO 8601 UTC. */
  readonly lastSync: string | null;
  readonly backups: number;
  readonly verified: 'passed' | 'failed' | null;
}

export interface StatusRequest {
  readonly targets: TargetChoice;
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string>>;
}

/** Steps that can be planned from files alone. */
const cheapKinds = new Set(['copy', 'merge-config']);

const look = async (main: MainProject, record: TargetRecord, request: StatusRequest, commit: string) => {
  const prepared = await prepareTarget({
    main,
    record,
    tree: openMainTree(main.repo, commit),
    wheels: openWheels({ ports: main.ports, places: main.state, persist: 'scratch' }),
    run: { id: 'status', commit, full: false, reason: null, version: null, only: null, complete: false },
    signal: request.signal,
    env: request.env,
  });
  const assessment = await integrationOf(prepared.layout.type).assess(prepared.context);
  const plan = await planTarget({
    pipeline: { ...prepared.pipeline, steps: prepared.pipeline.steps.filter((step) => cheapKinds.has(step.uses)) },
    context: prepared.context,
    kinds: stepKinds,
    changes: prepared.changes,
    env: request.env,
  });
  const behind = plan.steps.flatMap((step) => {
    const files = step.actions.filter((action) => action.kind === 'file');
    return files.length === 0
      ? []
      : [
          `${step.id}: ${files.length} ${files.length === 1 ? 'file' : 'files'} (${files[0]?.path}${files.length > 1 ? ', …' : ''})`,
        ];
  });
  if (assessment.state === 'behind') behind.unshift(`package: ${assessment.cause}`);
  return { prepared, assessment, behind };
};

const report = (
  main: MainProject,
  record: TargetRecord,
  facts: Partial<TargetStatusReport> & Pick<TargetStatusReport, 'status' | 'cause'>,
): TargetStatusReport => ({
  target: record.name,
  path: record.path,
  type: record.type,
  behind: [],
  priority: null,
  commit: record.sync_commit ?? null,
  version: record.sync_version,
  lastSync: record.last_sync,
  backups: main.backups.list(record.name).length,
  verified: readVerify(main.ports, main.state, record.name)?.outcome ?? null,
  ...facts,
});

const statusOf = async (
  main: MainProject,
  record: TargetRecord,
  request: StatusRequest,
  commit: string,
): Promise<TargetStatusReport> => {
  if (waitingRuns(main, record).length > 0) {
    return report(main, record, {
      status: 'syncing',
      cause: 'a run is under way or was cut off: lockstep sync recover',
    });
  }
  try {
    const { prepared, assessment, behind } = await look(main, record, request, commit);
    const receipt = prepared.context.receipt;
    const facts = {
      behind,
      priority: behind.length === 0 ? null : prepared.context.changes.priority,
      commit: receipt?.commit ?? null,
      version: receipt?.version ?? record.sync_version,
    };
    if (assessment.state === 'unknown')
      return report(main, record, { ...facts, status: 'unknown', cause: assessment.cause });
    if (behind.length === 0) {
      const linked = assessment.state === 'linked' ? `; ${assessment.cause}` : '';
      return report(main, record, {
        ...facts,
        status: 'synchronized',
        cause: `as ${commit.slice(0, 10)} has it${linked}`,
      });
    }
    const held = record.status === 'failed' || record.status === 'rolled_back' || record.status === 'conflict';
    return report(main, record, {
      ...facts,
      status: held ? record.status : 'needs_sync',
      cause:
        receipt === undefined
          ? 'never synced'
          : `${behind.length} of its parts ${behind.length === 1 ? 'is' : 'are'} behind ${commit.slice(0, 10)}`,
    });
  } catch (error) {
    if (!(error instanceof LockstepError)) throw error;
    return report(main, record, { status: 'unknown', cause: messageOf(error) });
  }
};

/** Every chosen target's state; one that cannot be looked at is `unknown` with its cause. */
export const status = async (main: MainProject, request: StatusRequest): Promise<readonly TargetStatusReport[]> => {
  const commit = await commitOf(main.repo, 'HEAD');
  const reports: TargetStatusReport[] = [];
  for (const record of chooseTargets(main.registry.read().targets, request.targets)) {
    reports.push(await statusOf(main, record, request, commit));
  }
  return reports;
};
