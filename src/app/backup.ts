/** Backs up all components of a target as they stand now, unless its newest backup holds exactly that. */
import { forTarget, LockstepError } from '../domain/errors.ts';
import { wholeTargetEntries } from '../steps/backup-entries.ts';
import type { Made } from '../store/backups.ts';
import { targetNamed } from './choose-targets.ts';
import { lookAtFiles } from './files-context.ts';
import { rememberLayout } from './layouts.ts';
import { commitOf, type MainProject } from './main-project.ts';
import { afterwards } from './target-record.ts';

export interface BackupTargetRequest {
  readonly target: string;
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string>>;
}

/** Throws `backup-failed`, also when there is nothing to back up, and what preparing throws. */
export const backupTarget = async (main: MainProject, request: BackupTargetRequest): Promise<Made> => {
  const record = targetNamed(main.registry.read().targets, request.target);
  const { signal, env } = request;
  try {
    const commit = await commitOf(main.repo, 'HEAD');
    const context = await lookAtFiles(main, { record, commit, purpose: 'backup', signal, env });
    const { entries, ...facts } = await wholeTargetEntries(context);
    if (entries.length === 0) {
      throw new LockstepError(
        'backup-failed',
        'none of its components holds a file yet, so there is nothing to back up',
        { hint: `lockstep sync run --target ${record.name}` },
      );
    }
    const receipt = context.receipt ?? null;
    const made = await main.backups.createUnlessSame({ target: record.name, run: null, entries, receipt, ...facts });
    // The next look need not ask its Python. Only where something is written anyway; the backup is there whatever comes of it.
    if (made.made === 'now') await afterwards(async () => rememberLayout(main, record, context.layout));
    return made;
  } catch (error) {
    throw forTarget(error, record.name);
  }
};
