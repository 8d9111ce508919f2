/** What makes the tests quick on this machine without changing what they test. */
import { execFileSync } from 'node:child_process';
import { accessSync, constants, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname } from 'node:path';

const inMemory = '/dev/shm';
/** Bytes: several times what a whole run holds at once. */
const room = 3 * 1024 ** 3;

/** The folder for everything that tests make: one in memory where there is room, for flushing costs nothing there; `TMPDIR` goes first. */
export const swiftTmpdir = (): string => {
  if (process.env.TMPDIR !== undefined) return process.env.TMPDIR;
  try {
    accessSync(inMemory, constants.W_OK);
    const { bavail, bsize } = statfsSync(inMemory);
    return bavail * bsize > room ? inMemory : tmpdir();
  } catch {
    return tmpdir();
  }
};

/** PATH with the folder of the real python3 first where the one in PATH is a script that looks for it, at half a second each time. */
export const pathToPython = (): string => {
  const path = process.env.PATH ?? '';
  try {
    const code = 'import sys; print(sys.executable)';
    const real = dirname(execFileSync('python3', ['-c', code], { encoding: 'utf8', stdio: 'pipe' }).trim());
    return path.split(delimiter).includes(real) ? path : [real, path].join(delimiter);
  } catch {
    // Without python3 the tests that need one say so.
    return path;
  }
};
