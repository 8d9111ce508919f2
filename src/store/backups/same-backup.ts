/** Tells whether the newest backup of a target holds exactly a given content; reads that one alone. */
import { join } from 'node:path';
import type { BackupEntry, BackupManifest } from '../../domain/backup.ts';
import { LockstepError } from '../../domain/errors.ts';
import type { FileState } from '../../domain/file-state.ts';
import type { Files } from '../../ports.ts';
import { fileNameOf } from '../file-names.ts';
import type { StatePlaces } from '../state-dir.ts';
import { readManifest } from './manifest.ts';

/** What a backup holds, beside when and why it was made. Entries sorted by path. */
export type BackupContent = Pick<
  BackupManifest,
  'target' | 'components' | 'entries' | 'receipt' | 'installed' | 'checkout'
>;

/** When a backup was made, to the second, is a part of its name. */
const stampOf = (name: string): string => /-(\d{8}T\d{6}Z)-[^-]*\.json$/.exec(name)?.[1] ?? '';

/** undefined when none can be told to be the newest, such as when one of that second cannot be read. */
const newestOf = (files: Files, folder: string): BackupManifest | undefined => {
  const names = files.list(folder).filter((name) => name.endsWith('.json'));
  const last = names.map(stampOf).sort().at(-1);
  if (last === undefined || last === '') return undefined;
  try {
    return names
      .filter((name) => stampOf(name) === last)
      .map((name) => readManifest(files, join(folder, name)))
      .reduce((a, b) => (a.time < b.time || (a.time === b.time && a.id < b.id) ? b : a));
  } catch (error) {
    if (error instanceof LockstepError) return undefined;
    throw error;
  }
};

const exactly = (a: FileState, b: FileState): boolean => {
  if (a.kind === 'file' && b.kind === 'file') return a.sha256 === b.sha256 && a.mode === b.mode && a.size === b.size;
  if (a.kind === 'dir' && b.kind === 'dir') return a.mode === b.mode;
  if (a.kind === 'link' && b.kind === 'link') return a.to === b.to;
  return a.kind === b.kind;
};

const sameEntry = (a: BackupEntry, b: BackupEntry | undefined): boolean =>
  b !== undefined &&
  a.path === b.path &&
  a.component === b.component &&
  a.mtimeNs === b.mtimeNs &&
  exactly(a.state, b.state);

const sameJson = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** One that a restore made is passed over by rollbacks, so it stands for nothing else. */
export const sameAsNewest = (files: Files, places: StatePlaces, content: BackupContent): BackupManifest | undefined => {
  const newest = newestOf(files, join(places.backups, fileNameOf(content.target)));
  if (newest === undefined || newest.occasion !== undefined) return undefined;
  const same =
    newest.entries.length === content.entries.length &&
    sameJson(newest.components, content.components) &&
    sameJson(newest.checkout, content.checkout) &&
    sameJson(newest.installed, content.installed) &&
    newest.entries.every((entry, nth) => sameEntry(entry, content.entries[nth])) &&
    sameJson(newest.receipt, content.receipt);
  return same ? newest : undefined;
};
