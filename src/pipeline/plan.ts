/** Computes a target's whole plan. Reads only: nothing in main, target or state changes while planning. */

import { runFacts, targetFacts } from '../config/facts.ts';
import { forTarget, LockstepError } from '../domain/errors.ts';
import type { EventBody } from '../domain/events.ts';
import type { StepPlan, TargetPlan } from '../domain/plan.ts';
import type { TargetContext } from '../integrations/target-context.ts';
import type { StepKind } from '../steps/step.ts';
import type { ChangesView, Pipeline, PipelineStep } from './pipeline.ts';
import { withPrintedOutput } from './printed-output.ts';

export interface PlanRequest {
  readonly pipeline: Pipeline;
  readonly context: TargetContext;
  readonly kinds: readonly StepKind[];
  readonly changes: ChangesView;
  readonly env: Readonly<Record<string, string>>;
  /** Where what programs print while a step is planned goes; nowhere when left out. */
  readonly emit?: (event: EventBody) => void;
}

const skip = (step: PipelineStep, cause: string): StepPlan => ({
  id: step.id,
  uses: step.uses,
  actions: [],
  skipped: cause,
  patch: {},
  warnings: [],
});

/** The kind behind `uses:`. Throws `pipeline-invalid`: loading should have refused it. */
export const kindOf = (kinds: readonly StepKind[], step: Pick<PipelineStep, 'uses'>): StepKind => {
  const kind = kinds.find((candidate) => candidate.name === step.uses);
  if (kind === undefined) throw new LockstepError('pipeline-invalid', `there is no step kind named ${step.uses}`);
  return kind;
};

const holds = (request: PlanRequest, step: PipelineStep): boolean =>
  request.context.run.full ||
  step.if === undefined ||
  step.if.holds({
    target: targetFacts(request.context),
    run: runFacts(request.context.run),
    env: request.env,
    changes: request.changes,
  });

const contextOf = ({ context, emit }: PlanRequest, step: PipelineStep): TargetContext =>
  emit === undefined ? context : withPrintedOutput(context, step.id, emit);

/**
 * Plans every step: in order, and those that need to know the others' actions last.
 * Throws what a step throws, with the target filled in.
 */
export const planTarget = async (request: PlanRequest): Promise<TargetPlan> => {
  const { pipeline, context, kinds } = request;
  const plans = new Map<string, StepPlan>();
  const late = (step: PipelineStep): boolean => kindOf(kinds, step).plansLast === true;
  const ordered = [...pipeline.steps.filter((step) => !late(step)), ...pipeline.steps.filter(late)];
  try {
    for (const step of ordered) {
      context.signal.throwIfAborted();
      plans.set(
        step.id,
        holds(request, step)
          ? await kindOf(kinds, step).plan(
              { ...contextOf(request, step), planned: [...plans.values()] },
              step.with,
              step.id,
            )
          : skip(step, `if: ${step.if?.source} does not hold`),
      );
    }
  } catch (error) {
    throw forTarget(error, context.target.name);
  }
  return {
    target: context.target.name,
    commit: context.run.commit,
    base: context.receipt?.commit ?? null,
    full: context.run.full,
    reason: context.run.reason,
    steps: pipeline.steps.flatMap((step) => plans.get(step.id) ?? []),
  };
};
