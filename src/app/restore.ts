/** Brings a target, or some components of it, back to a backup: planned, shown, and through the same transaction as a sync. */
import { forTarget } from '../domain/errors.ts';
import { countActions, type EventBody } from '../domain/events.ts';
import { sameReceipt } from '../domain/next-receipt.ts';
import type { TargetPlan } from '../domain/plan.ts';
import { planRestore, type RestorePlan } from '../domain/restore.ts';
import { checkoutOf } from '../steps/backup-entries.ts';
import type { BackupManifest } from '../store/backups.ts';
import { openReceipts } from '../store/receipts.ts';
import { newRunId } from '../store/runs.ts';
import { targetNamed } from './choose-targets.ts';
import { layoutOf } from './layouts.ts';
import { commitOf, type MainProject } from './main-project.ts';
import { recordRestore } from './records/record-restore.ts';
import { endCutOff } from './recover.ts';
import { applyRestore } from './restore/apply.ts';
import { chooseBackup } from './restore/choose-backup.ts';

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

/**
 * Backs up what will be replaced, then restores; a run that was cut off in the target is ended first.
 * Throws `nothing-to-restore`, `backup-damaged`, `locked`, `target-changed`.
 */
export const restore = async (main: MainProject, request: RestoreRequest): Promise<RestoreReport> => {
  const record = targetNamed(main.registry.read().targets, request.target);
  const { backup, components, mode, emit, signal, env } = request;
  const { ports, project } = main;
  try {
    await endCutOff(main, record, { mode, emit });
    const layout = await layoutOf(main, record);
    const run = newRunId(ports.clock);
    const receipt = openReceipts(ports).read(layout.roots, project.id);
    const checkout = await checkoutOf({ layout, ports });
    const { manifest, planned } = chooseBackup(main, {
      target: record.name,
      backup,
      components,
      plan: (candidate) =>
        planRestore({
          manifest: candidate,
          components,
          receipt,
          roots: layout.roots,
          files: ports.files,
          run,
          time: ports.clock.now().toISOString(),
          project: project.id,
          ...(checkout === null ? {} : { checkoutNow: checkout }),
        }),
    });
    const plan = asPlan(manifest, planned, await commitOf(main.repo, 'HEAD'));
    emit({ kind: 'target.planned', target: record.name, plan });
    const report = {
      target: record.name,
      backup: manifest.id,
      plan,
      replacesNewerEdits: planned.replacesNewerEdits,
      warnings: planned.warnings,
      undoWith: null,
      counts: countActions(plan.steps),
    };
    const nothing = planned.actions.length === 0 && sameReceipt(receipt, planned.receipt);
    if (mode === 'dry-run' || nothing) return report;
    const work = { record, layout, run, receipt, checkout, planned, signal };
    const done = await recordRestore(main, {
      run,
      plan,
      backup: manifest.id,
      env,
      apply: () => applyRestore(main, work),
    });
    return { ...report, undoWith: done.undoWith, warnings: [...planned.warnings, ...done.warnings] };
  } catch (error) {
    throw forTarget(error, record.name);
  }
};
