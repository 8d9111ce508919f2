/** The one guarded way to write under a target: inside the roots, on real paths, through no link. */
import {
  chmodSync,
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, isAbsolute, normalize } from 'node:path';
import { LockstepError, messageOf } from '../domain/errors.ts';
import { isInside } from '../domain/paths.ts';
import type { Tree, TreeBounds } from '../ports.ts';

const refused = (path: string, why: string): LockstepError =>
  new LockstepError('path-refused', `refused to write ${path}: ${why}`);

/** Throws `path-refused` unless the path lies under a root, its folder is a real one, and the bounds do not refuse it. */
export const guard = ({ roots, refuse }: TreeBounds, path: string): void => {
  if (!isAbsolute(path) || normalize(path) !== path) throw refused(path, 'it is not an absolute, plain path');
  if (!roots.some((root) => isInside(root, path) && root !== path))
    throw refused(path, "it lies outside the target's roots");
  let folder: string;
  try {
    folder = realpathSync(dirname(path));
  } catch (error) {
    throw new LockstepError('disk', `${dirname(path)} is not there`, { cause: error });
  }
  if (folder !== dirname(path)) throw refused(path, `a symbolic link on the way leads to ${folder}`);
  const why = refuse?.(path);
  if (why !== undefined) throw refused(path, why);
};

const linkless = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK', 'ENOSYS', 'EXDEV', 'EACCES']);

/** A Tree on the disk. Not atomic by itself: callers write to new names and rename. */
export const diskTree = (bounds: TreeBounds): Tree => {
  const act = <T>(paths: readonly string[], what: string, action: () => T): T => {
    for (const path of paths) guard(bounds, path);
    try {
      return action();
    } catch (error) {
      throw new LockstepError('disk', `${what} failed for ${paths.at(-1)}: ${messageOf(error)}`, { cause: error });
    }
  };
  return {
    write: (path, bytes, mode) =>
      act([path], 'writing', () => {
        const handle = openSync(path, 'w', mode);
        try {
          writeFileSync(handle, bytes);
        } finally {
          closeSync(handle);
        }
        chmodSync(path, mode);
      }),
    symlink: (path, to) => act([path], 'linking', () => symlinkSync(to, path)),
    link: (from, to) => {
      for (const path of [from, to]) guard(bounds, path);
      try {
        linkSync(from, to);
        return true;
      } catch (error) {
        if (error instanceof Error && 'code' in error && linkless.has(String(error.code))) return false;
        throw new LockstepError('disk', `linking failed for ${to}: ${messageOf(error)}`, { cause: error });
      }
    },
    rename: (from, to) => act([from, to], 'renaming', () => renameSync(from, to)),
    mkdir: (path, mode) => act([path], 'making a folder', () => mkdirSync(path, mode)),
    unlink: (path) => act([path], 'removing', () => unlinkSync(path)),
    rmdir: (path) => act([path], 'removing a folder', () => rmdirSync(path)),
    chmod: (path, mode) => act([path], 'setting the mode', () => chmodSync(path, mode)),
    touch: (path, mtimeNs) =>
      act([path], 'setting the time', () => {
        const seconds = Number(mtimeNs / 1000n) / 1e6;
        utimesSync(path, seconds, seconds);
      }),
    flush: (paths) => {
      for (const path of paths) {
        if (!bounds.roots.some((root) => isInside(root, path)))
          throw refused(path, "it lies outside the target's roots");
        const handle = openSync(path, 'r');
        try {
          fsyncSync(handle);
        } finally {
          closeSync(handle);
        }
      }
    },
  };
};
