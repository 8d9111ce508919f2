/** Chooses the backup that a restore goes back to: the one that was named, else one state back. Reads only. */
import { LockstepError } from '../../domain/errors.ts';
import type { RestorePlan } from '../../domain/restore.ts';
import type { BackupManifest } from '../../store/backups.ts';
import type { MainProject } from '../main-project.ts';

export interface Choice {
  readonly manifest: BackupManifest;
  readonly planned: RestorePlan;
}

export interface ChoiceRequest {
  readonly target: string;
  /** A backup's id; null for the newest that has what is asked for. */
  readonly backup: string | null;
  /** null for everything in the backup. */
  readonly components: readonly string[] | null;
  readonly plan: (manifest: BackupManifest) => RestorePlan;
}

const checkComponents = (manifest: BackupManifest, components: readonly string[] | null): void => {
  const unknown = (components ?? []).filter((name) => !manifest.components.includes(name));
  if (unknown.length === 0) return;
  throw new LockstepError('nothing-to-restore', `backup ${manifest.id} holds no ${unknown.join(', ')}`, {
    target: manifest.target,
    hint: `it holds ${manifest.components.join(', ')}`,
  });
};

/**
 * The backup that was named, else the newest that differs from what stands there now; those that a restore made are
 * passed over, for they would undo it. Throws `nothing-to-restore`, and what reading a backup throws.
 */
export const chooseBackup = (main: MainProject, { target, backup, components, plan }: ChoiceRequest): Choice => {
  if (backup !== null) {
    const manifest = main.backups.get(target, backup);
    checkComponents(manifest, components);
    return { manifest, planned: plan(manifest) };
  }
  const wanted = components ?? [];
  const candidates = main.backups
    .list(target)
    .filter(
      (manifest) => manifest.occasion !== 'restore' && wanted.every((name) => manifest.components.includes(name)),
    );
  let newest: Choice | undefined;
  for (const manifest of candidates) {
    const choice = { manifest, planned: plan(manifest) };
    if (choice.planned.differs) return choice;
    newest ??= choice;
  }
  if (newest !== undefined) return newest;
  throw new LockstepError(
    'nothing-to-restore',
    `it has no backup${wanted.length === 0 ? '' : ` of ${wanted.join(', ')}`}`,
    { target, hint: `lockstep target backups ${target} lists what there is` },
  );
};

/** The components that a person may name: those that main has now, and those that the target's backups hold. */
export const knownComponents = (main: MainProject, target: string): readonly string[] => [
  ...new Set([
    'package',
    ...main.project.components.map(({ name }) => name),
    'config',
    ...main.backups.list(target).flatMap(({ components }) => components),
  ]),
];
