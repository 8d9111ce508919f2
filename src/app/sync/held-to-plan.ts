/** Holds a run to a plan file: every target is planned anew, and nothing starts unless all of it is as the file says. */
import { LockstepError, messageOf } from '../../domain/errors.ts';
import type { TargetRecord } from '../../domain/target.ts';
import { configurationDigest, type TargetInPlan, targetInPlan } from '../plan-file.ts';
import { movedInMain, movedInTarget, movedLines, stale } from '../plan-moved.ts';
import { waitingFor } from '../recover.ts';
import { type Job, usualJobs } from './job.ts';
import { type Planned, planForTarget } from './plan-target.ts';
import { rootsForScheduling } from './roots.ts';
import { sideBySide } from './side-by-side.ts';

interface Looked {
  readonly planned?: Planned;
  readonly moved: readonly string[];
}

const lookAt = async (job: Job, record: TargetRecord, then: TargetInPlan): Promise<Looked> => {
  const { main, request } = job;
  request.signal.throwIfAborted();
  if ((await waitingFor(main, record)).length > 0) return { moved: ['a run was cut off in it meanwhile'] };
  try {
    const planned = await planForTarget(job, record);
    return { planned, moved: movedInTarget(then, targetInPlan(planned)) };
  } catch (error) {
    if (!(error instanceof LockstepError) || error.code === 'interrupted') throw error;
    return { moved: [`it cannot be planned any more: ${messageOf(error)}`] };
  }
};

/**
 * The plans that the run starts from; none when it is held to no file.
 * Throws `plan-stale`, with everything that moved, and `plan-invalid` for another project's plan.
 */
export const heldToPlan = async (job: Job, records: readonly TargetRecord[]): Promise<ReadonlyMap<string, Planned>> => {
  const { main, request, facts } = job;
  const { plan } = request;
  if (plan === undefined) return new Map();
  if (plan.project !== main.project.id) {
    throw new LockstepError(
      'plan-invalid',
      `the plan is of the main project ${plan.project}; this is ${main.project.id}`,
      {
        hint: 'go to that project, or name it with -C <dir>',
      },
    );
  }
  const moved = movedInMain(plan, { commit: facts.commit, configuration: configurationDigest(main.project) });
  if (moved.length > 0) throw stale(moved);
  // What is printed while planning is told when the run plans again, under the locks.
  const silent: Job = { ...job, emit: () => {} };
  const pairs = plan.targets.flatMap((then) => {
    const record = records.find(({ name }) => name === then.target);
    return record === undefined ? [] : [{ then, record }];
  });
  const looked = await sideBySide(pairs, {
    jobs: request.jobs ?? usualJobs,
    roots: ({ record }) => rootsForScheduling(main, record),
    work: async ({ then, record }) => ({ name: record.name, ...(await lookAt(silent, record, then)) }),
  });
  const lines = movedLines(looked);
  if (lines.length > 0) throw stale(lines);
  return new Map(looked.flatMap(({ name, planned }) => (planned === undefined ? [] : [[name, planned] as const])));
};
