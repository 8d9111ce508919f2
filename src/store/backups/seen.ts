/** Recognises files that no backup needs to read again, by their stat data, with git's care for the clock's grain. */
import type { Files, Stat, StateFiles } from '../../ports.ts';

type Row = readonly [size: number, mtimeNs: string, ctimeNs: string, ino: number, dev: number, sha256: string];

export interface Seen {
  /** The digest that a file had when it was last read, if its stat data vouches for it. */
  find(path: string, stat: Stat): string | undefined;
  note(path: string, stat: Stat, sha256: string): void;
  /** Writes what changed; nothing when nothing did. A cache: trouble with the disk is not reported. */
  save(): void;
}

/**
 * A change within the grain of the file system's clock leaves the times as they are, so a file that was younger than
 * this when it was read is read again next time. FAT keeps times to two seconds; all others are finer.
 */
const grain = 2_000_000_000n;

const format = 1;

const rowOf = (stat: Stat, sha256: string): Row => [
  stat.size,
  String(stat.mtimeNs),
  String(stat.ctimeNs),
  stat.ino,
  stat.dev,
  sha256,
];

const parse = (text: string): readonly (readonly [string, Row])[] => {
  const content = JSON.parse(text) as { readonly format?: unknown; readonly files?: Readonly<Record<string, Row>> };
  return content.format === format ? Object.entries(content.files ?? {}) : [];
};

/** @param now when this backup began to look at files. */
export const openSeen = (
  ports: { readonly files: Files; readonly state: StateFiles },
  file: string,
  now: Date,
): Seen => {
  const { files, state } = ports;
  const nowNs = BigInt(now.getTime()) * 1_000_000n;
  let before: ReadonlyMap<string, Row> = new Map();
  try {
    if (files.stat(file) !== undefined) before = new Map(parse(files.readText(file)));
  } catch {
    // A cache that cannot be read vouches for nothing.
  }
  const noted = new Map<string, Row | undefined>();
  return {
    find: (path, stat) => {
      const row = before.get(path);
      if (row === undefined) return undefined;
      const [size, mtimeNs, ctimeNs, ino, dev, sha256] = row;
      if (stat.ino !== ino || stat.dev !== dev || stat.size !== size) return undefined;
      if (String(stat.ctimeNs) !== ctimeNs || String(stat.mtimeNs) !== mtimeNs) return undefined;
      noted.set(path, row);
      return sha256;
    },
    note: (path, stat, sha256) => {
      const settled = stat.mtimeNs < nowNs - grain && stat.ctimeNs < nowNs - grain;
      noted.set(path, settled ? rowOf(stat, sha256) : undefined);
    },
    save: () => {
      const changed = [...noted].some(([path, row]) => before.get(path) !== row);
      if (!changed) return;
      const others = [...before].filter(([path]) => !noted.has(path) && files.stat(path) !== undefined);
      const rows = [...others, ...[...noted].filter(([, row]) => row !== undefined)];
      try {
        state.replace(file, JSON.stringify({ format, files: Object.fromEntries(rows) }));
      } catch {
        // The next backup reads more than it would have to, and that is all.
      }
    },
  };
};
