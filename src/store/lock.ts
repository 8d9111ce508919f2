/** Locks on a target's real roots and on parts of the state: all that are asked for, or none. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isInside, type Roots } from '../domain/paths.ts';
import type { TargetLayout } from '../domain/target.ts';
import type { ProcessGroups } from '../ports.ts';
import {
  attemptOne,
  type Holder,
  type LockFacts,
  type LockFile,
  type LockPorts,
  lockedError,
  openLockFile,
  release,
} from './lock-file.ts';
import { noteGroup } from './lock-groups.ts';
import { lockstepFolder } from './receipts.ts';
import type { StatePlaces } from './state-dir.ts';

export type { LockPorts } from './lock-file.ts';

export interface LockRequest {
  /** What the lock is for, as another person will read it: `sync run … of comfyui`. */
  readonly what: string;
  /** How long to wait for another owner, in milliseconds; none by default. */
  readonly waitMs?: number;
  readonly signal?: AbortSignal;
}

export interface Lock {
  readonly paths: readonly string[];
  /** Gives all back that can be given back, and then throws what the first other threw. Safe to call twice. */
  release(): void;
}

/** The lock file of a part of the state, such as `registry`. */
export const stateLockPath = (places: StatePlaces, name: string): string => join(places.locks, `${name}.lock`);

/** The lock files of a target's roots. Two targets that share a Python share one of them. */
export const rootLockPaths = (roots: Roots): readonly string[] =>
  [...new Set([roots.target, roots.python, roots.checkout])]
    .filter((root) => root !== undefined)
    .map((root) => join(root, lockstepFolder, 'lock'));

/**
 * The lock files of a target as it was found: also those of a Python and of a clone that lie in its folder, for another
 * target may have them as roots of its own.
 */
export const layoutLockPaths = ({
  roots,
  python,
  checkout,
}: Pick<TargetLayout, 'roots' | 'python' | 'checkout'>): readonly string[] => {
  const within = [python?.prefix, checkout].filter(
    (folder): folder is string => typeof folder === 'string' && isInside(roots.target, folder),
  );
  return [...new Set([...rootLockPaths(roots), ...within.map((folder) => join(folder, lockstepFolder, 'lock'))])];
};

const age = (ports: LockPorts, by: Holder | undefined): string => {
  const seconds = Math.round((ports.clock.now().getTime() - Date.parse(by?.facts?.time ?? '')) / 1000);
  if (!Number.isFinite(seconds) || seconds < 0) return 'an unknown time';
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
};

type Listener = Parameters<ProcessGroups['watch']>[0];

type Round = { readonly blocked?: { readonly path: string; readonly by: Holder | undefined } };

/** Takes all locks in order, or gives back those it got. */
const takeAll = (ports: LockPorts, files: readonly LockFile[], facts: LockFacts): Round => {
  const held: LockFile[] = [];
  const giveBack = (): void => {
    for (const file of held.reverse()) release(ports, file, facts.nonce);
  };
  try {
    for (const file of files) {
      const attempt = attemptOne(ports, file, facts);
      if (!attempt.held) {
        giveBack();
        return { blocked: { path: file.path, by: attempt.by } };
      }
      held.push(file);
    }
    return {};
  } catch (error) {
    giveBack();
    throw error;
  }
};

/** How often a taking that met a lock in motion (just released, just taken over) tries again at once. */
const patience = 5;

/**
 * Takes the locks at all the paths, in sorted order of their real places, or none of them. While the locks of roots are
 * held, they name every process group that this process starts, before it can do anything.
 * A lock is taken over only from an owner of this host that is certainly dead, after ending the processes it started.
 * Throws `locked`, saying who, since when and what to do; `target-missing` when a root is not there; `disk`; `path-refused`.
 */
export const acquireLock = async (
  ports: LockPorts,
  paths: readonly string[],
  { what, waitMs = 0, signal }: LockRequest,
): Promise<Lock> => {
  const byPath = new Map(paths.map((path) => openLockFile(ports, path)).map((file) => [file.path, file]));
  const files = [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  const deadline = ports.clock.ticks() + waitMs;
  const facts: LockFacts = {
    format: 1,
    ...ports.identity.self(),
    nonce: randomBytes(8).toString('hex'),
    time: ports.clock.now().toISOString(),
    what,
  };
  for (let round = 0; ; round += 1) {
    signal?.throwIfAborted();
    const { blocked } = takeAll(ports, files, facts);
    if (blocked === undefined) break;
    const moving = blocked.by === undefined && round < patience;
    if (!moving && ports.clock.ticks() >= deadline) throw lockedError(blocked.path, blocked.by, age(ports, blocked.by));
    // Jitter, so that many waiters do not knock in step for ever.
    await sleep(5 + Math.random() * Math.min(10 + round * 5, 60));
  }
  const roots = files.filter((file) => file.ownFolder);
  const note: Listener = (group, state) => {
    for (const file of roots) noteGroup(file, group, state);
  };
  for (const group of ports.groups?.live() ?? []) note(group, 'live');
  const unwatch = ports.groups?.watch(note);
  let live = true;
  return {
    paths: files.map((file) => file.path),
    release: () => {
      if (!live) return;
      live = false;
      unwatch?.();
      const failures: unknown[] = [];
      for (const file of [...files].reverse()) {
        try {
          release(ports, file, facts.nonce);
        } catch (error) {
          failures.push(error);
        }
      }
      for (const error of failures) throw error;
    },
  };
};
