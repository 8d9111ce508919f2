/** Tells which commits are in quarantine for a target: taken back by a rollback, or failed there. Hooks and schedules ask here before they bring one. */
import { LockstepError } from '../domain/errors.ts';
import type { TargetResult } from '../domain/events.ts';
import { heldBy, type Quarantine, quarantinesOf, type Wanted } from '../domain/quarantine.ts';
import type { Receipt } from '../domain/receipt.ts';
import type { TargetRecord } from '../domain/target.ts';
import { forgetFailed, readFailed, saveFailed } from '../store/failed-commits.ts';
import type { MainProject } from './main-project.ts';
import { receiptOf } from './synced-state.ts';

/** As `quarantines`, for a caller who has read the receipt. Throws `format-newer`. */
export const quarantinesWith = (
  main: MainProject,
  { name, receipt }: { readonly name: string; readonly receipt: Receipt | undefined },
): readonly Quarantine[] => {
  const failed = readFailed(main.ports, main.state, name);
  return [
    ...quarantinesOf(receipt),
    ...(failed === undefined
      ? []
      : [{ commit: failed.commit, why: 'failed', components: null, time: failed.time, cause: failed.cause } as const]),
  ];
};

/** Every commit in quarantine for a target; files alone are read. Throws `receipt-invalid`, `format-newer`. */
export const quarantines = (main: MainProject, record: TargetRecord): readonly Quarantine[] =>
  quarantinesWith(main, { name: record.name, receipt: receiptOf(main, record) });

/**
 * What keeps a commit from coming to a target by itself, as a hook or a schedule would bring it; undefined when nothing
 * does. Throws `receipt-invalid`, `format-newer`.
 */
export const keptFromComing = (main: MainProject, record: TargetRecord, commit: string): Quarantine | undefined =>
  heldBy(quarantines(main, record), { commit, components: null, by: 'itself' });

/** In words, without the target's name: what is quarantined, and why. */
export const quarantineWords = ({ commit, why, components, cause }: Quarantine): string => {
  const what = components === null ? '' : ` of ${components.join(', ')}`;
  return why === 'failed'
    ? `${commit.slice(0, 10)} failed here, so nothing brings it again by itself`
    : `${commit.slice(0, 10)}${what} was taken back here (${cause}), so it does not come again unasked`;
};

/** What to type to bring a quarantined commit. */
export const forceHint = (target: string): string =>
  `lockstep sync run --target ${target} --force brings it all the same; a newer commit comes without`;

/** Throws `quarantined` when a run must not bring its commit. */
export const refuseQuarantined = (
  main: MainProject,
  { name, receipt, wanted }: { readonly name: string; readonly receipt: Receipt | undefined; readonly wanted: Wanted },
): void => {
  const held = heldBy(quarantinesWith(main, { name, receipt }), wanted);
  if (held === undefined) return;
  throw new LockstepError('quarantined', quarantineWords(held), { target: name, hint: forceHint(name) });
};

/** Ends that say nothing about the commit: another process, the person, or a refusal stood in the way. */
const saysNothing = new Set(['locked', 'interrupted', 'plan-stale', 'quarantined', 'untrusted']);

/** Remembers how a run of a whole commit ended in a target. Throws `disk`, `format-newer`. */
export const rememberEnd = (
  main: MainProject,
  { result, run }: { readonly result: TargetResult; readonly run: string },
): void => {
  const { target, commit, outcome, cause, error } = result;
  const { ports, state } = main;
  if (outcome === 'done' || outcome === 'nothing-to-do') forgetFailed(ports, state, target);
  else if (outcome !== 'planned' && !saysNothing.has(error?.code ?? '')) {
    const time = ports.clock.now().toISOString();
    saveFailed(ports, state, { target, failed: { commit, run, time, cause } });
  }
};
