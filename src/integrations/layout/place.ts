/** Refuses names and folders that cannot be a target, before anything is written. */
import { basename, relative, sep } from 'node:path';
import { LockstepError } from '../../domain/errors.ts';
import { isInside } from '../../domain/paths.ts';
import type { Files } from '../../ports.ts';

const nameRule = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/;

const invalid = (message: string, hint: string): LockstepError =>
  new LockstepError('target-invalid', message, { hint });

/** Throws `target-invalid` unless a name can stand in file names, on command lines and in reports as it is. */
export const checkName = (name: string): void => {
  if (nameRule.test(name)) return;
  throw invalid(
    name === '' ? 'a target needs a name' : `${JSON.stringify(name)} cannot be a target's name`,
    'up to 100 letters, digits, dots, underscores and dashes; not a dot or a dash in front',
  );
};

export interface Place {
  /** Absolute. */
  readonly path: string;
  readonly mainRoot: string;
  /** Whether main's git ignores a path, relative to the main root with forward slashes. */
  readonly ignored: (path: string) => boolean | Promise<boolean>;
  /** Whether main's git tracks something at or below a path; nothing is, unless told. */
  readonly tracked?: (path: string) => boolean | Promise<boolean>;
  /** The other targets; paths absolute. */
  readonly others: readonly { readonly name: string; readonly path: string }[];
}

/** One folder under two names: by real path, and by identity where a file system does not tell case apart. */
const sameFolder = (files: Files, a: string, b: string): boolean => {
  if (a === b) return true;
  const [one, other] = [files.stat(a), files.stat(b)];
  return one !== undefined && other !== undefined && one.ino !== 0 && one.ino === other.ino && one.dev === other.dev;
};

/**
 * The real path of a folder that may become a target. Throws `target-invalid` for a path that is missing, no folder,
 * the main root or around it, in main without being ignored there, or that shares a tree with another target: two
 * transactions would then write in one tree.
 */
export const checkPlace = async (files: Files, place: Place): Promise<string> => {
  const { path } = place;
  const real = files.real(path);
  if (real === undefined) throw invalid(`${path} is not there`, 'make the folder first, or correct the path');
  if (files.stat(real)?.kind !== 'dir') throw invalid(`${path} is not a folder`, "give the target's folder");
  const mainRoot = files.real(place.mainRoot) ?? place.mainRoot;
  if (sameFolder(files, real, mainRoot)) {
    throw invalid(`${path} is the main project itself`, 'give the folder of a project that uses it');
  }
  if (isInside(real, mainRoot)) {
    throw invalid(`${path} holds the main project ${mainRoot}`, 'a target lies beside the main project, or in it');
  }
  for (const other of place.others) {
    const otherReal = files.real(other.path) ?? other.path;
    if (sameFolder(files, real, otherReal)) {
      throw invalid(`${path} is already the target ${other.name}`, `lockstep target update ${other.name} changes it`);
    }
    if (isInside(otherReal, real)) {
      throw invalid(
        `${path} lies inside the target ${other.name} (${otherReal})`,
        `both would write in one tree: move it out, or first: lockstep target remove ${other.name}`,
      );
    }
    if (isInside(real, otherReal)) {
      throw invalid(
        `${path} holds the target ${other.name} (${otherReal})`,
        `both would write in one tree: choose a narrower folder, or first: lockstep target remove ${other.name}`,
      );
    }
  }
  if (isInside(mainRoot, real)) {
    const below = relative(mainRoot, real).split(sep).join('/');
    if (await place.tracked?.(below)) {
      throw invalid(`${path} holds files of the main project`, 'a target in the main project holds none of its files');
    }
    if (!(await place.ignored(below))) {
      throw invalid(
        `${path} lies inside the main project, in a folder that git does not ignore`,
        `add /${below}/ to .gitignore of ${basename(mainRoot)}, or move the target out`,
      );
    }
  }
  return real;
};
