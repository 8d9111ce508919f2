/** A pipeline after loading and checking: what the planner and the runner work on. */

/** What earlier steps gave, as expressions see it: every id of the pipeline, whether its step ran or not. */
export type StepsView = Readonly<Record<string, { readonly outputs: Readonly<Record<string, unknown>> }>>;

export interface Condition {
  /** The expression as it was written. */
  readonly source: string;
  /** Whether it reads `steps`: it can be answered only right before its step. */
  readonly needsOutputs: boolean;
  /** Throws `expression-invalid`, also when it needs outputs and the context has none. */
  readonly holds: (context: ConditionContext) => boolean;
}

export interface ConditionContext {
  readonly target: Readonly<Record<string, unknown>>;
  readonly run: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string>>;
  readonly changes: ChangesView;
  /** Left out while planning: nothing has run yet. */
  readonly steps?: StepsView;
}

/** What `changes` answers in an expression. */
export interface ChangesView {
  /** Whether a component has anything to bring in step. */
  readonly touches: (component: string) => boolean;
  /** Whether files of a category changed. */
  readonly has: (category: string) => boolean;
  readonly priority: string;
  readonly count: number;
}

/** Where a person wrote something. */
export interface Origin {
  /** As people call the file, relative to the main project; `built-in/…` for one that is none of the project's. */
  readonly file: string;
  /** From 1; 0 where no file says it. */
  readonly line: number;
}

export interface PipelineStep {
  readonly id: string;
  /** The step kind; `run` for a step that was written with `run:`. */
  readonly uses: string;
  readonly with: Readonly<Record<string, unknown>>;
  readonly if?: Condition;
  /** Templates by name, those of `defaults` among them: the environment of what the step starts. */
  readonly env: Readonly<Record<string, string>>;
  /** Milliseconds. */
  readonly timeout?: number;
  readonly retry?: { readonly max: number; readonly backoff: number };
  readonly continueOnError: boolean;
  /** Where its entry stands: in the pipeline itself or in one that it extends. */
  readonly origin: Origin;
}

export interface Pipeline {
  readonly name: string;
  /** Where it was read from; `built in` when no file gives it. */
  readonly file: string;
  readonly steps: readonly PipelineStep[];
  /** Runs when a step failed. */
  readonly onFailure: readonly PipelineStep[];
  /** Runs last, after the verdict, whether the run was done or undone; what fails here is a warning. */
  readonly always: readonly PipelineStep[];
}

/** What `steps` holds for an expression: an entry for every step, so that `has(steps.x.outputs.y)` can be asked of one that did not run. */
export const stepsView = (
  pipeline: Pick<Pipeline, 'steps' | 'onFailure' | 'always'>,
  outputs: ReadonlyMap<string, Readonly<Record<string, unknown>>>,
): StepsView =>
  Object.fromEntries(
    [...pipeline.steps, ...pipeline.onFailure, ...pipeline.always].map(({ id }) => [
      id,
      { outputs: outputs.get(id) ?? {} },
    ]),
  );

const plainStep = ({
  id,
  uses,
  with: options,
  env,
  timeout,
  retry,
  continueOnError,
  ...step
}: PipelineStep): object => ({
  id,
  uses,
  with: options,
  if: step.if?.source ?? null,
  env,
  timeout: timeout ?? null,
  retry: retry ?? null,
  continueOnError,
});

/** All that a pipeline does, as plain data: equal for two texts that mean the same, wherever they stand. */
export const plainPipeline = ({ name, steps, onFailure, always }: Pipeline): object => ({
  name,
  steps: steps.map(plainStep),
  onFailure: onFailure.map(plainStep),
  always: always.map(plainStep),
});
