/** Plans one target of a run: every step's actions, the receipt that they lead to, and what they ask for. Reads only. */
import { needOf, nextReceipt, type PlanNeed, withoutStep } from '../../domain/next-receipt.ts';
import type { TargetPlan } from '../../domain/plan.ts';
import type { Receipt } from '../../domain/receipt.ts';
import type { TargetRecord } from '../../domain/target.ts';
import type { Pipeline, PipelineStep } from '../../pipeline/pipeline.ts';
import { planTarget } from '../../pipeline/plan.ts';
import { stepKinds } from '../../steps/index.ts';
import { type Prepared, prepareTarget } from '../prepare.ts';
import { type ChosenSteps, chooseSteps } from './choose-steps.ts';
import type { Job, Part } from './job.ts';

export interface Planned {
  readonly prepared: Prepared;
  /** With the steps that are left out, which the plan has as skipped. */
  readonly pipeline: Pipeline;
  readonly plan: TargetPlan;
  /** Whether nothing that changes a target was left out: the receipt then says that it has the whole commit. */
  readonly complete: boolean;
  /** Ids of the steps that are left out. */
  readonly left: readonly string[];
  /** As it will be committed when all goes well. */
  readonly receipt: Receipt;
  readonly need: PlanNeed;
}

/** The same steps, verifying what the part names; none of it where the part names nothing. */
const verifying = (steps: readonly PipelineStep[], suites: readonly string[]): readonly PipelineStep[] =>
  steps.flatMap((step) => {
    if (step.uses !== 'verify') return [step];
    return suites.length === 0 ? [] : [{ ...step, with: { ...step.with, suites } }];
  });

/** What a run of a part performs of a pipeline. */
export const partOf = (pipeline: Pipeline, part: Part | null): Pipeline => {
  if (part === null) return pipeline;
  const steps = pipeline.steps
    .filter((step) => part.uses.includes(step.uses))
    .map(({ if: _condition, ...step }) => step);
  const { suites } = part;
  return { ...pipeline, steps: verifying(steps, suites), onFailure: verifying(pipeline.onFailure, suites) };
};

/** The plan, with those that are left out where they stand in the pipeline. */
const withLeft = (plan: TargetPlan, all: Pipeline, { left }: ChosenSteps): TargetPlan => {
  const plans = new Map([...plan.steps, ...left].map((step) => [step.id, step]));
  return { ...plan, steps: all.steps.flatMap(({ id }) => plans.get(id) ?? []) };
};

/** A program that was left out while files change has not seen these files: the next sync starts it. */
const withoutPrograms = (receipt: Receipt, plan: TargetPlan, all: Pipeline, { pipeline }: ChosenSteps): Receipt => {
  if (plan.steps.every(({ actions }) => actions.every(({ kind }) => kind === 'note'))) return receipt;
  const performed = new Set(pipeline.steps.map(({ id }) => id));
  return all.steps
    .filter(({ id, uses }) => uses === 'run' && !performed.has(id))
    .reduce((without, { id }) => withoutStep(without, id), receipt);
};

/** Throws what preparing a target and planning its steps throw, with the target filled in. */
export const planForTarget = async (job: Job, record: TargetRecord): Promise<Planned> => {
  const { main, request, tree, wheels, facts } = job;
  const { signal, env, part, full } = request;
  const prepared = await prepareTarget({ main, record, tree, wheels, run: facts, signal, env });
  const { context, changes } = prepared;
  const pipeline = partOf(prepared.pipeline, part);
  const chosen = chooseSteps(pipeline, request.steps);
  const complete = part === null && chosen.complete;
  const performed = await planTarget({
    pipeline: chosen.pipeline,
    context,
    kinds: stepKinds,
    changes,
    env,
    emit: job.emit,
  });
  const plan = withLeft(performed, pipeline, chosen);
  const next = nextReceipt({
    current: context.receipt,
    plan,
    project: main.project.id,
    run: facts.id,
    time: main.ports.clock.now().toISOString(),
    complete,
  });
  const receipt = withoutPrograms(next, plan, prepared.pipeline, chosen);
  const need = full ? 'files' : needOf(plan, context.receipt, receipt);
  return { prepared, pipeline, plan, complete, left: chosen.left.map(({ id }) => id), receipt, need };
};
