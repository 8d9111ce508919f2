/** Leaves no compiled file of undone code behind, and brings back those of the code that is back. */
import { dirname, join } from 'node:path';
import { cacheOf, compiledFrom, isPythonSource } from './bytecode.ts';
import type { Chain } from './chain.ts';
import { holdPath, type Workplace } from './places.ts';
import type { UndoLog } from './undo-log.ts';

const isHeld = ({ files, places }: Workplace, { first }: Chain): boolean => {
  const held = holdPath(places, first);
  return held !== undefined && files.stat(held)?.kind === 'file';
};

interface Chains {
  readonly code: readonly Chain[];
  readonly plain: readonly Chain[];
}

/** Removes what the run put in caches, and what any Python compiled from the run's files since. */
export const clearBytecode = (ground: Workplace, log: UndoLog, { code, plain }: Chains): void => {
  const { files, tree } = ground;
  for (const chain of code) {
    const { path, goal } = chain;
    const ours = goal.kind === 'absent' && !isHeld(ground, chain) && files.stat(path)?.kind === 'file';
    if (ours) log.putBack(path, () => tree.unlink(path));
  }
  const journaled = new Set(code.map(({ path }) => path));
  for (const { path: source } of plain.filter(({ path }) => isPythonSource(path))) {
    const cache = cacheOf(source);
    if (files.stat(cache)?.kind !== 'dir') continue;
    // A compiled file from before the run was journaled with its source: any other came later.
    for (const name of compiledFrom(source, files.list(cache))) {
      const path = join(cache, name);
      if (!journaled.has(path)) log.attempt(path, () => tree.unlink(path));
    }
    if (files.list(cache).length === 0 && !journaled.has(cache)) log.attempt(cache, () => tree.rmdir(cache));
  }
};

/** Puts held compiled files back; one whose folder somebody removed is not missed. */
export const restoreBytecode = (ground: Workplace, log: UndoLog, code: readonly Chain[]): void => {
  const { files, tree, places } = ground;
  for (const chain of code) {
    const held = holdPath(places, chain.first);
    if (held === undefined || !isHeld(ground, chain)) continue;
    if (files.stat(dirname(chain.path))?.kind === 'dir') log.putBack(chain.path, () => tree.rename(held, chain.path));
  }
};
