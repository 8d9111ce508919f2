/** What the pipeline knows of a step: its schema, how to plan it, how to apply what was planned. */
import type { TSchema } from '@sinclair/typebox';
import type { EventBody } from '../domain/events.ts';
import type { StepPlan } from '../domain/plan.ts';
import type { Receipt } from '../domain/receipt.ts';
import type { TargetContext } from '../integrations/target-context.ts';

export interface PlanContext extends TargetContext {
  /** Plans of the other steps; complete only for kinds with `plansLast`. */
  readonly planned: readonly StepPlan[];
}

export interface ApplyContext extends TargetContext {
  /** All steps of the shown plan. */
  readonly plan: readonly StepPlan[];
  /** Bytes of a planned file. */
  readonly content: (sha256: string) => Promise<Uint8Array>;
  /** Puts this step's file and ref actions in place, journaled. Safe to call once. */
  readonly swap: () => Promise<void>;
  /** Undoes everything that the transaction did so far. */
  readonly undo: () => Promise<void>;
  /** The receipt as it will be committed when all goes well. */
  readonly pendingReceipt: () => Receipt;
  /** Free-form results of earlier steps of this run, such as the backup's id. */
  readonly outputs: Map<string, Readonly<Record<string, unknown>>>;
  readonly emit: (event: EventBody) => void;
  /** The error that started `on_failure`. */
  readonly failure: unknown;
}

export interface StepKind {
  readonly name: string;
  /** One sentence for documentation and editors. */
  readonly summary: string;
  /** JSON Schema of `with:`. */
  readonly with: TSchema;
  /** Whether it changes the target; a pipeline that does so without a backup before it is refused. */
  readonly mutates: boolean;
  /** Whether it may be run again after a failure. */
  readonly idempotent: boolean;
  /** Planned after all others, wherever it stands: it needs to know what they will touch. */
  readonly plansLast?: boolean;
  /** Runs even when nothing else in the plan has anything to do. */
  readonly always?: boolean;
  /** Computes the actions. Reads only. */
  plan(context: PlanContext, options: Readonly<Record<string, unknown>>, id: string): Promise<StepPlan>;
  /** Applies exactly the plan. Without it, the step's actions are swapped in. */
  apply?(context: ApplyContext, plan: StepPlan): Promise<void>;
}
