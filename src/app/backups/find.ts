/** Finds the backup that a person's word means. */
import type { BackupManifest } from '../../domain/backup.ts';
import { LockstepError } from '../../domain/errors.ts';
import { nearestName } from '../../domain/nearest.ts';
import { manifestNames } from '../../store/backups/manifest.ts';
import type { MainProject } from '../main-project.ts';

const shown = 5;

/**
 * From the whole id, the beginning of one, or the letters after its last dash.
 * Throws `unknown-name` with the nearest id, `usage` when it means several, and what reading its list throws.
 */
export const findBackup = (main: MainProject, word: string): BackupManifest => {
  const all = manifestNames(main.ports.files, main.state);
  const exact = all.filter(({ id }) => id === word);
  const found =
    exact.length > 0 || word === '' ? exact : all.filter(({ id }) => id.startsWith(word) || id.endsWith(`-${word}`));
  const [only] = found;
  if (only !== undefined && found.length === 1) return main.backups.get(only.target, only.id);
  const ids = found.map(({ id }) => id).sort();
  if (found.length > 1) {
    throw new LockstepError('usage', `${word} means ${found.length} backups`, {
      details: [...ids.slice(0, shown), ...(ids.length > shown ? [`… and ${ids.length - shown} more`] : [])],
      hint: 'give more of the id',
    });
  }
  const near = nearestName(
    word,
    all.map(({ id }) => id),
  );
  throw new LockstepError('unknown-name', `there is no backup ${word}`, {
    hint: near === undefined ? 'lockstep target backups <target> lists them' : `did you mean ${near}?`,
  });
};
