/** Says which commits are kept from coming to a target again: after a rollback unless somebody insists, after a failure only by themselves. Pure. */
import type { BackupManifest } from './backup.ts';
import type { QuarantinedCommit, Receipt } from './receipt.ts';

/** Why a commit is in quarantine for a target. */
export interface Quarantine {
  readonly commit: string;
  /** `rolled back`: somebody took it back; `failed`: a run of it failed, and everything was put back. */
  readonly why: 'rolled back' | 'failed';
  /** The components that were taken back; null where it is about the target as a whole. */
  readonly components: readonly string[] | null;
  /** When: ISO 8601 UTC. */
  readonly time: string;
  /** One line. */
  readonly cause: string;
}

/** How a run was started: by a hook or a schedule, by somebody's command, or by one that insists (`--force`). */
export type StartedBy = 'itself' | 'hand' | 'force';

export interface Wanted {
  readonly commit: string;
  /** The components that a run may bring; null for all. */
  readonly components: readonly string[] | null;
  readonly by: StartedBy;
}

/** What keeps a commit from being brought; undefined when nothing does. Any other commit lifts it. */
export const heldBy = (
  quarantines: readonly Quarantine[],
  { commit, components, by }: Wanted,
): Quarantine | undefined => {
  if (by === 'force') return undefined;
  return quarantines.find(
    (one) =>
      one.commit === commit &&
      (one.why === 'rolled back' || by === 'itself') &&
      (components === null || one.components === null || one.components.some((name) => components.includes(name))),
  );
};

/** What a receipt says was taken back, one entry for each commit. */
export const quarantinesOf = (receipt: Pick<Receipt, 'quarantine'> | undefined): readonly Quarantine[] => {
  const byCommit = new Map<string, QuarantinedCommit[]>();
  for (const one of receipt?.quarantine ?? []) byCommit.set(one.commit, [...(byCommit.get(one.commit) ?? []), one]);
  return [...byCommit].map(([commit, all]) => {
    const last = all.reduce((a, b) => (a.time < b.time ? b : a));
    return {
      commit,
      why: 'rolled back',
      components: all.map(({ component }) => component).sort(),
      time: last.time,
      cause: `rolled back to ${last.backup}`,
    };
  });
};

export interface TakenBack {
  readonly manifest: Pick<BackupManifest, 'id' | 'occasion' | 'receipt'>;
  readonly current: Receipt | undefined;
  /** The components that a restore brings back, whole or in part. */
  readonly components: Iterable<string>;
  /** When it is brought back: ISO 8601 UTC. */
  readonly time: string;
}

const commitOf = (receipt: Receipt | null | undefined, component: string): string | null =>
  receipt?.components[component]?.commit ?? receipt?.commit ?? null;

/**
 * The quarantine that a restore leads to: the commits that it takes back, beside those that were taken back before.
 * One that it brings back leaves quarantine; undoing a restore makes it as it was before that restore.
 */
export const takenBack = ({ manifest, current, components, time }: TakenBack): readonly QuarantinedCommit[] => {
  const names = new Set(components);
  const earlier = current?.quarantine ?? [];
  const others = earlier.filter(({ component }) => !names.has(component));
  if (manifest.occasion === 'restore') {
    const then = (manifest.receipt?.quarantine ?? []).filter(({ component }) => names.has(component));
    return [...others, ...then];
  }
  const mine = [...names].flatMap((component) => {
    const from = commitOf(current, component);
    const to = commitOf(manifest.receipt, component);
    const known = earlier.filter((one) => one.component === component && one.commit !== to && one.commit !== from);
    return from === null || from === to ? known : [...known, { component, commit: from, backup: manifest.id, time }];
  });
  return [...others, ...mine];
};
