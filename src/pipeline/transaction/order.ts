/** The order in which one step's entries are put in place: new before old goes, and never a file in the way of a folder. */
import { dirname } from 'node:path';
import type { FileEntry } from '../../store/journal.ts';

type Placed = Pick<FileEntry, 'path' | 'before' | 'after'>;

/** How many folders deep a path lies. */
export const depth = (path: string): number => path.split(/[\\/]/).length;
const isFolder = (entry: Placed): boolean => entry.before.kind === 'dir';

const foldersLast = <T extends { readonly entry: Placed }>(removals: readonly T[]): T[] => [
  ...removals.filter((item) => !isFolder(item.entry)),
  ...removals
    .filter((item) => isFolder(item.entry))
    .sort((a, b) => depth(b.entry.path) - depth(a.entry.path) || (a.entry.path < b.entry.path ? -1 : 1)),
];

/** Whether one of `paths` is this path or a folder above it. */
const isUnder = (paths: ReadonlySet<string>, path: string): boolean => {
  if (paths.size === 0) return false;
  for (let at = path; ; at = dirname(at)) {
    if (paths.has(at)) return true;
    if (at === dirname(at)) return false;
  }
};

/**
 * Removals that make room come first, then what is written in the order given, then the other removals, emptied folders
 * last and deepest first: a reader in between sees old or new, rarely nothing.
 */
export const swapOrder = <T extends { readonly entry: Placed }>(items: readonly T[]): readonly T[] => {
  const removals = items.filter((item) => item.entry.after.kind === 'absent');
  const writes = items.filter((item) => item.entry.after.kind !== 'absent');
  const removed = new Set(removals.map((item) => item.entry.path));
  const inTheWay = new Set<string>();
  for (const { entry } of removed.size === 0 ? [] : writes) {
    for (let at = entry.path; at !== dirname(at); at = dirname(at)) if (removed.has(at)) inTheWay.add(at);
  }
  const early = removals.filter((item) => isUnder(inTheWay, item.entry.path));
  const late = removals.filter((item) => !isUnder(inTheWay, item.entry.path));
  return [...foldersLast(early), ...writes, ...foldersLast(late)];
};
