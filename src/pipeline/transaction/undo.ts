/** Undoes a transaction's entries, refs before files, for a run that goes on and for one that crashed alike. */

import { LockstepError, messageOf } from '../../domain/errors.ts';
import { isInside } from '../../domain/paths.ts';
import type { Processes } from '../../ports.ts';
import type { ExternalFacts, JournalEntry, RefEntry } from '../../store/journal.ts';
import { forgetMoves, moveRef, readRef } from './refs.ts';
import { type RestoreGround, restoreFiles } from './restore.ts';
import { removeWays, restoreExternals } from './restore-external.ts';
import type { LeftPath, UndoReport } from './undo-log.ts';

export interface UndoGround extends RestoreGround {
  readonly processes: Processes;
  /** The run that is undone. */
  readonly run: string;
  /** Programs that it started, oldest first. */
  readonly externals: readonly ExternalFacts[];
}

type Moved = 'restored' | 'nothing' | LeftPath;

/** Left as they are, such lines are no more than untidy. */
const forget = async ({ processes, run }: UndoGround, first: RefEntry): Promise<LeftPath | undefined> => {
  try {
    await forgetMoves(processes, first, run);
    return undefined;
  } catch (error) {
    if (!(error instanceof LockstepError)) throw error;
    return { path: `${first.checkout} (reflog of ${first.ref})`, cause: messageOf(error) };
  }
};

const restoreRef = async ({ processes, places, run }: UndoGround, chain: readonly RefEntry[]): Promise<Moved> => {
  const [first] = chain;
  if (first === undefined) return 'nothing';
  const path = `${first.checkout} (${first.ref})`;
  if (!places.some((place) => isInside(place.root, first.checkout))) {
    return { path, cause: "it lies outside the target's roots" };
  }
  const now = await readRef(processes, first);
  if (now === first.before) return 'nothing';
  if (!chain.some((entry) => entry.after === now)) return { path, cause: `moved by somebody else since, to ${now}` };
  await moveRef(processes, first, { from: now, to: first.before, run });
  return 'restored';
};

/** A folder that cannot be read keeps nothing else from being put back. */
const attemptExternals = (restore: () => UndoReport): UndoReport => {
  try {
    return restore();
  } catch (error) {
    if (!(error instanceof LockstepError)) throw error;
    return { restored: 0, left: [], unfinished: [{ path: 'what a program wrote', cause: messageOf(error) }] };
  }
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
      // Also when the branch is back already: the run that undid it may have been killed just then.
      const untidy = typeof moved === 'string' && chain[0] !== undefined ? await forget(ground, chain[0]) : undefined;
      if (untidy !== undefined) left.push(untidy);
    } catch (error) {
      if (!(error instanceof LockstepError)) throw error;
      unfinished.push({ path: `${chain[0]?.checkout} (${chain[0]?.ref})`, cause: messageOf(error) });
    }
  }
  // Programs first: a folder that the run made may hold what they wrote. Their own may hold files of the run.
  const written = attemptExternals(() => restoreExternals(ground, ground.externals));
  const files = restoreFiles(
    ground,
    entries.filter((entry) => entry.kind === 'file'),
  );
  const ways = attemptExternals(() => removeWays(ground, ground.externals));
  const reports = [written, files, ways];
  return {
    restored: reports.reduce((sum, report) => sum + report.restored, restored),
    left: [...left, ...reports.flatMap((report) => report.left)],
    unfinished: [...unfinished, ...reports.flatMap((report) => report.unfinished)],
  };
};
