/** Says of every backup whether all that it needs is there, and with the bytes read, whether it is as it was written. Reads only. */
import type { BackupManifest } from '../../domain/backup.ts';
import type { Files } from '../../ports.ts';
import { damagedIn, digestAt, packPath } from './pack-file.ts';
import { type PackFacts, surveyPacks } from './survey.ts';

/** `names`: every object lies in a pack that is long enough; `data`: every byte was read and compared with its digest. */
export type Depth = 'names' | 'data';

export interface LostFile {
  readonly path: string;
  readonly component: string;
  readonly sha256: string;
  readonly cause: 'its object is missing' | 'its object is damaged';
}

export interface CheckedBackup {
  readonly id: string;
  readonly target: string;
  readonly time: string;
  /** Sorted by path; empty when all of it can be restored. */
  readonly lost: readonly LostFile[];
}

export interface PackTrouble {
  readonly pack: string;
  readonly cause: string;
}

export interface CheckReport {
  readonly depth: Depth;
  /** In the order that they were given. */
  readonly backups: readonly CheckedBackup[];
  /** What is wrong with packs themselves, whether or not a backup loses anything by it. */
  readonly packs: readonly PackTrouble[];
  /** Different objects, and how many bytes all packs have. */
  readonly objects: number;
  readonly bytes: number;
  /** Bytes of objects that no backup needs; `backup prune` gives them back. */
  readonly unneeded: number;
}

const troubleOf = ({ name, size, index, objects, cut }: PackFacts, damaged: number): readonly PackTrouble[] => {
  const pack = `${name}.pack`;
  const found = Object.keys(objects).length;
  return [
    ...(size === undefined ? [{ pack, cause: 'it is gone' }] : []),
    ...(size !== undefined && index !== 'whole'
      ? [{ pack, cause: `its index is ${index}; ${found} objects are found by their headers` }]
      : []),
    ...(size !== undefined && Object.keys(cut).length > 0
      ? [{ pack, cause: `it is cut short: ${Object.keys(cut).length} objects are missing` }]
      : []),
    ...(damaged > 0 ? [{ pack, cause: `${damaged} objects in it are damaged` }] : []),
  ];
};

/** Throws `format-newer`, and what reading a disk throws. */
export const checkBackups = (
  files: Files,
  dir: string,
  { manifests, depth }: { readonly manifests: readonly BackupManifest[]; readonly depth: Depth },
): CheckReport => {
  const whole = new Map<string, number>();
  const damaged = new Set<string>();
  const packs: PackTrouble[] = [];
  let bytes = 0;
  for (const facts of surveyPacks(files, dir)) {
    const bad = new Set(
      depth === 'data' && facts.size !== undefined ? damagedIn(files, packPath(dir, facts.name), facts.objects) : [],
    );
    for (const [sha256, [, length]] of Object.entries(facts.objects)) {
      if (bad.has(sha256)) damaged.add(sha256);
      else whole.set(sha256, length);
    }
    packs.push(...troubleOf(facts, bad.size));
    bytes += facts.size ?? 0;
  }
  const needed = new Set<string>();
  const backups = manifests.map(({ id, target, time, entries }): CheckedBackup => {
    const lost: LostFile[] = [];
    for (const { path, component, state } of entries) {
      if (state.kind !== 'file') continue;
      const { sha256 } = state;
      needed.add(sha256);
      if (whole.has(sha256)) continue;
      lost.push({
        path,
        component,
        sha256,
        cause: damaged.has(sha256) ? 'its object is damaged' : 'its object is missing',
      });
    }
    return { id, target, time, lost };
  });
  let unneeded = 0;
  for (const [sha256, length] of whole) if (!needed.has(sha256)) unneeded += length;
  return { depth, backups, packs, objects: whole.size, bytes, unneeded };
};

/** Asked of one backup after the other: whether all of it can be restored. Reads each object once. */
export const wholeness = (files: Files, dir: string): ((manifest: BackupManifest) => boolean) => {
  let packs: readonly PackFacts[] | undefined;
  const known = new Map<string, boolean>();
  const look = (sha256: string): boolean => {
    packs ??= surveyPacks(files, dir);
    return packs.some(({ name, objects, size }) => {
      const place = Object.hasOwn(objects, sha256) ? objects[sha256] : undefined;
      if (place === undefined || size === undefined) return false;
      return digestAt(files, { pack: packPath(dir, name), offset: place[0], length: place[1] }) === sha256;
    });
  };
  return ({ entries }) =>
    entries.every(({ state }) => {
      if (state.kind !== 'file') return true;
      const whole = known.get(state.sha256) ?? look(state.sha256);
      known.set(state.sha256, whole);
      return whole;
    });
};
