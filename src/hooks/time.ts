/** The time that git is kept waiting: when it is over, the hook ends, also where its work does not heed that. */
import { LockstepError } from '../domain/errors.ts';

export interface HookTime {
  /** Aborted when the time is over, or from outside. */
  readonly signal: AbortSignal;
  /** Milliseconds that are left, down to 0. */
  readonly left: () => number;
  /** Sets the whole time, from the start, in milliseconds. */
  readonly allow: (ms: number) => void;
}

/** Until the configuration is read. */
const usual = 3_000;

/** What is kept back for the answer itself. */
const reserve = 200;

const over = (ms: number): LockstepError =>
  new LockstepError('process-timeout', `not done within ${ms / 1000} s`, { hint: 'lockstep sync status' });

/** Rejects when the time is over. The caller must not wait for what still runs then. */
export const withinTime = async <T>(outer: AbortSignal, work: (time: HookTime) => Promise<T>): Promise<T> => {
  const timer = new AbortController();
  const signal = AbortSignal.any([outer, timer.signal]);
  const started = performance.now();
  let whole = usual;
  let handle: ReturnType<typeof setTimeout> | undefined;
  const left = (): number => Math.max(0, whole - (performance.now() - started));
  const set = (ms: number): void => {
    whole = ms;
    clearTimeout(handle);
    handle = setTimeout(() => timer.abort(over(whole)), left());
  };
  const ended = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  set(usual);
  try {
    return await Promise.race([work({ signal, left: () => Math.max(0, left() - reserve), allow: set }), ended]);
  } finally {
    clearTimeout(handle);
  }
};
