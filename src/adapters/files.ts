/** Reads the disk with synchronous calls and one reused buffer. */
import { createHash } from 'node:crypto';
import {
  closeSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  realpathSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import fastGlob from 'fast-glob';
import { absent, type FileState } from '../domain/file-state.ts';
import type { Files, Stat, WalkEntry } from '../ports.ts';
import { diskError } from './disk-error.ts';
import { scratchIn } from './scratch.ts';

const buffer = Buffer.allocUnsafe(1 << 20);

/** A folder on the way that is none, or a link that leads round in a circle, leads to nothing. */
const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && ['ENOENT', 'ENOTDIR', 'ELOOP'].includes(String(error.code));

const stat = (path: string): Stat | undefined => {
  const found = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (found === undefined) return undefined;
  const kind = found.isFile() ? 'file' : found.isSymbolicLink() ? 'link' : found.isDirectory() ? 'dir' : 'other';
  return {
    kind,
    mode: Number(found.mode) & 0o7777,
    size: Number(found.size),
    ino: Number(found.ino),
    dev: Number(found.dev),
    mtimeNs: found.mtimeNs,
    ctimeNs: found.ctimeNs,
  };
};

/** A name that is not UTF-8 reads with U+FFFD in it, and then no longer finds its file. */
const unreadableName = (path: string): boolean => {
  if (!path.includes('\ufffd')) return false;
  try {
    return readdirSync(dirname(path)).includes(basename(path));
  } catch {
    // The folder itself is not there, or cannot be listed: nothing stands at the path.
    return false;
  }
};

const otherStat: Stat = { kind: 'other', mode: 0, size: 0, ino: 0, dev: 0, mtimeNs: 0n, ctimeNs: 0n };

const safeStat = (path: string): Stat | undefined => {
  try {
    return stat(path) ?? (unreadableName(path) ? otherStat : undefined);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw diskError({ problem: `${path} cannot be looked at`, path, cause: error });
  }
};

const hashFile = (path: string): { sha256: string; size: number } => {
  const hash = createHash('sha256');
  const handle = openSync(path, 'r');
  let size = 0;
  try {
    for (;;) {
      const length = readSync(handle, buffer, 0, buffer.length, null);
      if (length === 0) break;
      size += length;
      hash.update(buffer.subarray(0, length));
    }
  } finally {
    closeSync(handle);
  }
  return { sha256: hash.digest('hex'), size };
};

const state = (path: string): FileState => {
  const found = safeStat(path);
  if (found === undefined) return absent;
  if (found.kind === 'other') return { kind: 'other' };
  if (found.kind === 'dir') return { kind: 'dir', mode: found.mode };
  try {
    if (found.kind === 'link') return { kind: 'link', to: readlinkSync(path) };
    return { kind: 'file', mode: found.mode, ...hashFile(path) };
  } catch (error) {
    if (isMissing(error)) return absent;
    throw diskError({ problem: `${path} cannot be read`, path, cause: error });
  }
};

const read = (path: string): Buffer => {
  try {
    return readFileSync(path);
  } catch (error) {
    throw diskError({ problem: `${path} cannot be read`, path, cause: error, code: 'object-missing' });
  }
};

const readRange = (path: string, offset: number, length: number): Buffer => {
  try {
    const handle = openSync(path, 'r');
    try {
      const bytes = Buffer.allocUnsafe(length);
      let done = 0;
      while (done < length) {
        const got = readSync(handle, bytes, done, Math.min(length - done, 1 << 30), offset + done);
        if (got === 0) break;
        done += got;
      }
      return bytes.subarray(0, done);
    } finally {
      closeSync(handle);
    }
  } catch (error) {
    throw diskError({ problem: `${path} cannot be read`, path, cause: error, code: 'object-missing' });
  }
};

const list = (dir: string): readonly string[] => {
  try {
    return readdirSync(dir).sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw diskError({ problem: `${dir} cannot be listed`, path: dir, cause: error });
  }
};

const walk = (dir: string, skip?: (path: string) => boolean): readonly WalkEntry[] => {
  const found: WalkEntry[] = [];
  const visit = (prefix: string): void => {
    for (const name of list(prefix === '' ? dir : join(dir, prefix))) {
      const path = prefix === '' ? name : `${prefix}/${name}`;
      if (skip?.(path)) continue;
      const facts = safeStat(join(dir, path));
      if (facts === undefined) continue;
      found.push({ path, stat: facts });
      if (facts.kind === 'dir') visit(path);
    }
  };
  visit('');
  return found;
};

const real = (path: string): string | undefined => {
  try {
    return realpathSync.native(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw diskError({ problem: `${path} cannot be resolved`, path, cause: error });
  }
};

/**
 * The reading half of the disk.
 * @param onScratch told of the folder that all scratch folders lie in, so that the composition root can remove it at the end.
 */
export const diskFiles = (onScratch: (dir: string) => void): Files => ({
  stat: safeStat,
  state,
  read,
  readRange,
  readText: (path) => read(path).toString('utf8'),
  readLink: (path) => readlinkSync(path),
  list,
  walk,
  real,
  glob: (patterns, dir, depth) =>
    fastGlob
      .sync([...patterns], {
        cwd: dir,
        absolute: true,
        dot: true,
        onlyFiles: false,
        followSymbolicLinks: false,
        suppressErrors: true,
        ...(depth === undefined ? {} : { deep: depth }),
      })
      .sort(),
  scratch: scratchIn(onScratch),
});
