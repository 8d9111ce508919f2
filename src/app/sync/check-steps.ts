/** Refuses a choice of steps before anything starts, for every pipeline that the chosen targets use. */
import { namesOf } from '../../config/known-names.ts';
import type { TargetRecord } from '../../domain/target.ts';
import { loadPipeline } from '../../pipeline/load.ts';
import { checkStepWords, chooseSteps } from './choose-steps.ts';
import type { Job } from './job.ts';

/** Throws `usage` for words that mean no step and for steps that others need, and what loading pipelines throws. */
export const checkSteps = ({ main, request }: Job, records: readonly TargetRecord[]): void => {
  const { steps, part } = request;
  if (part !== null || steps === undefined) return;
  const names = [...new Set(records.map((record) => record.pipeline ?? record.type))];
  const pipelines = names.map((name) =>
    loadPipeline({ files: main.ports.files, root: main.git.mainWorktree, name, known: namesOf(main.project) }),
  );
  checkStepWords(pipelines, steps);
  for (const pipeline of pipelines) chooseSteps(pipeline, steps);
};
