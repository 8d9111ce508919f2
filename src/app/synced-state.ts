/** Reads what a target's receipt says was last synced. Its receipt lies in its own folder: no Python need be asked. */
import type { Receipt } from '../domain/receipt.ts';
import type { TargetRecord } from '../domain/target.ts';
import { openReceipts } from '../store/receipts.ts';
import { targetPath } from './layouts.ts';
import type { MainProject } from './main-project.ts';

/** undefined when nothing was synced, or the folder is not there. Throws `receipt-invalid`, `format-newer`. */
export const receiptOf = (main: MainProject, record: TargetRecord): Receipt | undefined => {
  const real = main.ports.files.real(targetPath(main, record));
  return real === undefined ? undefined : openReceipts(main.ports).read({ target: real }, main.project.id);
};

/** The commit of a target's last complete sync; null when there was none. Throws `receipt-invalid`, `format-newer`. */
export const syncedCommit = (main: MainProject, record: TargetRecord): string | null =>
  receiptOf(main, record)?.commit ?? null;
