/** Computes a target's whole plan. Reads only: nothing in main, target or state changes while planning. */
import { forTarget, LockstepError } from '../domain/errors.ts';
import type { StepPlan, TargetPlan } from '../domain/plan.ts';
import type { TargetContext } from '../integrations/target-context.ts';
import type { StepKind } from '../steps/step.ts';
import type { ChangesView, Pipeline, PipelineStep } from './pipeline.ts';

export interface PlanRequest {
  readonly pipeline: Pipeline;
  readonly context: TargetContext;
  readonly kinds: readonly StepKind[];
  readonly changes: ChangesView;
  readonly env: Readonly<Record<string, string>>;
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

const conditionFacts = ({ target, layout, run }: TargetContext) => ({
  target: { ...target, ...targetFacts({ target, layout }) },
  run: { id: run.id, commit: run.commit, full: run.full, reason: run.reason ?? '', version: run.version ?? '' },
});

/** What `target` holds in expressions and templates. Paths are absolute; empty strings where the target has none. */
export const targetFacts = ({ target, layout }: Pick<TargetContext, 'target' | 'layout'>): Record<string, unknown> => ({
  name: target.name,
  type: layout.type,
  path: layout.roots.target,
  python: layout.python?.executable ?? target.python ?? '',
  python_version: layout.python?.version ?? '',
  package_dir: layout.packageDir ?? '',
  site: layout.site ?? '',
  checkout: layout.checkout ?? '',
  labels: target.labels ?? [],
});

const holds = (request: PlanRequest, step: PipelineStep): boolean =>
  request.context.run.full ||
  step.if === undefined ||
  step.if.holds({ ...conditionFacts(request.context), env: request.env, changes: request.changes });

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
          ? await kindOf(kinds, step).plan({ ...context, planned: [...plans.values()] }, step.with, step.id)
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
