/** Knows which folders of a target Lockstep makes, and which of its own it leaves empty. Pure. */
import { posix } from 'node:path';
import type { RootedPath } from './paths.ts';

/** Folders above a path, the nearest first; the root itself is not among them. */
export const foldersAbove = (path: RootedPath): readonly RootedPath[] => {
  const found: RootedPath[] = [];
  for (
    let at = posix.dirname(path);
    at !== '.' && at !== '/' && !/^@(python|checkout)$/.test(at);
    at = posix.dirname(at)
  ) {
    found.push(at);
  }
  return found;
};

/** Folders that must be made for some files, sorted. */
export const foldersToMake = (
  paths: Iterable<RootedPath>,
  stands: (folder: RootedPath) => boolean,
): readonly RootedPath[] => {
  const missing = new Set<RootedPath>();
  const seen = new Set<RootedPath>();
  for (const path of paths) {
    for (const folder of foldersAbove(path)) {
      if (seen.has(folder)) break;
      seen.add(folder);
      if (!stands(folder)) missing.add(folder);
    }
  }
  return [...missing].sort();
};

const depth = (path: RootedPath): number => path.split('/').length;

/** Of Lockstep's own folders, those that hold nothing once `gone` is gone, and that no wanted path needs; deepest first. */
export const foldersToRemove = (request: {
  readonly own: Iterable<RootedPath>;
  readonly wanted: Iterable<RootedPath>;
  readonly gone: Iterable<RootedPath>;
  /** Names in a folder as it stands. */
  readonly list: (folder: RootedPath) => readonly string[];
}): readonly RootedPath[] => {
  const needed = new Set<RootedPath>();
  for (const path of request.wanted) for (const folder of foldersAbove(path)) needed.add(folder);
  const gone = new Set(request.gone);
  const removed: RootedPath[] = [];
  for (const folder of [...request.own].sort((a, b) => depth(b) - depth(a) || (a < b ? -1 : 1))) {
    if (needed.has(folder) || !request.list(folder).every((name) => gone.has(`${folder}/${name}`))) continue;
    gone.add(folder);
    removed.push(folder);
  }
  return removed;
};
