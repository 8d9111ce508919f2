/** Computes a target's whole plan. Reads only: nothing in main, target or state changes while planning. */

import { forTarget, LockstepError } from '../domain/errors.ts';
import type { EventBody } from '../domain/events.ts';
import type { Action, StepPlan, TargetPlan } from '../domain/plan.ts';
import type { TargetContext } from '../integrations/target-context.ts';
import type { StepKind } from '../steps/step.ts';
import type { ChangesView, Pipeline, PipelineStep } from './pipeline.ts';
import { withPrintedOutput } from './printed-output.ts';
import { conditionHolds, forStep, needsOutputs } from './step-values.ts';

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

/** What is decided while planning; a condition that needs outputs is decided right before its step. */
const holds = (request: PlanRequest, step: PipelineStep): boolean =>
  request.context.run.full || step.if?.needsOutputs === true || conditionHolds(request.context, step, request);

const unsure = (action: Action): Action => (action.kind === 'note' ? { ...action, sign: '?' } : action);

/** A step that reads outputs, as far as it is known: nothing of it goes into the receipt that is not. */
const deferred = (step: PipelineStep, plan: StepPlan): StepPlan => {
  if (plan.skipped !== null) return plan;
  const condition: readonly Action[] =
    step.if?.needsOutputs === true ? [{ kind: 'note', sign: '?', text: `if: ${step.if.source}` }] : [];
  const { steps } = plan.patch;
  return {
    ...plan,
    actions: [...condition, ...plan.actions.map(unsure)],
    patch: steps === undefined ? {} : { steps },
    deferred: true,
  };
};

const contextOf = ({ context, emit }: PlanRequest, step: PipelineStep): TargetContext =>
  emit === undefined ? context : withPrintedOutput(context, step.id, emit);

const planStep = async (request: PlanRequest, step: PipelineStep, planned: readonly StepPlan[]): Promise<StepPlan> => {
  if (!holds(request, step)) return skip(step, `if: ${step.if?.source} does not hold`);
  const context = forStep(contextOf(request, step), step, request);
  const plan = await kindOf(request.kinds, step).plan({ ...context, planned }, step.with, step.id);
  return needsOutputs(step) ? deferred(step, plan) : plan;
};

/** Those that need to know what others touch are planned after them. */
const rank = (kind: StepKind): number => (kind.plansLast ? 2 : kind.plansLate ? 1 : 0);

/**
 * Plans every step: in order, and those that need to know the others' actions last.
 * Throws what a step throws, with the target filled in.
 */
export const planTarget = async (request: PlanRequest): Promise<TargetPlan> => {
  const { pipeline, context, kinds } = request;
  const plans = new Map<string, StepPlan>();
  const rankOf = (step: PipelineStep): number => rank(kindOf(kinds, step));
  const ordered = [...pipeline.steps].sort((a, b) => rankOf(a) - rankOf(b));
  try {
    for (const step of ordered) {
      context.signal.throwIfAborted();
      plans.set(step.id, await planStep(request, step, [...plans.values()]));
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
