/** The two files of a pack: objects one after the other, each behind a header, and the index that says where each lies. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { LockstepError } from '../../domain/errors.ts';
import type { Files } from '../../ports.ts';
import { seal, unseal } from './sealed.ts';

export const packFormat = 1;

export const packEnd = '.pack';
export const indexEnd = '.index.json';
export const packPath = (dir: string, name: string): string => join(dir, `${name}${packEnd}`);
export const indexPath = (dir: string, name: string): string => join(dir, `${name}${indexEnd}`);

export const packMagic = `lockstep-pack ${packFormat}\n`;

/** What stands before an object: its digest and how many bytes follow. */
export const headerOf = (sha256: string, length: number): string => `${sha256} ${length}\n`;
const headerPattern = /^([0-9a-f]{64}) (\d{1,15})\n/;
const longestHeader = 64 + 1 + 15 + 1;

/** Where an object lies: bytes from the start of a file. */
export interface Location {
  readonly pack: string;
  readonly offset: number;
  readonly length: number;
}

/** Places by sha256, in the order in which they lie in the pack. */
export type Index = Readonly<Record<string, readonly [offset: number, length: number]>>;

/** How much of a pack is read at a time, in bytes. */
export const windowSize = 4 << 20;

export const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export const indexText = (objects: Index): string => seal({ format: packFormat, objects });

const newer = (path: string, format: number): LockstepError =>
  new LockstepError('format-newer', `${path} has format ${format}, which this lockstep does not know`, {
    hint: 'update lockstep',
  });

/** The places that an index names; undefined when it is not there, or not what was written. Throws `format-newer`. */
export const readIndex = (files: Files, path: string): Index | undefined => {
  let content: unknown;
  try {
    content = unseal(files.readText(path));
  } catch {
    return undefined;
  }
  if (content === null || typeof content !== 'object' || !('format' in content)) return undefined;
  const { format } = content;
  if (typeof format === 'number' && format > packFormat) throw newer(path, format);
  return format === packFormat && 'objects' in content ? (content.objects as Index) : undefined;
};

/** What a place of a pack holds; nothing where the disk cannot read it, which is damage like any other. */
const tryRange = (files: Files, pack: string, at: { readonly offset: number; readonly length: number }): Buffer => {
  try {
    return files.readRange(pack, at.offset, at.length);
  } catch (error) {
    if (error instanceof LockstepError) return Buffer.alloc(0);
    throw error;
  }
};

/** Hashes one object of a pack on the disk, whatever its size. */
export const digestAt = (files: Files, { pack, offset, length }: Location): string => {
  const hash = createHash('sha256');
  for (let done = 0; done < length; ) {
    const piece = tryRange(files, pack, { offset: offset + done, length: Math.min(windowSize, length - done) });
    if (piece.length === 0) break;
    hash.update(piece);
    done += piece.length;
  }
  return hash.digest('hex');
};

/** Names of objects that are not on the disk as they were written; reads the pack front to back. */
export const damagedIn = (files: Files, pack: string, objects: Index): readonly string[] => {
  let start = 0;
  let window: Buffer = Buffer.alloc(0);
  return Object.entries(objects)
    .filter(([sha256, [offset, length]]) => {
      if (length > windowSize) return digestAt(files, { pack, offset, length }) !== sha256;
      if (offset < start || offset + length > start + window.length) {
        start = offset;
        window = tryRange(files, pack, { offset, length: windowSize });
      }
      return digestOf(window.subarray(offset - start, offset - start + length)) !== sha256;
    })
    .map(([sha256]) => sha256);
};

/** Where the next whole object behind a place begins; undefined when there is none. Its digest tells it from chance. */
const nextWhole = (files: Files, pack: string, { from, size }: { from: number; size: number }): number | undefined => {
  for (let start = from; start < size; start += windowSize - longestHeader) {
    const text = files.readRange(pack, start, windowSize).toString('latin1');
    for (const { index, 0: header, 1: sha256 = '', 2: length } of text.matchAll(/([0-9a-f]{64}) (\d{1,15})\n/g)) {
      const location = { pack, offset: start + index + header.length, length: Number(length) };
      if (location.offset + location.length <= size && digestAt(files, location) === sha256) return start + index;
    }
  }
  return undefined;
};

/**
 * Every object that a pack's own headers name, in order: what is left when its index is lost. What follows a header that
 * is damaged too is found again. Not read back: the caller compares digests. Throws `format-newer`.
 */
export const objectsByHeader = (files: Files, pack: string): Index => {
  const found: Record<string, readonly [number, number]> = {};
  const size = files.stat(pack)?.size ?? 0;
  const format = /^lockstep-pack (\d+)\n/.exec(files.readRange(pack, 0, 30).toString('latin1'))?.[1];
  if (format !== undefined && Number(format) > packFormat) throw newer(pack, Number(format));
  for (let at = packMagic.length; at < size; ) {
    const header = headerPattern.exec(files.readRange(pack, at, longestHeader).toString('latin1'));
    const offset = at + (header?.[0].length ?? 0);
    const length = Number(header?.[2] ?? 0);
    if (header?.[1] === undefined || offset + length > size) {
      const next = nextWhole(files, pack, { from: at + 1, size });
      if (next === undefined) break;
      at = next;
    } else {
      found[header[1]] ??= [offset, length];
      at = offset + length;
    }
  }
  return found;
};
