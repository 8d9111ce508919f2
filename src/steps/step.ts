/** What the pipeline knows of a step: its schema, how to plan it, how to apply what was planned. */
import type { TSchema } from '@sinclair/typebox';
import type { EventBody } from '../domain/events.ts';
import type { FileAction, RefAction, StepPlan } from '../domain/plan.ts';
import type { Receipt, ReceiptComponent } from '../domain/receipt.ts';
import type { TargetContext } from '../integrations/target-context.ts';
import type { SeenPath } from '../store/journal.ts';

/** What a step's templates become, as far as it is known. Left out, nothing reads `steps` and no value is secret. */
export interface StepValues {
  /** Whether a template reads what earlier steps give, and they have not run yet: `fill` has `?` for it then. */
  readonly unknown: (template: string) => boolean;
  /** Filled in for people to read: `?` for what is not known yet, `•••` for what is secret. */
  readonly show: (template: string) => string;
  /** Values that must not be shown, wherever they stand. */
  readonly secrets: readonly string[];
}

export interface StepContext extends TargetContext {
  /** Templates of the step's `env:`. */
  readonly env?: Readonly<Record<string, string>>;
  readonly values?: StepValues;
  /** Left out for a step of the pipeline proper. */
  readonly phase?: 'on_failure' | 'always';
}

export interface PlanContext extends StepContext {
  /** Plans of the other steps; complete only for kinds with `plansLast`. */
  readonly planned: readonly StepPlan[];
}

/** A program that writes by itself, as the transaction sees it. */
export interface WatchedProgram {
  /**
   * Call once nothing of it runs any more: what changes from then on is somebody else's. Answers with what it left where
   * it said that it writes, and that did not stand there so before.
   */
  readonly ended: () => readonly SeenPath[];
}

export interface ApplyContext extends StepContext {
  /** The step's options, as they were planned with. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Journals all that stands where a program may write; call it before each start. Throws when it must not be started. */
  readonly watchWrites?: (globs: readonly string[]) => WatchedProgram;
  /** Hands to the receipt what the step's program wrote, as a component of its own. */
  readonly record?: (component: ReceiptComponent) => void;
  /** Says what was not as it should be, and made nothing fail: listed in every summary. */
  readonly warn?: (text: string) => void;
  /** All steps of the shown plan. */
  readonly plan: readonly StepPlan[];
  /** Bytes of a planned file. */
  readonly content: (sha256: string) => Promise<Uint8Array>;
  /** Puts this step's file and ref actions in place, journaled. Safe to call once. */
  readonly swap: () => Promise<void>;
  /** Puts in place what a tag action of the plan became, now that its object is made; journaled. Left out where nothing is tagged. */
  readonly place?: (actions: readonly (FileAction | RefAction)[]) => Promise<void>;
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

/** A type of the expression language that a declared output can have. */
export type OutputType = 'string' | 'int' | 'bool';

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
  /** Planned after those that touch files and before those that plan last: whether it runs depends on what they touch. */
  readonly plansLate?: boolean;
  /** Runs even when nothing else in the plan has anything to do. */
  readonly always?: boolean;
  /** What it puts into `outputs` under its step's id: later steps read it as `steps.<id>.outputs.<key>`. */
  readonly outputs?: Readonly<Record<string, OutputType>>;
  /** Whether it starts a program of the team's own, which `env:` of the step is for. */
  readonly takesEnv?: boolean;
  /** Whether it starts code that a pulled commit can bring: such code runs only where it is trusted. */
  executes?(project: TargetContext['project'], options: Readonly<Record<string, unknown>>): boolean;
  /** Computes the actions. Reads only. */
  plan(context: PlanContext, options: Readonly<Record<string, unknown>>, id: string): Promise<StepPlan>;
  /** Applies exactly the plan. Without it, the step's actions are swapped in. */
  apply?(context: ApplyContext, plan: StepPlan): Promise<void>;
}

type Options = Readonly<Record<string, unknown>>;

/** Whether a step changes the target: by its kind, or because its options declare what it `writes`. */
export const changesTarget = (kind: Pick<StepKind, 'mutates'>, options: Options): boolean =>
  kind.mutates || (Array.isArray(options.writes) && options.writes.length > 0);

/** Whether a step may be tried again: by its kind, or because its options say that it is `idempotent`. */
export const mayRepeat = (kind: Pick<StepKind, 'idempotent'>, options: Options): boolean =>
  kind.idempotent || options.idempotent === true;
