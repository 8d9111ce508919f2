/** Makes sure, before anything starts, that every pipeline that a run uses is valid, has the chosen steps, and starts only trusted code. */
import type { TargetRecord } from '../../domain/target.ts';
import { pipelineFor } from '../../domain/team-types.ts';
import { pipelineNamed } from '../main-pipelines.ts';
import { executesCode, requireTrust } from '../trust/trust.ts';
import { checkStepWords, chooseSteps } from './choose-steps.ts';
import type { Job } from './job.ts';
import { partOf } from './plan-target.ts';

/** Throws `usage` for words that mean no step and for steps that others need, `untrusted`, and what loading pipelines throws. */
export const beforeStart = async ({ main, request, tree }: Job, records: readonly TargetRecord[]): Promise<void> => {
  const { steps, part, env, mode, ask = null } = request;
  const names = [...new Set(records.map((record) => pipelineFor(main.project, record)))];
  const pipelines = names.map((name) => pipelineNamed(main, name));
  if (steps !== undefined && part === null) checkStepWords(pipelines, steps);
  const performed = pipelines.map((pipeline) => chooseSteps(partOf(pipeline, part), steps).pipeline);
  if (!performed.some((pipeline) => executesCode(main, pipeline))) return;
  await requireTrust(main, { env, tree, ask, keep: mode === 'real' });
};
