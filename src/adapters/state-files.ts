/** Writes Lockstep's own state: whole files by rename, lines by flushed append. */

import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import fse from 'fs-extra';
import { LockstepError, messageOf } from '../domain/errors.ts';
import type { StateFiles } from '../ports.ts';

const writeAll = (handle: number, bytes: Uint8Array): void => {
  let done = 0;
  while (done < bytes.length) done += writeSync(handle, bytes, done);
};

const toBytes = (bytes: string | Uint8Array): Uint8Array => (typeof bytes === 'string' ? Buffer.from(bytes) : bytes);

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
    throw new LockstepError('disk', `Lockstep's state at ${path} cannot be written: ${messageOf(error)}`, {
      cause: error,
    });
  }
};

/** Durable state on the disk; folders are made 0700, files 0600. Throws `disk`. */
export const diskState = (): StateFiles => ({
  replace: (path, bytes) =>
    attempt(path, () => {
      fse.ensureDirSync(dirname(path), { mode: 0o700 });
      const temporary = `${path}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
      try {
        const handle = openSync(temporary, 'wx', 0o600);
        try {
          writeAll(handle, toBytes(bytes));
          fsyncSync(handle);
        } finally {
          closeSync(handle);
        }
        renameSync(temporary, path);
      } catch (error) {
        fse.removeSync(temporary);
        throw error;
      }
      flushDir(dirname(path));
    }),
  append: (path, bytes, durability = 'flushed') =>
    attempt(path, () => {
      fse.ensureDirSync(dirname(path), { mode: 0o700 });
      const handle = openSync(path, 'a', 0o600);
      try {
        writeAll(handle, toBytes(bytes));
        if (durability === 'flushed') fsyncSync(handle);
      } finally {
        closeSync(handle);
      }
    }),
  createExclusive: (path, text) =>
    attempt(path, () => {
      fse.ensureDirSync(dirname(path), { mode: 0o700 });
      let handle: number;
      try {
        handle = openSync(path, 'wx', 0o600);
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
        throw error;
      }
      try {
        writeAll(handle, toBytes(text));
        fsyncSync(handle);
      } finally {
        closeSync(handle);
      }
      return true;
    }),
  remove: (path) => attempt(path, () => fse.removeSync(path)),
  makeDir: (path) => attempt(path, () => fse.ensureDirSync(path, { mode: 0o700 })),
});
