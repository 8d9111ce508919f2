/** Narrows a restore to some paths, each with all that lies below it. Pure. */
import type { RootedPath } from './paths.ts';

/** Whether a restore may touch a path; any path where it was not narrowed (null). */
export type Covers = (path: RootedPath) => boolean;

export const coversPaths = (paths: readonly RootedPath[] | null): Covers => {
  if (paths === null) return () => true;
  const asked = new Set(paths);
  return (path) => {
    if (asked.has(path)) return true;
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
      if (asked.has(path.slice(0, at))) return true;
    }
    return false;
  };
};

/** Those of the asked paths that are none of the known ones, and have none of them below. */
export const unknownPaths = (asked: readonly RootedPath[], known: Iterable<RootedPath>): readonly RootedPath[] => {
  const all = [...known];
  return asked.filter((path) => !all.some((one) => one === path || one.startsWith(`${path}/`)));
};
