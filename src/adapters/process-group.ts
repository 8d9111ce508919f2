/** Ends a process with all that it started: asked first, then made to. */
import { spawn } from 'node:child_process';
import { setTimeout as setTimeoutPromise } from 'node:timers/promises';

/** How long a group may take to end by itself after SIGTERM, in milliseconds. */
const grace = 2_000;

/** How long its pipes may stay open after SIGKILL, in milliseconds. */
const drain = 500;

/** How often a group that was asked to end is looked at, in milliseconds. */
const poll = 20;

const send = (pid: number, signal: 'SIGTERM' | 'SIGKILL'): void => {
  if (process.platform === 'win32') {
    // Windows knows no groups; taskkill walks the tree of children.
    spawn('taskkill', ['/pid', String(pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true }).unref();
    return;
  }
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is over already.
  }
};

/** Ends the group of `pid` at once. Synchronous, for the last moment of this process. */
export const endGroupNow = (pid: number): void => send(pid, 'SIGKILL');

/** Whether any process of a group is left; one that only waits to be looked at by its parent counts too. */
export const groupRuns = (pid: number): boolean => {
  if (process.platform === 'win32') return false;
  try {
    process.kill(-pid, 0);
    return true;
  } catch (error) {
    // Not ours to signal is there all the same.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
};

export interface Ending {
  /** Call when the first process is over: waits for all the rest, at most until it was killed. */
  over(): Promise<void>;
}

export interface EndingFacts {
  /** Other groups that belong to it: of descendants that left the first one. */
  readonly others: () => Iterable<number>;
  /** Called when its output still stays open after it was killed. */
  readonly giveUp: () => void;
}

/** SIGTERM to the group and its others now, SIGKILL after two seconds, and `giveUp` half a second later. */
export const endGroup = (pid: number, { others, giveUp }: EndingFacts): Ending => {
  const deadline = performance.now() + grace;
  const asked = new Set<number>();
  const ask = (): boolean => {
    const all = [...others()];
    for (const group of [pid, ...all].filter((one) => !asked.has(one))) {
      asked.add(group);
      send(group, 'SIGTERM');
    }
    return all.length > 0;
  };
  ask();
  const killOthers = (): number => {
    const all = [...others()];
    for (const group of all) send(group, 'SIGKILL');
    return all.length;
  };
  const killAll = (): void => {
    send(pid, 'SIGKILL');
    killOthers();
  };
  let last: NodeJS.Timeout | undefined;
  const kill = setTimeout(() => {
    killAll();
    last = setTimeout(giveUp, drain);
  }, grace);
  return {
    over: async () => {
      // A descendant may have closed its pipes, ignore SIGTERM and live on: a killed run must leave no writer behind.
      while ((groupRuns(pid) || ask()) && performance.now() < deadline) await setTimeoutPromise(poll);
      clearTimeout(kill);
      clearTimeout(last);
      send(pid, 'SIGKILL');
      // What is killed while it starts another: that one is found at the next look.
      while (killOthers() > 0 && performance.now() < deadline + grace) await setTimeoutPromise(poll);
    },
  };
};
