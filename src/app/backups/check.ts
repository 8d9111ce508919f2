/** Checks backups: whether all that they need is there and, where it is asked for, as it was written. */
import type { BackupManifest } from '../../domain/backup.ts';
import { LockstepError } from '../../domain/errors.ts';
import { type CheckReport, checkBackups, type Depth, type LostFile } from '../../store/backups/check.ts';
import type { MainProject } from '../main-project.ts';

export interface BackupsReport extends CheckReport {
  /** Backups whose list cannot be read: nothing of them can be restored. */
  readonly unreadable: readonly { readonly id: string; readonly cause: string }[];
}

/**
 * Of all targets, or of some by name: those that are in the registry no longer count too.
 * Throws `format-newer`, `locked` while somebody prunes, and what reading a disk throws.
 */
export const checkAll = async (
  main: MainProject,
  { targets, depth }: { readonly targets: readonly string[] | null; readonly depth: Depth },
): Promise<BackupsReport> => {
  const { backups, ports, state } = main;
  const look = async (): Promise<BackupsReport> => {
    const manifests = (targets ?? [undefined]).flatMap((target) => backups.list(target));
    const unreadable = (targets ?? [undefined]).flatMap((target) => backups.damaged(target));
    // An object counts as needed when any target needs it, whichever were asked about.
    const others = targets === null ? [] : backups.list().filter(({ target }) => !targets.includes(target));
    const report = checkBackups(ports.files, state.packs, { manifests: [...manifests, ...others], depth });
    return { ...report, backups: report.backups.slice(0, manifests.length), unreadable };
  };
  try {
    return await backups.using('backup check', look);
  } catch (error) {
    // Where the state cannot be written nobody prunes either, and looking is all that is asked.
    if (!(error instanceof LockstepError) || error.code !== 'disk') throw error;
    return look();
  }
};

/** Which files of one backup cannot be restored, as far as names tell. Reads only. Throws `format-newer`. */
export const checkOne = ({ ports, state }: MainProject, manifest: BackupManifest): readonly LostFile[] =>
  checkBackups(ports.files, state.packs, { manifests: [manifest], depth: 'names' }).backups[0]?.lost ?? [];
