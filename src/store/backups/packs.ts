/** Objects by sha256 in append-only packs: written once, flushed once, read back before anybody relies on them. */
import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import { LockstepError } from '../../domain/errors.ts';
import type { Files, NewFile, StateFiles } from '../../ports.ts';
import { seal, unseal } from './sealed.ts';

interface Location {
  readonly pack: string;
  readonly offset: number;
  readonly length: number;
}

export interface PackWriter {
  /** Appends one object. The pieces are cut or filled up to `length`; answers whether they were the object. */
  add(sha256: string, length: number, pieces: Iterable<Uint8Array>): boolean;
  has(sha256: string): boolean;
  /** Flushes, reads every object back from the disk and publishes the index. Throws `backup-failed`, `disk`. */
  finish(): void;
  /** Takes back what was not finished. */
  discard(): void;
}

export interface Packs {
  /** Looks for packs that other processes added. */
  refresh(): void;
  has(sha256: string): boolean;
  /** Whether an object that an index names is on the disk as it was written; reads it, in pieces. */
  holds(sha256: string): boolean;
  /** Verified bytes; undefined when no pack holds them whole. */
  read(sha256: string): Buffer | undefined;
  /** Makes no file before the first object. `name` must be new. */
  writer(name: string): PackWriter;
}

const magic = 'lockstep-pack 1\n';
const packEnd = '.pack';
const indexEnd = '.index.json';
const headerPattern = /^([0-9a-f]{64}) (\d+)\n/;

/** How much of a pack is read at a time, in bytes. */
const windowSize = 4 << 20;

type Index = Readonly<Record<string, readonly [offset: number, length: number]>>;

const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const isIndex = (value: unknown): value is { readonly format: 1; readonly objects: Index } =>
  value !== null && typeof value === 'object' && 'format' in value && value.format === 1 && 'objects' in value;

/** Hashes one object of a pack on the disk, whatever its size. */
const digestAt = (files: Files, { pack, offset, length }: Location): string => {
  const hash = createHash('sha256');
  for (let done = 0; done < length; ) {
    const piece = files.readRange(pack, offset + done, Math.min(windowSize, length - done));
    if (piece.length === 0) break;
    hash.update(piece);
    done += piece.length;
  }
  return hash.digest('hex');
};

/** Names of objects that are not on the disk as they were written; reads the pack front to back. */
const verify = (files: Files, pack: string, objects: Index): readonly string[] => {
  let start = 0;
  let window: Buffer = Buffer.alloc(0);
  return Object.entries(objects)
    .filter(([sha256, [offset, length]]) => {
      if (length > windowSize) return digestAt(files, { pack, offset, length }) !== sha256;
      if (offset < start || offset + length > start + window.length) {
        start = offset;
        window = files.readRange(pack, offset, windowSize);
      }
      return digestOf(window.subarray(offset - start, offset - start + length)) !== sha256;
    })
    .map(([sha256]) => sha256);
};

const check = (wrong: readonly string[], pack: string): void => {
  if (wrong.length === 0) return;
  throw new LockstepError(
    'backup-failed',
    `${wrong.length} objects read back from ${pack} differ from what was written`,
    {
      hint: 'check the disk',
      details: wrong.slice(0, 10),
    },
  );
};

/** Every object that a pack's own headers name: what is left when its index is lost. */
const scan = (files: Files, pack: string): ReadonlyMap<string, Location> => {
  const found = new Map<string, Location>();
  const size = files.stat(pack)?.size ?? 0;
  for (let at = magic.length; at < size; ) {
    const header = headerPattern.exec(files.readRange(pack, at, 100).toString('latin1'));
    if (header?.[1] === undefined) break;
    const offset = at + header[0].length;
    const length = Number(header[2]);
    found.set(header[1], { pack, offset, length });
    at = offset + length;
  }
  return found;
};

const openWriter = (ports: { files: Files; state: StateFiles }, dir: string, name: string): PackWriter => {
  const pack = join(dir, `${name}${packEnd}`);
  const objects: Record<string, readonly [number, number]> = {};
  let file: NewFile | undefined;
  let size = 0;
  const put = (bytes: Uint8Array): void => {
    file?.write(bytes);
    size += bytes.length;
  };
  return {
    has: (sha256) => objects[sha256] !== undefined,
    add: (sha256, length, pieces) => {
      if (file === undefined) {
        file = ports.state.openNew(pack);
        put(Buffer.from(magic));
      }
      put(Buffer.from(`${sha256} ${length}\n`));
      const offset = size;
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
      const closing = file;
      file = undefined;
      try {
        closing.finish();
        check(verify(ports.files, pack, objects), pack);
      } catch (error) {
        ports.state.remove(pack);
        throw error;
      }
      // From here on other backups may rely on these objects, so nothing takes them away any more.
      ports.state.replace(join(dir, `${name}${indexEnd}`), seal({ format: 1, objects }));
    },
    discard: () => file?.discard(),
  };
};

/** The packs of a folder. An index whose pack is gone or cut short counts only for the objects that are still there. */
export const openPacks = (ports: { readonly files: Files; readonly state: StateFiles }, dir: string): Packs => {
  const { files } = ports;
  const loaded = new Set<string>();
  const locations = new Map<string, Location[]>();

  const load = (name: string): void => {
    loaded.add(name);
    let content: unknown;
    try {
      content = unseal(files.readText(join(dir, name)));
    } catch {
      // Gone or unreadable: its objects are found by the pack's own headers, should they be needed.
      return;
    }
    if (!isIndex(content)) return;
    const pack = join(dir, `${basename(name, indexEnd)}${packEnd}`);
    const size = files.stat(pack)?.size ?? 0;
    for (const [sha256, [offset, length]] of Object.entries(content.objects)) {
      if (offset + length > size) continue;
      const known = locations.get(sha256);
      if (known === undefined) locations.set(sha256, [{ pack, offset, length }]);
      else known.push({ pack, offset, length });
    }
  };
  const refresh = (): void => {
    for (const name of files.list(dir)) if (name.endsWith(indexEnd) && !loaded.has(name)) load(name);
  };
  const readAt = ({ pack, offset, length }: Location, sha256: string): Buffer | undefined => {
    if (files.stat(pack) === undefined) return undefined;
    const bytes = files.readRange(pack, offset, length);
    return digestOf(bytes) === sha256 ? bytes : undefined;
  };
  const readByScan = (sha256: string): Buffer | undefined => {
    for (const name of files.list(dir)) {
      const location = name.endsWith(packEnd) ? scan(files, join(dir, name)).get(sha256) : undefined;
      const bytes = location && readAt(location, sha256);
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
      if (!locations.has(sha256)) refresh();
      for (const location of locations.get(sha256) ?? []) {
        const bytes = readAt(location, sha256);
        if (bytes !== undefined) return bytes;
      }
      return readByScan(sha256);
    },
    writer: (name) => openWriter(ports, dir, name),
  };
};
