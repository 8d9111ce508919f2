/** Applies a planned restore under the locks of the target's roots, after a backup of what it replaces. */
import { LockstepError, messageOf } from '../../domain/errors.ts';
import { touchedPaths } from '../../domain/plan.ts';
import type { Receipt } from '../../domain/receipt.ts';
import type { RestorePlan } from '../../domain/restore.ts';
import type { TargetLayout, TargetRecord } from '../../domain/target.ts';
import type { UndoReport } from '../../pipeline/transaction.ts';
import { installedNow } from '../../steps/backup-entries.ts';
import type { BackupManifest } from '../../store/backups.ts';
import { acquireLock, layoutLockPaths } from '../../store/lock.ts';
import { openReceipts } from '../../store/receipts.ts';
import type { MainProject } from '../main-project.ts';
import { transactionIn } from '../open-transaction.ts';
import { waitingRuns } from '../recover.ts';
import { afterwards, recordTarget } from '../target-record.ts';
import { underLock } from '../under-lock.ts';

export interface RestoreWork {
  readonly record: TargetRecord;
  readonly layout: TargetLayout;
  readonly run: string;
  /** As it stood when the restore was planned. */
  readonly receipt: Receipt | undefined;
  readonly checkout: BackupManifest['checkout'];
  readonly planned: RestorePlan;
  readonly signal: AbortSignal;
}

export interface Restored {
  /** The backup made of the present state, so that the restore can itself be undone; null when nothing stood there. */
  readonly undoWith: string | null;
  readonly warnings: readonly string[];
}

const backupBefore = async (
  main: MainProject,
  { record, layout, planned, run, receipt, checkout }: RestoreWork,
): Promise<string | null> => {
  if (planned.standing.length === 0) return null;
  const manifest = await main.backups.create({
    target: record.name,
    run,
    occasion: 'restore',
    components: planned.components,
    entries: planned.standing,
    touched: new Set(touchedPaths(planned.actions)),
    receipt: receipt ?? null,
    checkout,
    ...installedNow({ ports: main.ports, layout }),
  });
  return manifest.id;
};

/** The same error, saying what undoing could not put back. */
const undone = (error: unknown, report: UndoReport): unknown => {
  if (report.unfinished.length === 0 && report.left.length === 0) return error;
  return new LockstepError('step-failed', `the restore failed: ${messageOf(error)}`, {
    cause: error,
    details: [
      ...report.left.map((entry) => `left alone: ${entry.path}: ${entry.cause}`),
      ...report.unfinished.map((entry) => `not put back: ${entry.path}: ${entry.cause}`),
    ],
    hint: 'lockstep sync recover',
  });
};

const swapIn = async (main: MainProject, work: RestoreWork): Promise<readonly string[]> => {
  const { record, layout, run, planned, signal } = work;
  const transaction = await transactionIn(main, { target: record.name, roots: layout.roots, run });
  try {
    await transaction.stage(planned.actions, async (digest) => main.backups.read(digest));
    await transaction.swap(planned.actions);
    signal.throwIfAborted();
    return await transaction.commit(planned.receipt);
  } catch (error) {
    throw undone(error, await transaction.undo());
  }
};

/** Throws `locked`, `target-changed` when another run finished since it was planned, `backup-failed`, `disk`. */
export const applyRestore = async (main: MainProject, work: RestoreWork): Promise<Restored> => {
  const { record, layout, receipt } = work;
  const lock = await acquireLock(main.ports, layoutLockPaths(layout), { what: `restore ${record.name}` });
  const { answer, trouble } = await underLock(lock, async () => {
    if (waitingRuns(main, record, layout.roots).length > 0) {
      throw new LockstepError('target-changed', 'another run was cut off meanwhile: nothing was restored', {
        hint: 'lockstep sync recover',
      });
    }
    if (openReceipts(main.ports).read(layout.roots, main.project.id)?.run !== receipt?.run) {
      throw new LockstepError('target-changed', 'another run finished meanwhile: nothing was restored', {
        hint: 'look at the plan again with --dry-run',
      });
    }
    const undoWith = await backupBefore(main, work);
    const warnings = await swapIn(main, work);
    const unrecorded = await afterwards(() => recordTarget(main, record.name, { status: 'rolled_back' }));
    return { undoWith, warnings: [...warnings, ...unrecorded] };
  });
  return { ...answer, warnings: [...answer.warnings, ...trouble] };
};
