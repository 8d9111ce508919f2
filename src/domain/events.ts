/** The one event stream that every face draws. Versioned: `v` changes when a field changes its meaning. */
import type { StepPlan, TargetPlan } from './plan.ts';

export type Outcome = 'planned' | 'done' | 'nothing-to-do' | 'failed' | 'undone' | 'unknown' | 'interrupted';

export interface TargetResult {
  readonly target: string;
  readonly outcome: Outcome;
  /** One line: what made it so. */
  readonly cause: string;
  readonly commit: string;
  readonly version: string | null;
  readonly counts: {
    readonly added: number;
    readonly changed: number;
    readonly removed: number;
    readonly kept: number;
  };
  readonly warnings: readonly string[];
  /** Ids of steps that failed and were passed over (`continue_on_error`, `always`); left out when none did. */
  readonly warned?: readonly string[];
  readonly backup: string | null;
  /** Milliseconds. */
  readonly took: number;
  readonly error?: {
    readonly code: string;
    readonly message: string;
    readonly hint?: string;
    readonly details?: readonly string[];
  };
}

/** What a sync was asked for besides its targets, so that the same can be asked again. */
export interface SyncOptions {
  readonly full: boolean;
  /** Whether files that the owner deleted come back. */
  readonly complete: boolean;
  /** Steps by id or kind; null for all. */
  readonly only: readonly string[] | null;
  readonly skip: readonly string[];
  /** A part of the pipelines: `sync docs`, `config sync`; null for all. */
  readonly part: {
    readonly uses: readonly string[];
    readonly components: readonly string[];
    readonly suites: readonly string[];
  } | null;
}

export type EventBody =
  | {
      readonly kind: 'run.started';
      readonly run: string;
      readonly commit: string;
      readonly targets: readonly string[];
      readonly dryRun: boolean;
      /** Why it was started, as it was given with `--reason`; left out when nobody said. */
      readonly reason?: string;
      /** Left out by commands that are no sync. */
      readonly options?: SyncOptions;
    }
  | { readonly kind: 'target.started'; readonly target: string }
  | { readonly kind: 'target.planned'; readonly target: string; readonly plan: TargetPlan }
  | { readonly kind: 'step.started'; readonly target: string; readonly step: string; readonly uses: string }
  | {
      /** What a step that reads outputs of earlier ones will do, right before it does it. */
      readonly kind: 'step.resolved';
      readonly target: string;
      readonly step: string;
      /** Whether its condition holds; true when it has none. */
      readonly runs: boolean;
      /** What it will do, or why it does nothing. */
      readonly lines: readonly string[];
    }
  | { readonly kind: 'step.output'; readonly target: string; readonly step: string; readonly text: string }
  | {
      readonly kind: 'step.finished';
      readonly target: string;
      readonly step: string;
      readonly outcome: 'done' | 'skipped' | 'failed' | 'warned';
      readonly cause: string;
      readonly took: number;
    }
  | { readonly kind: 'target.warning'; readonly target: string; readonly text: string }
  | {
      /** Added to the record of a run that was cut off, once a later command ended it. */
      readonly kind: 'target.recovered';
      readonly target: string;
      readonly outcome: 'undone' | 'committed' | 'blocked';
      readonly cause: string;
      /** Paths that were put back. */
      readonly restored: number;
      /** `path: cause` of what somebody edited meanwhile, and of what could not be put back. */
      readonly left: readonly string[];
    }
  | { readonly kind: 'target.finished'; readonly result: TargetResult }
  | {
      readonly kind: 'run.finished';
      readonly results: readonly TargetResult[];
      readonly processes: Readonly<Record<string, number>>;
      readonly exit: number;
    }
  | {
      /** The plans of a dry run were written to a file, which a run can be held to. */
      readonly kind: 'plan.written';
      readonly file: string;
      readonly targets: readonly string[];
    }
  | {
      readonly kind: 'check.finished';
      readonly target: string;
      readonly suite: string;
      readonly check: string;
      readonly outcome: string;
      readonly cause: string;
    };

export const eventVersion = 1;

export type LockstepEvent = EventBody & {
  readonly v: typeof eventVersion;
  readonly run: string;
  readonly time: string;
};

/** Files and links by what happens to them, over the steps' actions; folders come and go with their files. */
export const countActions = (steps: readonly StepPlan[]): { added: number; changed: number; removed: number } => {
  const counts = { added: 0, changed: 0, removed: 0 };
  for (const action of steps.flatMap((step) => step.actions)) {
    if (action.kind === 'ref') counts.changed += 1;
    if (action.kind !== 'file') continue;
    if (action.before.kind === 'dir' || action.after.kind === 'dir') continue;
    if (action.before.kind === 'absent') counts.added += 1;
    else if (action.after.kind === 'absent') counts.removed += 1;
    else counts.changed += 1;
  }
  return counts;
};
