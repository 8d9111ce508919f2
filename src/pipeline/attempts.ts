/** Bounds a step in time, and tries one again that may be repeated. */
import { setTimeout as sleep } from 'node:timers/promises';
import { formatDuration } from '../domain/duration.ts';
import { LockstepError } from '../domain/errors.ts';
import type { PipelineStep } from './pipeline.ts';

type Act = (signal: AbortSignal) => Promise<void>;

/** Aborts what `act` does once the step's time is up. Throws `process-timeout`. */
const withTimeout = async (step: PipelineStep, signal: AbortSignal, act: Act): Promise<void> => {
  if (step.timeout === undefined) return act(signal);
  const limit = AbortSignal.timeout(step.timeout);
  try {
    await act(AbortSignal.any([signal, limit]));
  } catch (error) {
    if (!limit.aborted || signal.aborted) throw error;
    throw new LockstepError('process-timeout', `step ${step.id} took longer than ${formatDuration(step.timeout)}`, {
      cause: error,
      ...(error instanceof LockstepError ? { details: error.details } : {}),
    });
  }
};

export interface AttemptFacts {
  readonly signal: AbortSignal;
  /** How often it may be tried again; never, when it may not be repeated. */
  readonly again: number;
  /** Told before each wait: what went wrong, in which attempt, and how long the wait is, in milliseconds. */
  readonly onRetry: (error: unknown, facts: { readonly attempt: number; readonly wait: number }) => void;
}

/** Each attempt has the step's whole time; the waits between them double. Throws what the last attempt threw. */
export const attempts = async (
  step: PipelineStep,
  { signal, again, onRetry }: AttemptFacts,
  act: Act,
): Promise<void> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await withTimeout(step, signal, act);
    } catch (error) {
      if (attempt > again || signal.aborted) throw error;
      const wait = (step.retry?.backoff ?? 0) * 2 ** (attempt - 1);
      onRetry(error, { attempt, wait });
      await sleep(wait, undefined, { signal });
    }
  }
};
