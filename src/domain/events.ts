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

export type EventBody =
  | {
      readonly kind: 'run.started';
      readonly run: string;
      readonly commit: string;
      readonly targets: readonly string[];
      readonly dryRun: boolean;
    }
  | { readonly kind: 'target.started'; readonly target: string }
  | { readonly kind: 'target.planned'; readonly target: string; readonly plan: TargetPlan }
  | { readonly kind: 'step.started'; readonly target: string; readonly step: string; readonly uses: string }
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
  | { readonly kind: 'target.finished'; readonly result: TargetResult }
  | {
      readonly kind: 'run.finished';
      readonly results: readonly TargetResult[];
      readonly processes: Readonly<Record<string, number>>;
      readonly exit: number;
    }
  | {
      readonly kind: 'check.finished';
      readonly target: string;
      readonly suite: string;
      readonly check: string;
      readonly outcome: string;
      readonly cause: string;
    };

export type LockstepEvent = EventBody & { readonly v: 1; readonly run: string; readonly time: string };

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
