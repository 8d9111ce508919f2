/** Names every file that a damaged backup cannot give back, and what of it still can be restored. Reads only. */
import type { BackupManifest } from '../../domain/backup.ts';
import { LockstepError } from '../../domain/errors.ts';
import { checkBackups } from '../../store/backups/check.ts';
import type { MainProject } from '../main-project.ts';

/** Any other error as it is. The store had named the first object alone; this reads all that the backup needs. */
export const nameLost = (main: MainProject, manifest: BackupManifest, error: unknown): unknown => {
  if (!(error instanceof LockstepError) || error.code !== 'backup-damaged') return error;
  const { ports, state } = main;
  const { id, target, components } = manifest;
  const report = checkBackups(ports.files, state.packs, { manifests: [manifest], depth: 'data' });
  const lost = report.backups[0]?.lost ?? [];
  if (lost.length === 0) return error;
  const whole = components.filter((name) => lost.every(({ component }) => component !== name));
  const files = `${lost.length} ${lost.length === 1 ? 'file' : 'files'}`;
  return new LockstepError('backup-damaged', `${files} of backup ${id} cannot be restored, so nothing was`, {
    target,
    cause: error,
    details: lost.map(({ path, component, cause }) => `${path} (${component}): ${cause}`),
    hint:
      whole.length === 0
        ? `what is whole can be restored path by path: lockstep target restore ${target} --backup ${id} --path <path>`
        : `lockstep target restore ${target} --backup ${id} --component ${whole.join(',')} restores what is whole`,
  });
};
