/** Tells what truly lies below a target's roots: behind a link on the way stands nothing that is the target's. */
import { dirname } from 'node:path';
import type { RootedPath } from '../../domain/paths.ts';
import type { Files } from '../../ports.ts';

/** How many folders lie between a path's root and its own name. */
const depthOf = (path: RootedPath): number => path.replace(/^(?:\.|@(?:python|checkout))\//, '').split('/').length - 1;

/** Answers for one path after the other, and looks at each folder once. */
export const reachOf = (files: Pick<Files, 'stat'>): ((path: RootedPath, absolute: string) => boolean) => {
  const known = new Map<string, boolean>();
  const isReached = (dir: string, depth: number): boolean => {
    if (depth === 0) return true;
    const before = known.get(dir);
    if (before !== undefined) return before;
    const found = isReached(dirname(dir), depth - 1) && files.stat(dir)?.kind === 'dir';
    known.set(dir, found);
    return found;
  };
  return (path, absolute) => isReached(dirname(absolute), depthOf(path));
};
