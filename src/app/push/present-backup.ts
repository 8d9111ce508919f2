/** Makes sure that what a target holds now is in a backup: finds the one that has it, else makes it in the time there is. */
import { forTarget } from '../../domain/errors.ts';
import type { TargetRecord } from '../../domain/target.ts';
import type { Ports } from '../../ports.ts';
import { wholeTargetEntries } from '../../steps/backup-entries.ts';
import { openBackups } from '../../store/backups.ts';
import { lookAtFiles } from '../files-context.ts';
import type { MainProject } from '../main-project.ts';

export interface PresentBackupRequest {
  readonly record: TargetRecord;
  /** The commit of main that says what belongs to a component. */
  readonly commit: string;
  /** Ports that may write, asked for when a backup has to be made. */
  readonly writing: () => Promise<Ports>;
  /** Milliseconds that are left. */
  readonly left: () => number;
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * `nothing`: no file of main is in the target, so nothing could be lost. `late`: none has it, and there was not enough time
 * to make one. `untold`: not even that could be told in time.
 */
export type PresentBackup =
  | { readonly kind: 'found' | 'made'; readonly id: string }
  | { readonly kind: 'nothing' | 'late' | 'untold' };

/** Bytes a millisecond that even a slow disk reads: a file that takes longer than the time that is left is not begun. */
const slowDisk = 50_000;

/** Thrown and caught here: reading is synchronous, so that no timer could end it. */
class Late extends Error {}

/** Throws `backup-failed` with what keeps it from being made, and what preparing throws. */
export const presentBackup = async (main: MainProject, request: PresentBackupRequest): Promise<PresentBackup> => {
  const { record, commit, signal, env, left } = request;
  const target = record.name;
  const meanwhile = (path: string): void => {
    const size = main.ports.files.stat(path)?.size ?? 0;
    if (left() <= size / slowDisk) throw new Late();
  };
  try {
    const context = await lookAtFiles(main, { record, commit, purpose: 'backup', signal, env });
    const { entries, components, checkout } = await wholeTargetEntries(context);
    if (entries.length === 0) return { kind: 'nothing' };
    const receipt = context.receipt ?? null;
    const backups = openBackups(await request.writing(), main.state);
    const content = { target, run: null, components, entries, receipt, checkout };
    try {
      const { manifest, made } = await backups.createUnlessSame({ ...content, meanwhile });
      return { kind: made === 'now' ? 'made' : 'found', id: manifest.id };
    } catch (error) {
      if (!(error instanceof Late)) throw error;
      // One that was made since the last sync may have all of it: that is told by reading alone.
      const since = backups.list(target).some((one) => (one.receipt?.run ?? null) === (receipt?.run ?? null));
      return { kind: since ? 'untold' : 'late' };
    }
  } catch (error) {
    throw forTarget(error, target);
  }
};
