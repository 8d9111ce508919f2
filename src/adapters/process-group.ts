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

const isLive = (pid: number): boolean => {
  if (process.platform === 'win32') return false;
  try {
    process.kill(-pid, 0);
    return true;
  } catch {
    return false;
  }
};

export interface Ending {
  /** Call when the first process is over: waits for the rest of the group, at most until it was killed. */
  over(): Promise<void>;
}

/** SIGTERM to the group now, SIGKILL after two seconds, and `giveUp` when its output still stays open after that. */
export const endGroup = (pid: number, giveUp: () => void): Ending => {
  const deadline = performance.now() + grace;
  send(pid, 'SIGTERM');
  let last: NodeJS.Timeout | undefined;
  const kill = setTimeout(() => {
    send(pid, 'SIGKILL');
    last = setTimeout(giveUp, drain);
  }, grace);
  return {
    over: async () => {
      // A descendant may have closed its pipes, ignore SIGTERM and live on: a killed run must leave no writer behind.
      while (isLive(pid) && performance.now() < deadline) await setTimeoutPromise(poll);
      clearTimeout(kill);
      clearTimeout(last);
      send(pid, 'SIGKILL');
    },
  };
};
