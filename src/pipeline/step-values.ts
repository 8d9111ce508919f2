/** What a step's templates and condition become: as far as it is known while planning, and all of it right before the step. */
import { runFacts, targetFacts } from '../config/facts.ts';
import { maskable } from '../domain/mask-text.ts';
import { isSecret, mask } from '../domain/secrets.ts';
import type { TargetContext } from '../integrations/target-context.ts';
import type { StepContext, StepValues } from '../steps/step.ts';
import type { ChangesView, PipelineStep, StepsView } from './pipeline.ts';
import { fillTemplate, readsOutputs, withExpressions } from './templates.ts';

export interface ValueSources {
  readonly env: Readonly<Record<string, string>>;
  readonly changes: ChangesView;
  /** What earlier steps gave; left out while planning. */
  readonly steps?: StepsView;
}

const textsIn = (value: unknown): readonly string[] => {
  if (typeof value === 'string') return [value];
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(textsIn) : [];
};

/** Whether a step reads what earlier ones give: what it does is known only right before it. */
export const needsOutputs = (step: PipelineStep): boolean =>
  step.if?.needsOutputs === true || [...textsIn(step.with), ...textsIn(step.env)].some(readsOutputs);

const variablesOf = (context: TargetContext, { env, changes, steps }: ValueSources) => ({
  target: targetFacts(context),
  run: runFacts(context.run),
  env,
  changes,
  ...(steps === undefined ? {} : { steps }),
});

/** Whether a condition holds. Throws `expression-invalid`, also when it needs outputs and there are none yet. */
export const conditionHolds = (context: TargetContext, step: PipelineStep, sources: ValueSources): boolean =>
  step.if === undefined || step.if.holds(variablesOf(context, sources));

const namesOfEnv = (expression: string): readonly string[] =>
  [...expression.matchAll(/\benv\s*(?:\.\s*(\w+)|\[\s*["']([^"']+))/g)].map(
    ([, dotted, quoted]) => dotted ?? quoted ?? '',
  );

/** The same context, filling in what is known: `?` stands for what only earlier steps can give. */
export const forStep = <C extends TargetContext>(
  context: C,
  step: PipelineStep,
  sources: ValueSources,
): C & StepContext => {
  const variables = variablesOf(context, sources);
  const { secrets } = context.project;
  const unknown = (template: string): boolean => sources.steps === undefined && readsOutputs(template);
  const filled = (expression: string): string => {
    const template = `\${{ ${expression} }}`;
    return unknown(template) ? '?' : fillTemplate(template, variables);
  };
  const values: StepValues = {
    unknown,
    show: (template) =>
      withExpressions(template, (expression) =>
        namesOfEnv(expression).some((name) => isSecret([name], secrets)) ? mask : filled(expression),
      ),
    secrets: maskable(
      Object.entries(sources.env).flatMap(([name, value]) => (isSecret([name], secrets) ? [value] : [])),
    ),
  };
  return {
    ...context,
    env: step.env ?? {},
    values,
    fill: (template) => (needsOutputs(step) ? withExpressions(template, filled) : fillTemplate(template, variables)),
  };
};
