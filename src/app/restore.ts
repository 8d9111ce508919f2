/** Brings a target, or some components of it, back to a backup: planned, shown, and through the same transaction as a sync. */
import { forTarget, LockstepError, messageOf } from '../domain/errors.ts';
import { countActions, type EventBody } from '../domain/events.ts';
import { sameReceipt } from '../domain/next-receipt.ts';
import type { TargetPlan } from '../domain/plan.ts';
import type { Receipt } from '../domain/receipt.ts';
import { planRestore, type RestorePlan } from '../domain/restore.ts';
import type { TargetRecord } from '../domain/target.ts';
import { openTransaction, type UndoReport } from '../pipeline/transaction.ts';
import { checkoutOf, wholeTargetEntries } from '../steps/backup-entries.ts';
import type { BackupManifest } from '../store/backups.ts';
import { acquireLock, rootLockPaths } from '../store/lock.ts';
import { openMainTree } from '../store/main-tree.ts';
import { openReceipts } from '../store/receipts.ts';
import { newRunId } from '../store/runs.ts';
import { openWheels } from '../store/wheels.ts';
import { targetNamed } from './choose-targets.ts';
import { layoutOf } from './layouts.ts';
import { commitOf, type MainProject } from './main-project.ts';
import { prepareTarget } from './prepare.ts';
import { refuseMainPaths } from './refuse-main-paths.ts';

export interface RestoreRequest {
  readonly target: string;
  /** A backup's id; null for the newest that has what is asked for. */
  readonly backup: string | null;
  /** null for everything in the backup. */
  readonly components: readonly string[] | null;
  readonly mode: 'real' | 'dry-run';
  readonly emit: (event: EventBody) => void;
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string>>;
}

export interface RestoreReport {
  readonly target: string;
  readonly backup: string;
  readonly plan: TargetPlan;
  /** Files that hold newer edits, which the restore replaces; they were backed up first. */
  readonly replacesNewerEdits: number;
  /** What could not be brought back, and trouble while tidying up. */
  readonly warnings: readonly string[];
  /** The backup made of the present state, so that the restore can itself be undone. */
  readonly undoWith: string | null;
  readonly counts: { readonly added: number; readonly changed: number; readonly removed: number };
}

interface Choice {
  readonly manifest: BackupManifest;
  readonly planned: RestorePlan;
}

/** The backup that was named, else the newest that differs from what stands there now; those that a restore made are passed over. */
const chooseBackup = (
  main: MainProject,
  {
    record,
    request,
    plan,
  }: { record: TargetRecord; request: RestoreRequest; plan: (manifest: BackupManifest) => RestorePlan },
): Choice => {
  if (request.backup !== null) {
    const manifest = main.backups.get(record.name, request.backup);
    checkComponents(manifest, request.components);
    return { manifest, planned: plan(manifest) };
  }
  const wanted = request.components ?? [];
  const candidates = main.backups
    .list(record.name)
    .filter(
      (manifest) => manifest.occasion !== 'restore' && wanted.every((name) => manifest.components.includes(name)),
    );
  for (const manifest of candidates) {
    const planned = plan(manifest);
    if (planned.actions.length > 0) return { manifest, planned };
  }
  const [newest] = candidates;
  if (newest !== undefined) return { manifest: newest, planned: plan(newest) };
  throw new LockstepError(
    'nothing-to-restore',
    `it has no backup${wanted.length === 0 ? '' : ` of ${wanted.join(', ')}`}`,
    {
      target: record.name,
      hint: `lockstep target backups ${record.name} lists what there is`,
    },
  );
};

const checkComponents = (manifest: BackupManifest, components: readonly string[] | null): void => {
  const unknown = (components ?? []).filter((name) => !manifest.components.includes(name));
  if (unknown.length === 0) return;
  throw new LockstepError('nothing-to-restore', `backup ${manifest.id} holds no ${unknown.join(', ')}`, {
    target: manifest.target,
    hint: `it holds ${manifest.components.join(', ')}`,
  });
};

const asPlan = (manifest: BackupManifest, restore: RestorePlan, commit: string): TargetPlan => ({
  target: manifest.target,
  commit,
  base: manifest.commit,
  full: false,
  reason: null,
  steps: [
    {
      id: 'restore',
      uses: 'restore',
      actions: restore.actions,
      skipped: restore.actions.length === 0 ? `it is as backup ${manifest.id} has it` : null,
      patch: {},
      warnings: restore.warnings,
    },
  ],
});

/** Backs up what will be replaced, then restores. Throws `nothing-to-restore`, `backup-damaged`, `locked`, `target-changed`. */
export const restore = async (main: MainProject, request: RestoreRequest): Promise<RestoreReport> => {
  const record = targetNamed(main.registry.read().targets, request.target);
  try {
    const layout = await layoutOf(main, record);
    const run = newRunId(main.ports.clock);
    const receipts = openReceipts(main.ports);
    const receipt = receipts.read(layout.roots, main.project.id);
    const checkout = await checkoutOf({ layout, ports: main.ports });
    const { manifest, planned: first } = chooseBackup(main, {
      record,
      request,
      plan: (candidate) =>
        planRestore({
          manifest: candidate,
          components: request.components,
          receipt,
          roots: layout.roots,
          files: main.ports.files,
          run,
          time: main.ports.clock.now().toISOString(),
          project: main.project.id,
          ...(checkout === null ? {} : { checkoutNow: checkout }),
        }),
    });
    const commit = await commitOf(main.repo, 'HEAD');
    const plan = asPlan(manifest, first, commit);
    request.emit({ kind: 'target.planned', target: record.name, plan });
    const report = {
      target: record.name,
      backup: manifest.id,
      plan,
      replacesNewerEdits: first.replacesNewerEdits,
      warnings: [...first.warnings],
      undoWith: null,
      counts: countActions(plan.steps),
    };
    if (request.mode === 'dry-run' || (first.actions.length === 0 && sameReceipt(receipt, first.receipt)))
      return report;
    const lock = await acquireLock(main.ports, rootLockPaths(layout.roots), { what: `restore ${record.name}` });
    try {
      const undoWith = await backupBefore(main, { record, planned: first, run, receipt: receipt ?? null, checkout });
      const transaction = openTransaction({
        ports: main.ports,
        roots: layout.roots,
        target: record.name,
        run,
        projectId: main.project.id,
        state: main.state,
        refuse: await refuseMainPaths(main, main.ports.files),
        readBackup: (digest) => main.backups.read(digest),
      });
      try {
        await transaction.stage(first.actions, async (digest) => main.backups.read(digest));
        await transaction.swap(first.actions);
        request.signal.throwIfAborted();
        report.warnings.push(...(await transaction.commit(first.receipt)));
      } catch (error) {
        throw undone(error, await transaction.undo());
      }
      await main.registry.update((registry) => ({
        ...registry,
        targets: registry.targets.map((target) =>
          target.name === record.name ? { ...target, status: 'rolled_back' } : target,
        ),
      }));
      return { ...report, undoWith };
    } finally {
      lock.release();
    }
  } catch (error) {
    throw forTarget(error, record.name);
  }
};

interface Before {
  readonly record: TargetRecord;
  readonly planned: RestorePlan;
  readonly run: string;
  readonly receipt: Receipt | null;
  readonly checkout: BackupManifest['checkout'];
}

/** A backup of the components that the restore changes, as they stand now; null when nothing stands there. */
const backupBefore = async (
  main: MainProject,
  { record, planned, run, receipt, checkout }: Before,
): Promise<string | null> => {
  if (planned.standing.length === 0) return null;
  const manifest = await main.backups.create({
    target: record.name,
    run,
    occasion: 'restore',
    components: planned.components,
    entries: planned.standing,
    receipt,
    checkout,
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

export interface BackupRequestFacts {
  readonly target: string;
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string>>;
}

/** A backup of all components of a target as they stand now. Throws `backup-failed`. */
export const backupTarget = async (main: MainProject, request: BackupRequestFacts): Promise<BackupManifest> => {
  const record = targetNamed(main.registry.read().targets, request.target);
  try {
    const commit = await commitOf(main.repo, 'HEAD');
    const prepared = await prepareTarget({
      main,
      record,
      tree: openMainTree(main.repo, commit),
      wheels: openWheels({ ports: main.ports, places: main.state, persist: 'scratch' }),
      run: { id: 'backup', commit, full: false, reason: null, version: null, only: null, complete: false },
      signal: request.signal,
      env: request.env,
    });
    const { entries, components, checkout } = await wholeTargetEntries(prepared.context);
    if (entries.length === 0) {
      throw new LockstepError(
        'backup-failed',
        'none of its components holds a file yet, so there is nothing to back up',
        {
          hint: `lockstep sync run --target ${record.name}`,
        },
      );
    }
    return await main.backups.create({
      target: record.name,
      run: null,
      components,
      entries,
      receipt: prepared.context.receipt ?? null,
      checkout,
    });
  } catch (error) {
    throw forTarget(error, record.name);
  }
};
