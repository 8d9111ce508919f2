/** Reads what a target's receipt says was last synced. Its receipt lies in its own folder: no Python need be asked. */
import { LockstepError } from '../domain/errors.ts';
import type { Receipt } from '../domain/receipt.ts';
import type { TargetLayout, TargetRecord } from '../domain/target.ts';
import { checkRoots } from '../store/receipts/entries.ts';
import { openReceipts } from '../store/receipts.ts';
import { targetPath } from './layouts.ts';
import type { MainProject } from './main-project.ts';

/** undefined when nothing was synced, or the folder is not there. Throws `receipt-invalid`, `format-newer`. */
export const receiptOf = (main: MainProject, record: TargetRecord): Receipt | undefined => {
  const real = main.ports.files.real(targetPath(main, record));
  return real === undefined ? undefined : openReceipts(main.ports).read({ target: real }, main.project.id);
};

/**
 * The receipt of a target whose layout is known, each path of it in a root that the target has. Where a root cannot be
 * seen, its paths are nobody's mistake. Throws `receipt-invalid`, `format-newer`.
 */
export const receiptWithin = (main: MainProject, layout: TargetLayout): Receipt | undefined => {
  const receipts = openReceipts(main.ports);
  const receipt = receipts.read(layout.roots, main.project.id);
  const seen = layout.pythonCause === null && (layout.type !== 'source' || layout.checkout !== null);
  if (receipt !== undefined && seen) {
    checkRoots(receipt, { path: receipts.path(layout.roots, main.project.id), roots: layout.roots });
  }
  return receipt;
};

/** What a receipt tells the registry of a target, and a line about it. */
export interface Remembered {
  readonly record: Pick<TargetRecord, 'last_sync' | 'sync_version' | 'sync_commit'>;
  readonly found: string | null;
}

/** What a folder's receipt knows of earlier syncs, for a registry that does not: `last_sync` stays null without one. */
export const rememberedAt = (main: MainProject, target: string): Remembered => {
  const never = { last_sync: null, sync_version: null };
  let receipt: Receipt | undefined;
  try {
    receipt = openReceipts(main.ports).read({ target }, main.project.id);
  } catch (error) {
    // The first sync refuses it with what to do; till then the target can be registered and looked at.
    if (!(error instanceof LockstepError)) throw error;
    return { record: never, found: error.message };
  }
  const time = receipt === undefined ? Number.NaN : Date.parse(receipt.time);
  if (receipt === undefined || Number.isNaN(time)) return { record: never, found: null };
  const { commit, version } = receipt;
  const last_sync = new Date(time).toISOString();
  const at = commit === null ? 'parts of it' : `commit ${commit.slice(0, 10)}`;
  return {
    record: { last_sync, sync_version: version, ...(commit === null ? {} : { sync_commit: commit }) },
    found: `it was synced before: ${at}, at ${last_sync} (its receipt says so)`,
  };
};

/** The commit of a target's last complete sync; null when there was none. Throws `receipt-invalid`, `format-newer`. */
export const syncedCommit = (main: MainProject, record: TargetRecord): string | null =>
  receiptOf(main, record)?.commit ?? null;
