/** Makes sure that what a target holds now is in a backup: finds the one that has it, else makes it in the time there is. */
import { forTarget } from '../../domain/errors.ts';
import type { TargetRecord } from '../../domain/target.ts';
import type { Ports } from '../../ports.ts';
import { wholeTargetEntries } from '../../steps/backup-entries.ts';
import { type PresentState, stillHolds } from '../../store/backups/still-holds.ts';
import { type BackupRequest, openBackups } from '../../store/backups.ts';
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

/** Bytes a millisecond that even a slow disk reads: a file that is larger than the time allows is not begun. */
const slowDisk = 50_000;

/** Thrown and caught here: reading is synchronous, so that no timer could end it. */
class Late extends Error {}

const inTime = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Late) return undefined;
    throw error;
  }
};

interface Present extends PresentState {
  readonly entries: BackupRequest['entries'];
}

/** The backup that has it; null when none has. */
const findBackup = async (
  main: MainProject,
  now: Present,
  { record, meanwhile }: { readonly record: TargetRecord; readonly meanwhile: () => void },
): Promise<string | null> =>
  main.backups.list(record.name).find((manifest) => stillHolds(main.ports, main.state, { manifest, now, meanwhile }))
    ?.id ?? null;

/** Throws `backup-failed` with what keeps it from being made, and what preparing throws. */
export const presentBackup = async (main: MainProject, request: PresentBackupRequest): Promise<PresentBackup> => {
  const { record, commit, signal, env, left } = request;
  const meanwhile = (): void => {
    if (left() <= 0) throw new Late();
  };
  try {
    const context = await lookAtFiles(main, { record, commit, purpose: 'backup', signal, env });
    const { entries, components, checkout } = await wholeTargetEntries(context);
    if (entries.length === 0) return { kind: 'nothing' };
    const now: Present = { entries, components, checkout, receipt: context.receipt ?? null };
    const found = await inTime(() => findBackup(main, now, { record, meanwhile }));
    if (found === undefined) return { kind: 'untold' };
    if (found !== null) return { kind: 'found', id: found };
    const largest = Math.max(...entries.map(({ absolute }) => main.ports.files.stat(absolute)?.size ?? 0));
    if (largest / slowDisk > left()) return { kind: 'late' };
    const backups = openBackups(await request.writing(), main.state);
    const made = await inTime(() => backups.create({ target: record.name, run: null, ...now, meanwhile }));
    return made === undefined ? { kind: 'late' } : { kind: 'made', id: made.id };
  } catch (error) {
    throw forTarget(error, record.name);
  }
};
