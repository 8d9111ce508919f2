/** The one guarded way to write under a target: inside the roots, on real paths, through no link. */
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fsync,
  fsyncSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { promisify } from 'node:util';
import { LockstepError } from '../domain/errors.ts';
import { isInside } from '../domain/paths.ts';
import type { Tree, TreeBounds } from '../ports.ts';
import { diskError } from './disk-error.ts';

const refused = (path: string, why: string): LockstepError =>
  new LockstepError('path-refused', `refused to write ${path}: ${why}`);

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '');

const insideRoots = ({ roots }: TreeBounds, path: string): void => {
  // Also a slash at the end, with which a root would not be known for one.
  if (resolve(path) !== path || path.includes('\0')) {
    throw refused(path, 'it is not an absolute, plain path');
  }
  if (!roots.some((root) => isInside(root, path))) throw refused(path, "it lies outside the target's roots");
};

/** Throws `path-refused` unless the path lies below a root, its folder is a real one, and the bounds do not refuse it. */
export const guard = (bounds: TreeBounds, path: string): void => {
  insideRoots(bounds, path);
  if (bounds.roots.includes(path)) throw refused(path, "it is one of the target's roots itself");
  let folder: string;
  try {
    folder = realpathSync.native(dirname(path));
  } catch (error) {
    throw diskError({ problem: `${dirname(path)} cannot be written in`, path: dirname(path), cause: error });
  }
  if (folder !== dirname(path)) throw refused(path, `a symbolic link on the way leads to ${folder}`);
  const why = bounds.refuse?.(path);
  if (why !== undefined) throw refused(path, why);
};

// What the platform answers where hard links do not exist or are not allowed for this file.
const linkless = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK', 'ENOSYS', 'EXDEV', 'EACCES']);

// Windows has no O_NOFOLLOW; there the check of the folder is all there is.
const noFollow = constants.O_NOFOLLOW ?? 0;

const openFile = (path: string, flags: number, mode?: number): number => {
  try {
    return openSync(path, constants.O_WRONLY | noFollow | flags, mode);
  } catch (error) {
    if (codeOf(error) === 'ELOOP') throw refused(path, 'a symbolic link stands there');
    throw error;
  }
};

const writeFile = (path: string, bytes: Uint8Array, mode: number): void => {
  const handle = openFile(path, constants.O_CREAT | constants.O_TRUNC, mode);
  try {
    writeFileSync(handle, bytes);
    fchmodSync(handle, mode);
  } finally {
    closeSync(handle);
  }
};

const appendTo = (path: string, bytes: Uint8Array): void => {
  const handle = openFile(path, constants.O_APPEND);
  try {
    writeFileSync(handle, bytes);
  } finally {
    closeSync(handle);
  }
};

/**
 * Node takes seconds as a number, and before 24 cuts them to microseconds: aiming at the middle of one always hits it.
 * It reads a negative number as "now", but not a negative date.
 */
const asTime = (ns: bigint): number | Date =>
  ns < 0n ? new Date(Number(ns / 1_000_000n)) : (Number(ns / 1000n) + 0.5) / 1e6;

/** Some file systems cannot flush a folder; the renames in it still happened. */
const canBeLeft = (path: string, error: unknown): boolean =>
  ['EINVAL', 'EPERM', 'EISDIR', 'ENOTSUP'].includes(codeOf(error)) && lstatSync(path).isDirectory();

const flushOne = (path: string): void => {
  const handle = openSync(path, constants.O_RDONLY | noFollow);
  try {
    fsyncSync(handle);
  } catch (error) {
    if (!canBeLeft(path, error)) throw error;
  } finally {
    closeSync(handle);
  }
};

const fsyncAside = promisify(fsync);

const flushAside = async (path: string): Promise<void> => {
  const handle = openSync(path, constants.O_RDONLY | noFollow);
  try {
    await fsyncAside(handle);
  } catch (error) {
    if (!canBeLeft(path, error)) throw error;
  } finally {
    closeSync(handle);
  }
};

/** Node has four threads for this; a few more keep them busy, and few handles open. */
const flushesAtOnce = 16;

const troubleWith = (path: string, what: string, error: unknown): LockstepError =>
  error instanceof LockstepError
    ? error
    : diskError({ problem: `${what} failed for ${path}`, path: dirname(path), cause: error });

/** A Tree on the disk. Not atomic by itself: callers write to new names and rename. */
export const diskTree = (bounds: TreeBounds): Tree => {
  const attempt = <T>(path: string, what: string, action: () => T): T => {
    try {
      return action();
    } catch (error) {
      throw troubleWith(path, what, error);
    }
  };
  const act = <T>(paths: readonly [string, ...string[]], what: string, action: () => T): T => {
    for (const path of paths) guard(bounds, path);
    return attempt(paths.at(-1) ?? paths[0], what, action);
  };
  return {
    write: (path, bytes, mode) => act([path], 'writing', () => writeFile(path, bytes, mode)),
    append: (path, bytes) => act([path], 'writing', () => appendTo(path, bytes)),
    symlink: (path, to) => act([path], 'linking', () => symlinkSync(to, path)),
    link: (from, to) =>
      act([from, to], 'linking', () => {
        try {
          linkSync(from, to);
          return true;
        } catch (error) {
          if (linkless.has(codeOf(error))) return false;
          throw error;
        }
      }),
    rename: (from, to) => act([from, to], 'renaming', () => renameSync(from, to)),
    mkdir: (path, mode) => act([path], 'making a folder', () => mkdirSync(path, mode)),
    unlink: (path) => act([path], 'removing', () => unlinkSync(path)),
    rmdir: (path) => act([path], 'removing a folder', () => rmdirSync(path)),
    chmod: (path, mode) =>
      act([path], 'setting the mode', () => {
        if (lstatSync(path).isSymbolicLink()) throw refused(path, 'a symbolic link stands there');
        chmodSync(path, mode);
      }),
    touch: (path, mtimeNs) =>
      act([path], 'setting the time', () => {
        const time = asTime(mtimeNs);
        lutimesSync(path, time, time);
      }),
    flush: (paths) => {
      for (const path of paths) {
        insideRoots(bounds, path);
        attempt(path, 'flushing', () => flushOne(path));
      }
    },
    flushAll: async (paths) => {
      // They share what is left: each takes the next path when its last one is on the disk.
      const rest = paths[Symbol.asyncIterator]();
      let failed = false;
      // One asks at a time: of a giver that was asked already, the next is made even when a flush failed meanwhile.
      let asked: Promise<unknown> = Promise.resolve();
      const next = (): Promise<IteratorResult<string, unknown>> => {
        const answer = asked.then(() => (failed ? { done: true as const, value: undefined } : rest.next()));
        asked = answer.catch(() => {
          failed = true;
        });
        return answer;
      };
      const lane = async (): Promise<void> => {
        try {
          while (!failed) {
            const { done, value: path } = await next();
            if (done) return;
            insideRoots(bounds, path);
            await flushAside(path).catch((error) => {
              throw troubleWith(path, 'flushing', error);
            });
          }
        } catch (error) {
          failed = true;
          throw error;
        }
      };
      const lanes = await Promise.allSettled(Array.from({ length: flushesAtOnce }, lane));
      if (failed) await rest.return?.();
      for (const one of lanes) if (one.status === 'rejected') throw one.reason;
    },
  };
};
