/** Finds objects by sha256 in the packs of a folder, verified on reading, wherever pruning or another process moved them. */
import { basename, join } from 'node:path';
import { LockstepError } from '../../domain/errors.ts';
import type { Files, StateFiles } from '../../ports.ts';
import {
  digestAt,
  digestOf,
  type Index,
  indexEnd,
  type Location,
  objectsByHeader,
  packEnd,
  packPath,
  readIndex,
} from './pack-file.ts';
import { openWriter, type PackWriter } from './pack-writer.ts';

export interface Packs {
  /** Looks for packs that other processes added or took away. Throws `format-newer`. */
  refresh(): void;
  has(sha256: string): boolean;
  /** Whether an object that an index names is on the disk as it was written; reads it, in pieces. */
  holds(sha256: string): boolean;
  /** Verified bytes; undefined when no pack holds them whole. */
  read(sha256: string): Buffer | undefined;
  /** Makes no file before the first object. `name` must be new. */
  writer(name: string): PackWriter;
}

/** The packs of a folder. An index whose pack is gone or cut short counts only for the objects that are still there. */
export const openPacks = (ports: { readonly files: Files; readonly state: StateFiles }, dir: string): Packs => {
  const { files } = ports;
  const loaded = new Set<string>();
  const locations = new Map<string, Location[]>();

  const load = (name: string): void => {
    loaded.add(name);
    const pack = packPath(dir, basename(name, indexEnd));
    const size = files.stat(pack)?.size ?? 0;
    // Without a whole index its objects are found by the pack's own headers, should they be needed.
    for (const [sha256, [offset, length]] of Object.entries(readIndex(files, join(dir, name)) ?? {})) {
      if (offset + length > size) continue;
      const known = locations.get(sha256);
      if (known === undefined) locations.set(sha256, [{ pack, offset, length }]);
      else known.push({ pack, offset, length });
    }
  };
  const refresh = (): void => {
    const names = files.list(dir).filter((name) => name.endsWith(indexEnd));
    const there = new Set(names);
    if ([...loaded].some((name) => !there.has(name))) {
      loaded.clear();
      locations.clear();
    }
    for (const name of names) if (!loaded.has(name)) load(name);
  };
  const readAt = ({ pack, offset, length }: Location, sha256: string): Buffer | undefined => {
    if (files.stat(pack) === undefined) return undefined;
    let bytes: Buffer;
    try {
      bytes = files.readRange(pack, offset, length);
    } catch (error) {
      // Pruned this very moment, or a place on the disk that cannot be read: another pack may hold it.
      if (error instanceof LockstepError) return undefined;
      throw error;
    }
    return digestOf(bytes) === sha256 ? bytes : undefined;
  };
  const readKnown = (sha256: string): Buffer | undefined => {
    for (const location of locations.get(sha256) ?? []) {
      const bytes = readAt(location, sha256);
      if (bytes !== undefined) return bytes;
    }
    return undefined;
  };
  const byHeader = new Map<string, Index>();
  const readByHeader = (sha256: string): Buffer | undefined => {
    for (const name of files.list(dir).filter((one) => one.endsWith(packEnd))) {
      const pack = join(dir, name);
      const objects = byHeader.get(name) ?? objectsByHeader(files, pack);
      byHeader.set(name, objects);
      const place = Object.hasOwn(objects, sha256) ? objects[sha256] : undefined;
      const bytes = place && readAt({ pack, offset: place[0], length: place[1] }, sha256);
      if (bytes !== undefined) return bytes;
    }
    return undefined;
  };
  refresh();
  return {
    refresh,
    has: (sha256) => locations.has(sha256),
    holds: (sha256) =>
      (locations.get(sha256) ?? []).some(
        (location) => files.stat(location.pack) !== undefined && digestAt(files, location) === sha256,
      ),
    read: (sha256) => {
      const bytes = readKnown(sha256);
      if (bytes !== undefined) return bytes;
      // Pruning may have moved it since.
      refresh();
      return readKnown(sha256) ?? readByHeader(sha256);
    },
    writer: (name) => openWriter(ports, dir, name),
  };
};
