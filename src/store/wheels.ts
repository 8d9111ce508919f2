/** Wheels in the store, by what they were built from: built once, used by every target. */
import { basename, dirname, join } from 'node:path';
import { LockstepError } from '../domain/errors.ts';
import type { Ports } from '../ports.ts';
import { sha256 } from './main-tree.ts';
import type { StatePlaces } from './state-dir.ts';

export interface StoredWheel {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
  /** File name, as PEP 427 writes it. */
  readonly file: string;
  /** Absolute path of the wheel. */
  readonly path: string;
  /** Where the store keeps it, or would keep it were this not a dry run: what `direct_url.json` names. */
  readonly recordedPath: string;
}

export interface WheelStore {
  /** The wheel that was built from a source key, or fetched under a pin; undefined when it is not here or damaged. */
  find(key: string): StoredWheel | undefined;
  /** Keeps a wheel under its key. In a dry run it is kept in the scratch folder only. */
  keep(key: string, wheelPath: string, facts: { readonly name: string; readonly version: string }): StoredWheel;
  /** The wheel of a key, else what `make` makes: callers at the same time share one making; a failed one is forgotten. */
  once(key: string, make: () => Promise<StoredWheel>): Promise<StoredWheel>;
}

export interface WheelStoreSetup {
  readonly ports: Pick<Ports, 'files' | 'state' | 'openTree'>;
  readonly places: Pick<StatePlaces, 'wheels'>;
  /** `scratch` writes nothing to the state folder: a dry run. */
  readonly persist: 'store' | 'scratch';
}

const format = 1;

interface KeyFile extends Pick<StoredWheel, 'name' | 'version' | 'sha256' | 'file'> {
  readonly format: number;
}

const parseKeyFile = (path: string, text: string): KeyFile | undefined => {
  let entry: Partial<KeyFile>;
  try {
    entry = JSON.parse(text) as Partial<KeyFile>;
  } catch {
    // Torn or edited: the wheel is built again.
    return undefined;
  }
  if (typeof entry.format === 'number' && entry.format > format) {
    throw new LockstepError('format-newer', `${path} has format ${entry.format}; this Lockstep reads up to ${format}`, {
      hint: 'use the newer Lockstep that wrote it, or delete the file: the wheel is then built again',
    });
  }
  const { name, version, sha256: digest, file } = entry;
  const whole = [name, version, digest, file].every((field) => typeof field === 'string' && field !== '');
  // The names become parts of a path.
  if (!whole || !/^[0-9a-f]{64}$/.test(digest ?? '') || basename(file ?? '') !== file) return undefined;
  return entry as KeyFile;
};

/** The wheel store of a state folder. A wheel is verified against its sha256 when it is first found in a run. */
export const openWheels = ({ ports, places, persist }: WheelStoreSetup): WheelStore => {
  const { files, state, openTree } = ports;
  const found = new Map<string, StoredWheel>();
  const making = new Map<string, Promise<StoredWheel>>();
  const keyPath = (key: string): string => join(places.wheels, 'keys', `${sha256(key)}.json`);
  const place = (digest: string, file: string): string => join(places.wheels, digest, file);

  const read = (key: string): StoredWheel | undefined => {
    const path = keyPath(key);
    if (files.stat(path)?.kind !== 'file') return undefined;
    const entry = parseKeyFile(path, files.readText(path));
    if (entry === undefined) return undefined;
    const { name, version, sha256: digest, file } = entry;
    const wheel = place(digest, file);
    const stands = files.state(wheel);
    if (stands.kind !== 'file' || stands.sha256 !== digest) return undefined;
    return { name, version, sha256: digest, file, path: wheel, recordedPath: wheel };
  };

  const find = (key: string): StoredWheel | undefined => {
    const wheel = found.get(key) ?? read(key);
    if (wheel !== undefined) found.set(key, wheel);
    return wheel;
  };

  const writeScratch = (file: string, bytes: Uint8Array): string => {
    const dir = files.scratch('wheel');
    const path = join(dir, file);
    openTree({ roots: [dir] }).write(path, bytes, 0o644);
    return path;
  };

  return {
    find,
    keep: (key, wheelPath, { name, version }) => {
      const bytes = files.read(wheelPath);
      const digest = sha256(bytes);
      const file = basename(wheelPath);
      const recordedPath = place(digest, file);
      const facts = { name, version, sha256: digest, file };
      if (persist === 'store') {
        state.makeDir(dirname(recordedPath));
        state.replace(recordedPath, bytes);
        // Last: a key never names a wheel that is not there.
        state.replace(keyPath(key), `${JSON.stringify({ format, ...facts })}\n`);
      }
      const path = persist === 'store' ? recordedPath : writeScratch(file, bytes);
      const wheel: StoredWheel = { ...facts, path, recordedPath };
      found.set(key, wheel);
      return wheel;
    },
    once: (key, make) => {
      const wheel = find(key);
      if (wheel !== undefined) return Promise.resolve(wheel);
      const running =
        making.get(key) ??
        make().finally(() => {
          making.delete(key);
        });
      making.set(key, running);
      return running;
    },
  };
};
