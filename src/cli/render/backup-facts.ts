/** What is said of a backup in one line or one object: how many files, how large, of what. */
import type { BackupManifest } from '../../domain/backup.ts';

/** Bytes of its files. */
export const sizeOf = ({ entries }: Pick<BackupManifest, 'entries'>): number =>
  entries.reduce((sum, { state }) => sum + (state.kind === 'file' ? state.size : 0), 0);

/** Files, links and folders. */
export const filesOf = ({ entries }: Pick<BackupManifest, 'entries'>): number =>
  entries.filter(({ state }) => state.kind !== 'absent').length;

/** A manifest without its entries, for an answer on one line. */
export const factsOfBackup = (manifest: BackupManifest) => {
  const { id, target, time, run, commit, version, components } = manifest;
  return { id, target, time, run, commit, version, components, files: filesOf(manifest), bytes: sizeOf(manifest) };
};
