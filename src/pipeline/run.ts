/** Runs a shown plan on one target, step by step, so that it ends as planned or exactly as before. */
import { setTimeout as sleep } from 'node:timers/promises';
import { LockstepError, messageOf } from '../domain/errors.ts';
import type { EventBody } from '../domain/events.ts';
import type { Action, Content, FileAction, RefAction, StepPlan, TargetPlan } from '../domain/plan.ts';
import type { Receipt } from '../domain/receipt.ts';
import type { TargetContext } from '../integrations/target-context.ts';
import type { ApplyContext, StepKind } from '../steps/step.ts';
import type { Pipeline, PipelineStep } from './pipeline.ts';
import { kindOf } from './plan.ts';
import { withPrintedOutput } from './printed-output.ts';
import type { Transaction, UndoReport } from './transaction.ts';

export interface TargetRun {
  readonly pipeline: Pipeline;
  readonly plan: TargetPlan;
  readonly context: TargetContext;
  readonly kinds: readonly StepKind[];
  readonly contents: ReadonlyMap<string, Content>;
  readonly transaction: Transaction;
  readonly receipt: Receipt;
  readonly emit: (event: EventBody) => void;
}

export interface RunEnd {
  readonly outcome: 'done' | 'undone' | 'interrupted';
  readonly failedStep: string | null;
  readonly error: unknown;
  readonly warnings: readonly string[];
  readonly outputs: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  /** What undoing left alone because somebody edited it meanwhile. */
  readonly undo: UndoReport | null;
}

type Placed = FileAction | RefAction;
const isPlaced = (action: Action): action is Placed => action.kind !== 'note';

/** Bytes of planned files, from wherever planning said they come. */
const reader = ({ context, contents }: TargetRun) => {
  let blobs: Promise<ReadonlyMap<string, Buffer>> | undefined;
  const wanted = [...contents.values()].flatMap((content) => (content.from === 'blob' ? [content.blob] : []));
  return async (digest: string): Promise<Uint8Array> => {
    const content = contents.get(digest);
    if (content === undefined) throw new Error(`no content was planned for ${digest}`);
    switch (content.from) {
      case 'bytes':
        return content.bytes;
      case 'file':
        return context.ports.files.read(content.path);
      case 'backup':
        return context.backups.read(content.sha256);
      case 'blob': {
        blobs ??= context.main.read(wanted);
        const bytes = (await blobs).get(content.blob);
        if (bytes === undefined) throw new LockstepError('object-missing', `main has no object ${content.blob}`);
        return bytes;
      }
    }
  };
};

const interrupted = (signal: AbortSignal): boolean => signal.aborted;

const withTimeout = async (
  step: PipelineStep,
  signal: AbortSignal,
  act: (signal: AbortSignal) => Promise<void>,
): Promise<void> => {
  if (step.timeout === undefined) return act(signal);
  const limit = AbortSignal.timeout(step.timeout);
  try {
    await act(AbortSignal.any([signal, limit]));
  } catch (error) {
    if (!limit.aborted || signal.aborted) throw error;
    throw new LockstepError('process-timeout', `step ${step.id} took longer than ${step.timeout / 1000} s`, {
      cause: error,
    });
  }
};

const attempts = async (
  step: PipelineStep,
  { kind, signal }: { kind: StepKind; signal: AbortSignal },
  act: () => Promise<void>,
): Promise<void> => {
  const max = kind.idempotent ? (step.retry?.max ?? 0) : 0;
  for (let round = 0; ; round += 1) {
    try {
      await act();
      return;
    } catch (error) {
      if (round >= max || interrupted(signal)) throw error;
      await sleep((step.retry?.backoff ?? 0) * 2 ** round, undefined, { signal });
    }
  }
};

/** Applies the plan's steps in order; on failure runs `on_failure` and makes sure that everything is undone. Never throws for a step's failure. */
export const runTarget = async (run: TargetRun): Promise<RunEnd> => {
  const { pipeline, plan, context, kinds, transaction, emit } = run;
  const { signal } = context;
  const target = context.target.name;
  const clock = context.ports.clock;
  const placed = plan.steps.flatMap((step) => step.actions.filter(isPlaced));
  const outputs = new Map<string, Readonly<Record<string, unknown>>>();
  const warnings: string[] = plan.steps.flatMap((step) => step.warnings);
  const content = reader(run);
  let staged = false;
  let undo: UndoReport | null = null;

  const swap = async (step: StepPlan): Promise<void> => {
    if (!staged) await transaction.stage(placed, content);
    staged = true;
    await transaction.swap(step.actions.filter(isPlaced));
  };
  const undoAll = async (): Promise<void> => {
    undo ??= await transaction.undo();
  };
  const applyContext = (step: StepPlan, stepSignal: AbortSignal, failure: unknown): ApplyContext => ({
    ...withPrintedOutput(context, step.id, emit),
    signal: stepSignal,
    plan: plan.steps,
    content,
    swap: () => swap(step),
    undo: undoAll,
    pendingReceipt: () => run.receipt,
    outputs,
    emit,
    failure,
  });
  const perform = async (step: PipelineStep, planned: StepPlan, failure: unknown): Promise<void> => {
    const started = clock.ticks();
    const kind = kindOf(kinds, step);
    const finish = (outcome: 'done' | 'skipped' | 'failed' | 'warned', cause: string): void =>
      emit({ kind: 'step.finished', target, step: step.id, outcome, cause, took: clock.ticks() - started });
    emit({ kind: 'step.started', target, step: step.id, uses: step.uses });
    if (planned.skipped !== null) return finish('skipped', planned.skipped);
    try {
      await attempts(step, { kind, signal }, () =>
        withTimeout(step, failure === null ? signal : new AbortController().signal, (stepSignal) =>
          kind.apply ? kind.apply(applyContext(planned, stepSignal, failure), planned) : swap(planned),
        ),
      );
      finish('done', '');
    } catch (error) {
      if (!step.continueOnError || kind.mutates || interrupted(signal)) {
        finish('failed', messageOf(error));
        throw error;
      }
      warnings.push(`${step.id}: ${messageOf(error)}`);
      finish('warned', messageOf(error));
    }
  };

  let current: PipelineStep | undefined;
  try {
    for (const step of pipeline.steps) {
      const planned = plan.steps.find((candidate) => candidate.id === step.id);
      if (planned === undefined) continue;
      current = step;
      signal.throwIfAborted();
      await perform(step, planned, null);
    }
    current = undefined;
    signal.throwIfAborted();
    warnings.push(...(await transaction.commit(run.receipt)));
    return { outcome: 'done', failedStep: null, error: null, warnings, outputs, undo };
  } catch (error) {
    if (interrupted(signal)) {
      await undoAll();
      return { outcome: 'interrupted', failedStep: current?.id ?? null, error, warnings, outputs, undo };
    }
    await recoverFrom(error);
    return { outcome: 'undone', failedStep: current?.id ?? null, error, warnings, outputs, undo };
  }

  async function recoverFrom(error: unknown): Promise<void> {
    for (const step of pipeline.onFailure) {
      try {
        const kind = kindOf(kinds, step);
        const planned = await kind.plan({ ...context, planned: plan.steps }, step.with, step.id);
        await perform(step, planned, error);
      } catch (second) {
        warnings.push(`on_failure ${step.id}: ${messageOf(second)}`);
      }
    }
    await undoAll();
  }
};
