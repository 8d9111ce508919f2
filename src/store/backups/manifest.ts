/** The manifest of one backup: the last file that is written, and the only thing that makes a backup exist. */
import { join } from 'node:path';
import { type BackupManifest, manifestFormat } from '../../domain/backup.ts';
import { LockstepError, messageOf } from '../../domain/errors.ts';
import type { Files } from '../../ports.ts';
import { fileNameOf } from '../file-names.ts';
import type { StatePlaces } from '../state-dir.ts';
import { seal, unseal } from './sealed.ts';

export const manifestPath = (places: StatePlaces, target: string, id: string): string =>
  join(places.backups, fileNameOf(target), `${fileNameOf(id)}.json`);

const manifestEnd = '.json';

/** Every manifest that lies there, read or not, by target as far as folders' names tell. */
export const manifestNames = (
  files: Files,
  places: StatePlaces,
): readonly { readonly id: string; readonly target: string; readonly path: string }[] =>
  files.list(places.backups).flatMap((folder) =>
    files
      .list(join(places.backups, folder))
      .filter((name) => name.endsWith(manifestEnd))
      .map((name) => ({
        id: decodeURIComponent(name.slice(0, -manifestEnd.length)),
        target: decodeURIComponent(folder),
        path: join(places.backups, folder, name),
      })),
  );

export const manifestText = (manifest: BackupManifest): string => seal(manifest);

/** Throws `backup-damaged` with the cause, `format-newer`. */
export const readManifest = (files: Files, path: string): BackupManifest => {
  const damaged = (cause: string): LockstepError =>
    new LockstepError('backup-damaged', `the backup's list ${path} is damaged: ${cause}`, {
      hint: 'use another backup of this target: lockstep target backups',
    });
  let content: unknown;
  try {
    content = unseal(files.readText(path));
  } catch (error) {
    throw damaged(messageOf(error));
  }
  if (content === null || typeof content !== 'object' || !('format' in content)) {
    throw damaged('its content is not what was written');
  }
  if (typeof content.format === 'number' && content.format > manifestFormat) {
    throw new LockstepError(
      'format-newer',
      `the backup ${path} has format ${content.format}, which this lockstep does not know`,
      {
        hint: 'update lockstep',
      },
    );
  }
  // Sealed by this code in this format: the digest vouches for the shape.
  return content as BackupManifest;
};
