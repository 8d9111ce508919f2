/** Keeps pruning apart from everybody who relies on the packs: they claim them side by side, pruning has them alone. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LockstepError } from '../../domain/errors.ts';
import type { Owner } from '../../ports.ts';
import { acquireLock, type Lock, type LockPorts, stateLockPath } from '../lock.ts';
import type { StatePlaces } from '../state-dir.ts';

export interface Claim {
  /** Gives it back. Safe to call twice. */
  release(): void;
}

interface Claimant extends Owner {
  readonly what: string;
}

/** How long a backup waits for pruning, in milliseconds: gigabytes may be written anew. */
const patience = 120_000;

const lockPath = (places: StatePlaces): string => stateLockPath(places, 'backups');

/** A claim that was torn or is being written; whoever writes it has yet to look whether somebody prunes. */
const parse = (text: string): Claimant | undefined => {
  try {
    return JSON.parse(text) as Claimant;
  } catch {
    return undefined;
  }
};

/**
 * Objects and backups stay where they are until it is released. Waits while somebody prunes.
 * The claim is written first, then the lock looked for; pruning takes the lock first, then looks for claims: so one of
 * the two always sees the other. Throws `locked`, `disk`.
 */
export const claimPacks = async (ports: LockPorts, places: StatePlaces, what: string): Promise<Claim> => {
  const path = join(places.claims, `${randomBytes(8).toString('hex')}.json`);
  const claimant: Claimant = { ...ports.identity.self(), what };
  for (;;) {
    ports.state.append(path, JSON.stringify(claimant), 'lazy');
    if (ports.files.stat(lockPath(places)) === undefined) break;
    ports.state.remove(path);
    // Waiting for the lock takes it over, too, from somebody who died while pruning.
    const lock = await acquireLock(ports, [lockPath(places)], { what, waitMs: patience });
    lock.release();
  }
  let live = true;
  return {
    release: () => {
      if (!live) return;
      live = false;
      try {
        ports.state.remove(path);
      } catch (error) {
        // What was done is done; the claim counts for nothing once this process has ended.
        if (!(error instanceof LockstepError)) throw error;
      }
    },
  };
};

/** The claims of others, without those of owners that are certainly dead, which are removed. */
const claimants = ({ files, state, identity }: LockPorts, places: StatePlaces): readonly Claimant[] =>
  files.list(places.claims).flatMap((name) => {
    const path = join(places.claims, name);
    let text: string;
    try {
      text = files.readText(path);
    } catch {
      // Released between the listing and the reading.
      return [];
    }
    const claimant = parse(text);
    if (claimant === undefined) return [];
    if (identity.alive(claimant) !== 'dead') return [claimant];
    state.remove(path);
    return [];
  });

/**
 * Nobody else relies on the packs until it is released, and no backup is made meanwhile.
 * @param waitMs how long to wait for those who do. Throws `locked`, saying who; `disk`.
 */
export const packsAlone = async (
  ports: LockPorts,
  places: StatePlaces,
  { what, waitMs, signal }: { readonly what: string; readonly waitMs: number; readonly signal: AbortSignal },
): Promise<Lock> => {
  const lock = await acquireLock(ports, [lockPath(places)], { what, waitMs, signal });
  const deadline = ports.clock.ticks() + waitMs;
  try {
    for (;;) {
      const [first] = claimants(ports, places);
      if (first === undefined) return lock;
      if (ports.clock.ticks() >= deadline) {
        throw new LockstepError('locked', `process ${first.pid} on ${first.host} uses the backups: ${first.what}`, {
          hint: 'wait for it, then run the same command again',
          details: [`claims: ${places.claims}`],
        });
      }
      await sleep(20);
      signal.throwIfAborted();
    }
  } catch (error) {
    lock.release();
    throw error;
  }
};
