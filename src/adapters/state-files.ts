/** Writes Lockstep's own state: whole files by rename or link, lines by flushed append. */

import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, linkSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import fse from 'fs-extra';
import type { NewFile, StateFiles } from '../ports.ts';
import { diskError } from './disk-error.ts';

const writeAll = (handle: number, bytes: Uint8Array): void => {
  let done = 0;
  while (done < bytes.length) done += writeSync(handle, bytes, done);
};

const toBytes = (bytes: string | Uint8Array): Uint8Array => (typeof bytes === 'string' ? Buffer.from(bytes) : bytes);

const hasCode = (error: unknown, codes: readonly string[]): boolean =>
  error instanceof Error && 'code' in error && codes.includes(String(error.code));

const flushDir = (dir: string): void => {
  const handle = openSync(dir, 'r');
  try {
    fsyncSync(handle);
  } catch {
    // Some file systems cannot flush a folder; the rename itself still happened.
  } finally {
    closeSync(handle);
  }
};

const attempt = <T>(path: string, action: () => T): T => {
  try {
    return action();
  } catch (error) {
    throw diskError({ problem: `Lockstep's state at ${path} cannot be written`, path: dirname(path), cause: error });
  }
};

/** What lies in a new folder is on the disk only once the folder's own name is. */
const makeDir = (dir: string): void => {
  const missing: string[] = [];
  for (let at = dir; !existsSync(at); at = dirname(at)) missing.unshift(at);
  fse.ensureDirSync(dir, { mode: 0o700 });
  for (const made of missing) flushDir(dirname(made));
};

const writeNew = (path: string, bytes: Uint8Array): void => {
  const handle = openSync(path, 'wx', 0o600);
  try {
    writeAll(handle, bytes);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
};

const temporaryName = (path: string): string => `${path}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;

const replace = (path: string, bytes: Uint8Array): void => {
  makeDir(dirname(path));
  const temporary = temporaryName(path);
  try {
    writeNew(temporary, bytes);
    renameSync(temporary, path);
  } catch (error) {
    fse.removeSync(temporary);
    throw error;
  }
  flushDir(dirname(path));
};

const linkless = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

/** Linked into place with its content, so that nobody ever sees half of it. */
const createExclusive = (path: string, bytes: Uint8Array): boolean => {
  makeDir(dirname(path));
  const temporary = temporaryName(path);
  try {
    writeNew(temporary, bytes);
    try {
      linkSync(temporary, path);
    } catch (error) {
      if (!hasCode(error, linkless)) throw error;
      writeNew(path, bytes);
    }
  } catch (error) {
    if (hasCode(error, ['EEXIST'])) return false;
    throw error;
  } finally {
    fse.removeSync(temporary);
  }
  flushDir(dirname(path));
  return true;
};

const openNew = (path: string): NewFile => {
  makeDir(dirname(path));
  const handle = openSync(path, 'wx', 0o600);
  return {
    write: (bytes) => attempt(path, () => writeAll(handle, bytes)),
    finish: () =>
      attempt(path, () => {
        try {
          fsyncSync(handle);
        } finally {
          closeSync(handle);
        }
        flushDir(dirname(path));
      }),
    discard: () =>
      attempt(path, () => {
        closeSync(handle);
        fse.removeSync(path);
      }),
  };
};

/** Durable state on the disk; folders are made 0700, files 0600. Throws `disk`. */
export const diskState = (): StateFiles => ({
  replace: (path, bytes) => attempt(path, () => replace(path, toBytes(bytes))),
  append: (path, bytes, durability = 'flushed') =>
    attempt(path, () => {
      makeDir(dirname(path));
      const handle = openSync(path, 'a', 0o600);
      try {
        writeAll(handle, toBytes(bytes));
        if (durability === 'flushed') fsyncSync(handle);
      } finally {
        closeSync(handle);
      }
    }),
  createExclusive: (path, text) => attempt(path, () => createExclusive(path, toBytes(text))),
  openNew: (path) => attempt(path, () => openNew(path)),
  remove: (path) => attempt(path, () => fse.removeSync(path)),
  flushDir: (path) => attempt(path, () => flushDir(path)),
  makeDir: (path) => attempt(path, () => makeDir(path)),
});
