/** A pipeline after loading and checking: what the planner and the runner work on. */

export interface Condition {
  /** The expression as it was written. */
  readonly source: string;
  /** Throws `expression-invalid`. */
  readonly holds: (context: ConditionContext) => boolean;
}

export interface ConditionContext {
  readonly target: Readonly<Record<string, unknown>>;
  readonly run: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string>>;
  readonly changes: ChangesView;
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

export interface PipelineStep {
  readonly id: string;
  readonly uses: string;
  readonly with: Readonly<Record<string, unknown>>;
  readonly if?: Condition;
  /** Milliseconds. */
  readonly timeout?: number;
  readonly retry?: { readonly max: number; readonly backoff: number };
  readonly continueOnError: boolean;
}

export interface Pipeline {
  readonly name: string;
  /** Where it was read from; `built in` when no file gives it. */
  readonly file: string;
  readonly steps: readonly PipelineStep[];
  readonly onFailure: readonly PipelineStep[];
}
