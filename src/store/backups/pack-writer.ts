/** Writes one pack: appended to, flushed once, read back from the disk, and published by its index only then. */
import { createHash } from 'node:crypto';
import { LockstepError } from '../../domain/errors.ts';
import type { Files, NewFile, StateFiles } from '../../ports.ts';
import { damagedIn, headerOf, indexPath, indexText, packMagic, packPath, windowSize } from './pack-file.ts';

export interface PackWriter {
  /** Appends one object. The pieces are cut or filled up to `length`; answers whether they were the object. */
  add(sha256: string, length: number, pieces: Iterable<Uint8Array>): boolean;
  /** Appends one object that the caller has just hashed: only reading it back hashes it again. */
  addHashed(sha256: string, bytes: Uint8Array): void;
  has(sha256: string): boolean;
  /** Bytes so far. */
  size(): number;
  /** Flushes, reads every object back from the disk and publishes the index. Throws `backup-failed`, `disk`. */
  finish(): void;
  /** Takes back what was not finished. */
  discard(): void;
}

const check = (wrong: readonly string[], pack: string): void => {
  if (wrong.length === 0) return;
  throw new LockstepError(
    'backup-failed',
    `${wrong.length} objects read back from ${pack} differ from what was written`,
    { hint: 'check the disk', details: wrong.slice(0, 10) },
  );
};

/** How much waits to be written, in bytes. */
const batch = 1 << 18;

/** Makes no file before the first object. `name` must be new. */
export const openWriter = (
  ports: { readonly files: Files; readonly state: StateFiles },
  dir: string,
  name: string,
): PackWriter => {
  const pack = packPath(dir, name);
  const objects: Record<string, readonly [number, number]> = {};
  let file: NewFile | undefined;
  let size = 0;
  // What is small goes to the disk many at a time: a call for each header and each object costs more than the copying.
  let waiting: Buffer | undefined;
  let waits = 0;
  const hand = (): void => {
    if (waiting !== undefined && waits > 0) file?.write(waiting.subarray(0, waits));
    waits = 0;
  };
  const put = (bytes: Uint8Array): void => {
    size += bytes.length;
    if (waits + bytes.length > batch) hand();
    if (bytes.length > batch) {
      file?.write(bytes);
      return;
    }
    waiting ??= Buffer.allocUnsafe(batch);
    waiting.set(bytes, waits);
    waits += bytes.length;
  };
  const begin = (sha256: string, length: number): number => {
    if (file === undefined) {
      file = ports.state.openNew(pack);
      put(Buffer.from(packMagic));
    }
    put(Buffer.from(headerOf(sha256, length)));
    return size;
  };
  return {
    has: (sha256) => objects[sha256] !== undefined,
    size: () => size,
    addHashed: (sha256, bytes) => {
      const offset = begin(sha256, bytes.length);
      put(bytes);
      objects[sha256] = [offset, bytes.length];
    },
    add: (sha256, length, pieces) => {
      const offset = begin(sha256, length);
      const hash = createHash('sha256');
      let exact = true;
      for (const piece of pieces) {
        const fitting = piece.subarray(0, offset + length - size);
        exact &&= fitting.length === piece.length;
        hash.update(fitting);
        put(fitting);
      }
      // The header has promised so many bytes; without them every later header would be misread.
      while (size < offset + length) {
        exact = false;
        put(Buffer.alloc(Math.min(windowSize, offset + length - size)));
      }
      if (!exact || hash.digest('hex') !== sha256) return false;
      objects[sha256] = [offset, length];
      return true;
    },
    finish: () => {
      if (file === undefined) return;
      hand();
      const closing = file;
      file = undefined;
      try {
        closing.finish();
        check(damagedIn(ports.files, pack, objects), pack);
      } catch (error) {
        ports.state.remove(pack);
        throw error;
      }
      // From here on other backups may rely on these objects, so nothing but reclaiming takes them away any more.
      ports.state.replace(indexPath(dir, name), indexText(objects));
    },
    discard: () => {
      const open = file;
      file = undefined;
      open?.discard();
    },
  };
};
