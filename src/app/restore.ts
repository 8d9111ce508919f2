/** Brings a target, or some components of it, back to a backup: planned, shown, and through the same transaction as a sync. */
import { forTarget, LockstepError } from '../domain/errors.ts';
import { countActions, type EventBody } from '../domain/events.ts';
import { sameReceipt } from '../domain/next-receipt.ts';
import type { TargetPlan } from '../domain/plan.ts';
import { type Quarantine, quarantinesOf } from '../domain/quarantine.ts';
import { planRestore, type RestorePlan } from '../domain/restore.ts';
import { checkoutOf } from '../steps/backup-entries.ts';
import type { BackupManifest } from '../store/backups.ts';
import { receiptPath } from '../store/receipts.ts';
import { newRunId } from '../store/runs.ts';
import { targetNamed } from './choose-targets.ts';
import { layoutOf } from './layouts.ts';
import { commitOf, type MainProject } from './main-project.ts';
import { recordRestore } from './records/record-restore.ts';
import { endCutOff } from './recover.ts';
import { applyRestore } from './restore/apply.ts';
import { chooseBackup } from './restore/choose-backup.ts';
import { nameLost } from './restore/name-lost.ts';
import { pathsNamed } from './restore/paths-named.ts';
import { type Proof, prove } from './restore/prove.ts';
import { receiptWithin } from './synced-state.ts';
import type { TrustQuestion } from './trust/trust.ts';

export interface RestoreRequest {
  readonly target: string;
  /** A backup's id; null for one state back. */
  readonly backup: string | null;
  /** null for everything in the backup. */
  readonly components: readonly string[] | null;
  /** Paths as typed: absolute, below the target's folder, or as plans show them. null for all. */
  readonly paths?: readonly string[] | null;
  /** Asks whoever sits there whether the code of a check is trusted; nobody does when left out. */
  readonly ask?: TrustQuestion;
  readonly mode: 'real' | 'dry-run';
  readonly emit: (event: EventBody) => void;
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string>>;
}

export interface RestoreReport {
  readonly target: string;
  /** null when nothing was restored: a run that was cut off was undone, and one state back is where the target stands now. */
  readonly backup: string | null;
  /** null when there is no backup that it would be of. */
  readonly plan: TargetPlan | null;
  /** What was done first about a run that was cut off, one line each. */
  readonly recovered: readonly string[];
  /** Files that hold newer edits, which the restore replaces; they were backed up first. */
  readonly replacesNewerEdits: number;
  /** Their paths, sorted. */
  readonly newerEdits: readonly string[];
  /** What could not be brought back, and trouble while tidying up. */
  readonly warnings: readonly string[];
  /** The backup made of the present state, so that the restore can itself be undone. */
  readonly undoWith: string | null;
  /** What the target's suites said of it afterwards; null when nothing was restored. */
  readonly verified: Proof | null;
  /** The commits that do not come to the target again unasked, once it is restored. */
  readonly quarantine: readonly Quarantine[];
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

/** A rollback without a backup's id takes back the last run. One that was cut off is taken back by ending it. */
const asBefore = (target: string, recovered: readonly string[]): RestoreReport => ({
  target,
  backup: null,
  plan: null,
  recovered,
  replacesNewerEdits: 0,
  newerEdits: [],
  warnings: [],
  undoWith: null,
  verified: null,
  quarantine: [],
  counts: countActions([]),
});

/** The same error, with what had been done by then. */
const withRecovered = (error: unknown, recovered: readonly string[]): unknown =>
  error instanceof LockstepError && recovered.length > 0
    ? new LockstepError(error.code, error.message, {
        details: [...recovered, ...error.details],
        cause: error.cause,
        ...(error.target === undefined ? {} : { target: error.target }),
        ...(error.hint === undefined ? {} : { hint: error.hint }),
      })
    : error;

/**
 * Backs up what will be replaced, then restores. A run that was cut off in the target is ended first; without a backup's
 * id that is all, when it had to be undone.
 * Throws `nothing-to-restore`, `backup-damaged`, `locked`, `target-changed`.
 */
export const restore = async (main: MainProject, request: RestoreRequest): Promise<RestoreReport> => {
  const record = targetNamed(main.registry.read().targets, request.target);
  const { backup, components, mode, emit, signal, env } = request;
  const { ports, project } = main;
  let recovered: readonly string[] = [];
  try {
    const cutOff = await endCutOff(main, record, { mode, emit });
    recovered = cutOff.lines;
    if (cutOff.undone && backup === null) return asBefore(record.name, recovered);
    const layout = await layoutOf(main, record);
    const run = newRunId(ports.clock);
    const receipt = receiptWithin(main, layout);
    const checkout = await checkoutOf({ layout, ports });
    const paths = request.paths == null ? null : pathsNamed(layout.roots, request.paths);
    const { manifest, planned } = chooseBackup(main, {
      target: record.name,
      backup,
      components,
      paths,
      receipt,
      plan: (candidate) =>
        planRestore({
          manifest: candidate,
          components,
          paths,
          receipt,
          receiptFile: receiptPath(layout.roots.target, project.id),
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
      recovered,
      replacesNewerEdits: planned.replacesNewerEdits,
      newerEdits: planned.newerEdits,
      warnings: planned.warnings,
      undoWith: null,
      verified: null,
      quarantine: quarantinesOf(planned.receipt),
      counts: countActions(plan.steps),
    };
    // That it stands at this very backup is no news worth a run of its own.
    const { restored = {}, restoredPaths, quarantine } = planned.receipt;
    const places = { restored, ...(restoredPaths && { restoredPaths }), ...(quarantine && { quarantine }) };
    const same = receipt !== undefined && sameReceipt({ ...receipt, ...places }, { ...planned.receipt, restored });
    const nothing = planned.actions.length === 0 && same;
    if (mode === 'dry-run' || nothing) return report;
    const work = { record, layout, run, receipt, checkout, planned, signal };
    const done = await recordRestore(main, {
      run,
      plan,
      backup: manifest.id,
      env,
      apply: async (tell) => {
        const restored = await main.backups.using(`restore of ${record.name}`, async () => {
          try {
            return await applyRestore(main, work);
          } catch (error) {
            throw nameLost(main, manifest, error);
          }
        });
        const verified = await prove(main, { ...request, emit: tell, target: record.name, receipt: planned.receipt });
        return { ...restored, verified };
      },
    });
    const warnings = [...planned.warnings, ...done.warnings];
    return { ...report, undoWith: done.undoWith, verified: done.verified, warnings };
  } catch (error) {
    throw withRecovered(forTarget(error, record.name), recovered);
  }
};
