/** Undoes a transaction's entries, refs before files, for a run that goes on and for one that crashed alike. */

import { LockstepError, messageOf } from '../../domain/errors.ts';
import { isInside } from '../../domain/paths.ts';
import type { Processes } from '../../ports.ts';
import type { JournalEntry, RefEntry } from '../../store/journal.ts';
import { moveRef, readRef } from './refs.ts';
import { type RestoreGround, restoreFiles } from './restore.ts';
import type { LeftPath, UndoReport } from './undo-log.ts';

export interface UndoGround extends RestoreGround {
  readonly processes: Processes;
}

type Moved = 'restored' | 'nothing' | LeftPath;

const restoreRef = async ({ processes, places }: UndoGround, chain: readonly RefEntry[]): Promise<Moved> => {
  const [first] = chain;
  if (first === undefined) return 'nothing';
  const path = `${first.checkout} (${first.ref})`;
  if (!places.some((place) => isInside(place.root, first.checkout))) {
    return { path, cause: "it lies outside the target's roots" };
  }
  const now = await readRef(processes, first);
  if (now === first.before) return 'nothing';
  if (!chain.some((entry) => entry.after === now)) return { path, cause: `moved by somebody else since, to ${now}` };
  await moveRef(processes, first, now, first.before);
  return 'restored';
};

/** Puts back what the entries changed; `left` and `unfinished` name what was not. Idempotent. */
export const undoEntries = async (ground: UndoGround, entries: readonly JournalEntry[]): Promise<UndoReport> => {
  const chains = new Map<string, RefEntry[]>();
  for (const entry of entries) {
    if (entry.kind !== 'ref') continue;
    const key = `${entry.checkout}\0${entry.ref}`;
    chains.set(key, [...(chains.get(key) ?? []), entry]);
  }
  let restored = 0;
  const left: LeftPath[] = [];
  const unfinished: LeftPath[] = [];
  for (const chain of chains.values()) {
    try {
      const moved = await restoreRef(ground, chain);
      if (moved === 'restored') restored += 1;
      else if (moved !== 'nothing') left.push(moved);
    } catch (error) {
      if (!(error instanceof LockstepError)) throw error;
      unfinished.push({ path: `${chain[0]?.checkout} (${chain[0]?.ref})`, cause: messageOf(error) });
    }
  }
  const files = restoreFiles(
    ground,
    entries.filter((entry) => entry.kind === 'file'),
  );
  return {
    restored: restored + files.restored,
    left: [...left, ...files.left],
    unfinished: [...unfinished, ...files.unfinished],
  };
};
