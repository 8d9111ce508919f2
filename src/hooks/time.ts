/** The time that git is kept waiting: when it is over, the hook ends, also where its work does not heed that. */
import { LockstepError } from '../domain/errors.ts';
import type { Watchdog } from '../ports.ts';

export interface HookTime {
  /** Aborted when the time is over, or from outside. */
  readonly signal: AbortSignal;
  /** Milliseconds that are left, down to 0. */
  readonly left: () => number;
  /** Milliseconds since the start. */
  readonly spent: () => number;
  /** The whole time, in milliseconds. */
  readonly whole: () => number;
  /** Sets the whole time, from the start, in milliseconds. */
  readonly allow: (ms: number) => void;
}

/** Milliseconds until the configuration is read, when nobody says otherwise. */
const usual = 3_000;

/** What is kept back for the answer itself. */
const reserve = 200;

const over = (ms: number): LockstepError =>
  new LockstepError('process-timeout', `not done within ${ms / 1000} s`, { hint: 'lockstep sync status' });

export interface Limits {
  /** Aborted from outside. */
  readonly outer: AbortSignal;
  /** Ends what does not even let a timer fire; undefined where nothing may. */
  readonly watchdog: ((ms: number) => Promise<Watchdog>) | undefined;
  /** The whole time until `allow` sets it, in milliseconds; 3 s when undefined. */
  readonly first: number | undefined;
}

/** Rejects when the time is over. The caller must not wait for what still runs then. */
export const withinTime = async <T>(
  { outer, watchdog, first = usual }: Limits,
  work: (time: HookTime) => Promise<T>,
): Promise<T> => {
  const timer = new AbortController();
  const signal = AbortSignal.any([outer, timer.signal]);
  const started = performance.now();
  let whole = first;
  let handle: ReturnType<typeof setTimeout> | undefined;
  const spent = (): number => performance.now() - started;
  const left = (): number => Math.max(0, whole - spent());
  const dog = await watchdog?.(first);
  const set = (ms: number): void => {
    whole = ms;
    dog?.allow(left());
    clearTimeout(handle);
    handle = setTimeout(() => timer.abort(over(whole)), left());
  };
  const ended = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  set(first);
  try {
    const time: HookTime = {
      signal,
      spent,
      left: () => Math.max(0, left() - reserve),
      whole: () => whole,
      allow: set,
    };
    return await Promise.race([work(time), ended]);
  } finally {
    clearTimeout(handle);
    dog?.stop();
  }
};
