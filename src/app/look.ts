/** Looks anew at how one target stands against a commit of main, and says what makes it so. Starts no build and no pip, writes nothing. */
import type { Priority } from '../domain/change.ts';
import { errorCodes, LockstepError, messageOf } from '../domain/errors.ts';
import { fileActions, type TargetPlan } from '../domain/plan.ts';
import { quarantinesOf } from '../domain/quarantine.ts';
import type { TargetStatus } from '../domain/target.ts';
import { integrationOf } from '../integrations/index.ts';
import type { Assessment } from '../integrations/integration.ts';
import { planTarget } from '../pipeline/plan.ts';
import { stepKinds } from '../steps/index.ts';
import type { LookRequest } from './files-context.ts';
import type { MainProject } from './main-project.ts';
import { type Prepared, prepareLook } from './prepare.ts';
import { wentBack } from './went-back.ts';

export interface Seen {
  readonly status: TargetStatus;
  /** What made it so. */
  readonly cause: string;
  /** One line for each thing that a sync would bring in step. */
  readonly behind: readonly string[];
  readonly priority: Priority | null;
  /** The commit of its last complete sync. */
  readonly commit: string | null;
  readonly version: string | null;
  /** `main`: trouble of the main project kept from looking, which says nothing about the target. */
  readonly trouble: 'none' | 'target' | 'main';
}

/** Steps that can be planned from files alone. */
const cheapKinds = new Set(['copy', 'merge-config']);

/** What a sync that came to a bad end, or went back, left: it stays said until the target is in step. */
const lasting: readonly TargetStatus[] = ['failed', 'rolled_back', 'conflict'];

const behindLines = ({ steps }: TargetPlan): readonly string[] =>
  steps.flatMap((step) => {
    const [first, ...more] = fileActions({ steps: [step] });
    if (first === undefined) return [];
    const count = more.length === 0 ? '1 file' : `${more.length + 1} files`;
    return [`${step.id}: ${count} (${first.path}${more.length === 0 ? '' : ', …'})`];
  });

const cheapPlan = ({ context, pipeline, changes }: Prepared, env: LookRequest['env']): Promise<TargetPlan> =>
  planTarget({
    pipeline: { ...pipeline, steps: pipeline.steps.filter((step) => cheapKinds.has(step.uses)) },
    context,
    kinds: stepKinds,
    changes,
    env,
  });

/** What makes a target stand as it does, in one line. */
const causeOf = ({
  assessment,
  commit,
  behind,
  back,
}: {
  readonly assessment: Assessment;
  readonly commit: string;
  readonly behind: readonly string[];
  readonly back: string | undefined;
}): string => {
  const short = commit.slice(0, 10);
  const lag = `${behind.length} of its parts ${behind.length === 1 ? 'is' : 'are'} behind ${short}`;
  const linked = behind.length === 0 && assessment.state === 'linked' ? assessment.cause : undefined;
  const standing = behind.length === 0 ? `as ${short} has it` : lag;
  return [back, standing, linked, assessment.besides].filter((part) => part !== undefined).join('; ');
};

/** A pipeline that leaves the package alone leaves nothing of it to judge. */
const assess = ({ pipeline, layout, context }: Prepared): Promise<Assessment> | Assessment =>
  pipeline.steps.some(({ uses }) => uses === 'reinstall')
    ? integrationOf(layout.type).assess(context)
    : { state: 'in-step', cause: 'its pipeline reinstalls no package' };

const see = async (main: MainProject, request: LookRequest): Promise<Seen> => {
  const { record, commit, env } = request;
  const prepared = await prepareLook(main, request);
  const { context } = prepared;
  const { receipt } = context;
  const known = { commit: receipt?.commit ?? null, version: receipt?.version ?? record.sync_version };
  const assessment = await assess(prepared);
  if (assessment.state === 'unknown') {
    return { ...known, status: 'unknown', cause: assessment.cause, behind: [], priority: null, trouble: 'target' };
  }
  const plan = await cheapPlan(prepared, env);
  const packageBehind = assessment.state === 'behind';
  const behind = [...(packageBehind ? [`package: ${assessment.cause}`] : []), ...behindLines(plan)];
  const priority = behind.length === 0 ? null : context.changes.priority;
  const facts = { ...known, behind, priority, trouble: 'none' } as const;
  const parts = new Set([
    ...(packageBehind ? ['package'] : []),
    ...fileActions(plan).map((action) => action.component),
  ]);
  const back =
    behind.length === 0 || receipt === undefined
      ? undefined
      : await wentBack(main.repo, { receipt, parts, status: record.status });
  const cause = causeOf({ assessment, commit, behind, back });
  if (behind.length === 0) return { ...facts, status: 'synchronized', cause };
  const lasts = record.status_by_hand !== true && lasting.includes(record.status);
  // A rollback that was cut off after its commit could not tell the registry; its receipt says it.
  const takenBack = quarantinesOf(receipt).some((one) => one.commit === commit);
  const status = lasts ? record.status : takenBack ? 'rolled_back' : 'needs_sync';
  return { ...facts, status, cause: receipt === undefined ? 'never synced' : cause };
};

/** A target that cannot be looked at is `unknown`, with its cause. Throws only bugs and interruptions. */
export const look = async (main: MainProject, request: Omit<LookRequest, 'purpose'>): Promise<Seen> => {
  try {
    return await see(main, { ...request, purpose: 'status' });
  } catch (error) {
    if (!(error instanceof LockstepError) || error.code === 'interrupted') throw error;
    const { sync_commit, sync_version } = request.record;
    return {
      status: 'unknown',
      cause: messageOf(error),
      behind: [],
      priority: null,
      commit: sync_commit ?? null,
      version: sync_version,
      trouble: errorCodes[error.code] === errorCodes.usage ? 'main' : 'target',
    };
  }
};
