/** Runs a shown plan on one target, step by step, so that it ends as planned or exactly as before. */
import { formatDuration } from '../domain/duration.ts';
import { messageOf } from '../domain/errors.ts';
import type { EventBody } from '../domain/events.ts';
import { withoutStep } from '../domain/next-receipt.ts';
import {
  type Action,
  type Content,
  type FileAction,
  type RefAction,
  type StepPlan,
  type TargetPlan,
  tagNameOf,
} from '../domain/plan.ts';
import type { Receipt } from '../domain/receipt.ts';
import { writesOf } from '../domain/write-globs.ts';
import type { TargetContext } from '../integrations/target-context.ts';
import { type ApplyContext, changesTarget, mayRepeat, type StepKind } from '../steps/step.ts';
import { attempts } from './attempts.ts';
import { type ChangesView, type Pipeline, type PipelineStep, stepsView } from './pipeline.ts';
import { kindOf } from './plan.ts';
import { bytesOf } from './planned-bytes.ts';
import { withPrintedOutput } from './printed-output.ts';
import { conditionHolds, forStep, needsOutputs } from './step-values.ts';
import type { Transaction, UndoReport } from './transaction.ts';

export interface TargetRun {
  readonly pipeline: Pipeline;
  readonly plan: TargetPlan;
  readonly context: TargetContext;
  readonly kinds: readonly StepKind[];
  readonly contents: ReadonlyMap<string, Content>;
  readonly transaction: Transaction;
  readonly receipt: Receipt;
  /** As they were planned with: for what is decided only right before its step. */
  readonly changes: ChangesView;
  readonly env: Readonly<Record<string, string>>;
  readonly emit: (event: EventBody) => void;
}

export interface RunEnd {
  readonly outcome: 'done' | 'undone' | 'interrupted';
  readonly failedStep: string | null;
  readonly error: unknown;
  readonly warnings: readonly string[];
  /** Ids of steps that failed and were passed over. */
  readonly warned: readonly string[];
  readonly outputs: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  /** What undoing left alone because somebody edited it meanwhile. */
  readonly undo: UndoReport | null;
  /** As it was committed; null when it was not. */
  readonly receipt: Receipt | null;
}

type Placed = FileAction | RefAction;
const isPlaced = (action: Action): action is Placed => action.kind === 'file' || action.kind === 'ref';

/** Where a step stands: in the pipeline proper, after a failure, or after the verdict. */
type Standing =
  | { readonly phase?: never; readonly failure: null }
  | { readonly phase: 'on_failure' | 'always'; readonly failure: unknown };

const proper: Standing = { failure: null };

const linesOf = ({ actions, skipped }: StepPlan): readonly string[] =>
  skipped === null
    ? actions.map((action) => {
        if (action.kind === 'note') return action.text;
        return action.kind === 'tag' ? `git tag ${tagNameOf(action)}` : `${action.kind} ${action.path}`;
      })
    : [skipped];

/**
 * Applies the plan's steps in order; on failure runs `on_failure` and makes sure that everything is undone; `always` runs
 * last, whatever became of it. Never throws for a step's failure.
 */
export const runTarget = async (run: TargetRun): Promise<RunEnd> => {
  const { pipeline, plan, context, kinds, transaction, emit } = run;
  const { signal } = context;
  const target = context.target.name;
  const clock = context.ports.clock;
  const placed = plan.steps.flatMap((step) => step.actions.filter(isPlaced));
  const outputs = new Map<string, Readonly<Record<string, unknown>>>();
  const warnings: string[] = plan.steps.flatMap((step) => step.warnings);
  const content = bytesOf(context, run.contents);
  const warned: string[] = [];
  let pending = run.receipt;
  let staged = false;
  let undo: UndoReport | null = null;

  const warn = (text: string): void => {
    warnings.push(text);
    emit({ kind: 'target.warning', target, text });
  };
  const swap = async (step: StepPlan): Promise<void> => {
    if (!staged) await transaction.stage(placed, content);
    staged = true;
    // What is in place already is passed over: a step that is tried again puts nothing in place twice.
    await transaction.swap(step.actions.filter(isPlaced));
  };
  const undoAll = async (): Promise<void> => {
    undo ??= await transaction.undo();
  };
  const sources = () => ({ env: run.env, changes: run.changes, steps: stepsView(pipeline, outputs) });
  const stepContext = (step: PipelineStep, { phase }: Standing) => ({
    ...forStep(withPrintedOutput(context, step.id, emit), step, sources()),
    ...(phase === undefined ? {} : { phase }),
  });
  const applyContext = (step: PipelineStep, planned: StepPlan, standing: Standing): Omit<ApplyContext, 'signal'> => ({
    ...stepContext(step, standing),
    options: step.with,
    plan: plan.steps,
    content,
    place: async (actions) => {
      await transaction.stage(actions, content);
      await transaction.swap(actions);
    },
    swap: () => swap(planned),
    undo: undoAll,
    watchWrites: (globs) => transaction.external({ step: step.id, globs }),
    warn,
    record: (component) => {
      pending = { ...pending, components: { ...pending.components, [writesOf(step.id)]: component } };
    },
    pendingReceipt: () => pending,
    outputs,
    emit,
    failure: standing.failure,
  });

  /** The plan of a step whose condition or templates read outputs, now that they are known; shown before it is applied. */
  const resolved = async (step: PipelineStep, shown: StepPlan, standing: Standing): Promise<StepPlan> => {
    if (shown.deferred !== true) return shown;
    const kind = kindOf(kinds, step);
    const runs = step.if?.needsOutputs !== true || conditionHolds(context, step, sources());
    const planned: StepPlan = runs
      ? await kind.plan(
          { ...stepContext(step, standing), planned: plan.steps.filter(({ id }) => id !== step.id) },
          step.with,
          step.id,
        )
      : { ...shown, actions: [], patch: {}, warnings: [], skipped: `if: ${step.if?.source} does not hold` };
    emit({ kind: 'step.resolved', target, step: step.id, runs, lines: linesOf(planned) });
    if (planned.patch.version !== undefined) pending = { ...pending, version: planned.patch.version };
    return planned;
  };

  const perform = async (step: PipelineStep, shown: StepPlan, standing: Standing): Promise<void> => {
    const started = clock.ticks();
    const kind = kindOf(kinds, step);
    const finish = (outcome: 'done' | 'skipped' | 'failed' | 'warned', cause: string): void =>
      emit({ kind: 'step.finished', target, step: step.id, outcome, cause, took: clock.ticks() - started });
    emit({ kind: 'step.started', target, step: step.id, uses: step.uses });
    if (shown.skipped !== null) return finish('skipped', shown.skipped);
    // What ends a run is not stopped by what stopped the run.
    const ownSignal = standing.phase === undefined ? signal : new AbortController().signal;
    const again = mayRepeat(kind, step.with) ? (step.retry?.max ?? 0) : 0;
    try {
      const planned = await resolved(step, shown, standing);
      if (planned.skipped !== null) return finish('skipped', planned.skipped);
      const applied = applyContext(step, planned, standing);
      const onRetry = (error: unknown, { attempt, wait }: { attempt: number; wait: number }): void => {
        const text = `${messageOf(error)}; attempt ${attempt + 1} of ${again + 1} in ${formatDuration(wait)}\n`;
        emit({ kind: 'step.output', target, step: step.id, text });
      };
      await attempts(step, { signal: ownSignal, again, onRetry }, (stepSignal) =>
        kind.apply ? kind.apply({ ...applied, signal: stepSignal }, planned) : swap(planned),
      );
      finish('done', '');
    } catch (error) {
      const passes = standing.phase === 'always' || (step.continueOnError && !changesTarget(kind, step.with));
      if (!passes || (standing.phase === undefined && signal.aborted)) {
        finish('failed', messageOf(error));
        throw error;
      }
      // What failed was not done: the next sync does it again.
      pending = withoutStep(pending, step.id);
      warnings.push(`${step.id}: ${messageOf(error)}`);
      warned.push(step.id);
      finish('warned', messageOf(error));
    }
  };

  /** A step that was not part of the shown plan: planned right before it. */
  const performEnding = async (step: PipelineStep, standing: Standing): Promise<void> => {
    if (step.if !== undefined && !conditionHolds(context, step, sources())) {
      const { id, uses } = step;
      return perform(
        step,
        { id, uses, actions: [], skipped: `if: ${step.if.source} does not hold`, patch: {}, warnings: [] },
        standing,
      );
    }
    const planned = await kindOf(kinds, step).plan(
      { ...stepContext(step, standing), planned: plan.steps },
      step.with,
      step.id,
    );
    if (needsOutputs(step)) emit({ kind: 'step.resolved', target, step: step.id, runs: true, lines: linesOf(planned) });
    return perform(step, planned, standing);
  };
  const performEndings = async (steps: readonly PipelineStep[], standing: Standing): Promise<void> => {
    for (const step of steps) {
      try {
        await performEnding(step, standing);
      } catch (error) {
        warnings.push(`${standing.phase} ${step.id}: ${messageOf(error)}`);
      }
    }
  };

  let current: PipelineStep | undefined;
  const steps = async (): Promise<Pick<RunEnd, 'outcome' | 'failedStep' | 'error' | 'receipt'>> => {
    try {
      for (const step of pipeline.steps) {
        const planned = plan.steps.find((candidate) => candidate.id === step.id);
        if (planned === undefined) continue;
        current = step;
        signal.throwIfAborted();
        await perform(step, planned, proper);
      }
      current = undefined;
      signal.throwIfAborted();
      warnings.push(...(await transaction.commit(pending)));
      return { outcome: 'done', failedStep: null, error: null, receipt: pending };
    } catch (error) {
      const failedStep = current?.id ?? null;
      const outcome = signal.aborted ? 'interrupted' : 'undone';
      if (outcome === 'undone') await performEndings(pipeline.onFailure, { phase: 'on_failure', failure: error });
      await undoAll();
      return { outcome, failedStep, error, receipt: null };
    }
  };

  const end = await steps();
  await performEndings(pipeline.always ?? [], { phase: 'always', failure: end.error });
  return { ...end, warnings, warned, outputs, undo };
};
