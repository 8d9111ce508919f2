/**
 * The built program in one file: chunks of CommonJS, each beside the code that V8 made of it when the build rehearsed.
 * Node 20 keeps no compiled code by itself, and compiling is most of what a command's start would take.
 */
import { openSync, readSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { Script } from 'node:vm';
import { crc32 } from 'node:zlib';

/** The source of a chunk, as the body of a function, and the compiled code, empty where there is none. */
export interface Chunk {
  readonly name: string;
  readonly source: string;
  readonly compiled: Buffer;
}

/** Where a chunk's source begins, the bytes that it and the compiled code take, one behind the other, and their checksum. */
type Place = readonly [offset: number, source: number, compiled: number, sum: number];

/** Holds the length of the index, which comes next, and for which Node the code is compiled. */
const head = 8;
/** What is read at once: the index of a few hundred chunks. */
const firstRead = 32_768;

/**
 * V8 of Node 20 takes compiled code of any Node 20, and then runs into a segmentation fault: its tag names only version and
 * flags. Other builders' Nodes of the same version differ in what they are linked with, or in size.
 */
const thisNode = (): number =>
  crc32(JSON.stringify([process.versions, process.platform, process.arch, statSync(process.execPath).size]));

/** What was installed is not what was built. */
export class DamagedPack extends Error {}

/** As V8 gets it: what was compiled fits this text alone. */
export const wrap = (source: string): string => `(function(exports,require,module){${source}\n})`;

/** Whole or not at all: a command may be starting from the file that this one replaces. */
export const replace = (file: string, bytes: Uint8Array | string, mode = 0o666): void => {
  const fresh = `${file}.${process.pid}`;
  try {
    writeFileSync(fresh, bytes, { mode });
    renameSync(fresh, file);
  } finally {
    rmSync(fresh, { force: true });
  }
};

/** For the very Node that this is. Throws the system's error where the file cannot be written. */
export const writePack = (file: string, chunks: readonly Chunk[]): void => {
  const bodies = chunks.map(({ source, compiled }) => [Buffer.from(wrap(source), 'latin1'), compiled] as const);
  let offset = 0;
  const places = chunks.map(({ name }, i): readonly [string, Place] => {
    const [source, compiled] = bodies[i] ?? [];
    const sum = crc32(compiled ?? '', crc32(source ?? ''));
    const place: Place = [offset, source?.length ?? 0, compiled?.length ?? 0, sum];
    offset += place[1] + place[2];
    return [name, place];
  });
  const index = Buffer.from(JSON.stringify(Object.fromEntries(places)), 'latin1');
  const length = Buffer.alloc(head);
  length.writeUInt32LE(index.length);
  length.writeUInt32LE(thisNode(), 4);
  replace(file, Buffer.concat([length, index, ...bodies.flat()]));
};

export interface Pack {
  /** What a chunk exports; it runs when it is first asked for. */
  readonly load: (name: string) => unknown;
  /** The next one to ask for the chunk has it run again. */
  readonly forget: (name: string) => void;
  /** All chunks; those that ran with what V8 has compiled of them by now. */
  readonly chunks: () => readonly Chunk[];
}

const readAt = (fd: number, offset: number, length: number): Buffer => {
  const bytes = Buffer.allocUnsafeSlow(length);
  let done = 0;
  while (done < length) {
    const got = readSync(fd, bytes, done, length - done, offset + done);
    if (got === 0) return bytes.subarray(0, done);
    done += got;
  }
  return bytes;
};

const opened = (file: string): number => {
  try {
    return openSync(file, 'r');
  } catch (cause) {
    throw new DamagedPack((cause as Error).message, { cause });
  }
};

/** `outside` gives what is no chunk: Node's own modules. Throws `DamagedPack` where the file cannot be read or is not whole. */
export const openPack = (file: string, outside: (name: string) => unknown): Pack => {
  const fd = opened(file);
  const first = readAt(fd, 0, firstRead);
  const places = new Map<string, Place>();
  let start = head;
  let fits = false;
  try {
    const indexLength = first.readUInt32LE();
    start += indexLength;
    fits = first.readUInt32LE(4) === thisNode();
    const index = start <= first.length ? first.subarray(head, start) : readAt(fd, head, indexLength);
    for (const [name, place] of Object.entries(JSON.parse(index.toString('latin1')) as Record<string, Place>))
      places.set(name, place);
  } catch {
    throw new DamagedPack(`${file} is damaged`);
  }
  const modules = new Map<string, { exports: unknown }>();
  const scripts = new Map<string, Script>();

  const bytesOf = (name: string): { source: string; compiled: Buffer } => {
    const place = places.get(name);
    if (place === undefined) throw new DamagedPack(`${file} has no chunk ${name}: npm run build makes it anew`);
    const [offset, source, compiled, sum] = place;
    const bytes = readAt(fd, start + offset, source + compiled);
    // V8 looks at none of it, and would run whatever stands there.
    if (crc32(bytes) !== sum) throw new DamagedPack(`${file} is damaged in ${name}`);
    return { source: bytes.toString('latin1', 0, source), compiled: bytes.subarray(source) };
  };

  const scriptOf = (name: string): Script => {
    const known = scripts.get(name);
    if (known !== undefined) return known;
    const { source, compiled } = bytesOf(name);
    // With other flags V8 refuses it, and compiles the source instead.
    const kept = fits && compiled.length > 0 ? { cachedData: compiled } : {};
    const made = new Script(source, { filename: name, ...kept });
    scripts.set(name, made);
    return made;
  };

  const load = (name: string): unknown => {
    const known = modules.get(name);
    if (known !== undefined) return known.exports;
    const module: { exports: unknown } = { exports: {} };
    modules.set(name, module);
    const run = scriptOf(name).runInThisContext() as (...given: unknown[]) => void;
    const near = (other: string): unknown => (other.startsWith('.') ? load(basename(other)) : outside(other));
    run.call(module.exports, module.exports, near, module);
    return module.exports;
  };

  return {
    load,
    forget: (name) => void modules.delete(name),
    chunks: () =>
      [...places.keys()].map((name) => ({
        name,
        source: unwrap(bytesOf(name).source),
        compiled: scripts.get(name)?.createCachedData() ?? Buffer.alloc(0),
      })),
  };
};

const unwrap = (text: string): string => text.slice(wrap('').indexOf('{') + 1, -'\n})'.length);
