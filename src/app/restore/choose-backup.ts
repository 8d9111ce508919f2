/** Chooses the backup that a restore goes back to: the one that was named, else one state back. Reads only. */
import { LockstepError } from '../../domain/errors.ts';
import type { RootedPath } from '../../domain/paths.ts';
import type { Receipt, RestoredFrom } from '../../domain/receipt.ts';
import type { RestorePlan } from '../../domain/restore.ts';
import { unknownPaths } from '../../domain/restore-paths.ts';
import type { BackupManifest } from '../../store/backups.ts';
import type { MainProject } from '../main-project.ts';

export interface Choice {
  readonly manifest: BackupManifest;
  readonly planned: RestorePlan;
}

export interface ChoiceRequest {
  readonly target: string;
  /** A backup's id; null for one state back. */
  readonly backup: string | null;
  /** null for everything in the backup. */
  readonly components: readonly string[] | null;
  /** null for all paths of the components. */
  readonly paths: readonly RootedPath[] | null;
  /** As it stands in the target: it says where earlier rollbacks went. */
  readonly receipt: Receipt | undefined;
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

const isOlder = ({ time, id }: Pick<BackupManifest, 'time' | 'id'>, than: RestoredFrom): boolean =>
  time === than.time ? id < than.backup : time < than.time;

/** The newest of some backups; undefined when one of them is none. */
const newestOf = (all: readonly (RestoredFrom | undefined)[]): RestoredFrom | undefined => {
  let newest: RestoredFrom | undefined;
  for (const from of all) {
    if (from === undefined) return undefined;
    if (newest === undefined || isOlder({ time: newest.time, id: newest.backup }, from)) newest = from;
  }
  return newest;
};

type Asked = Pick<ChoiceRequest, 'receipt' | 'paths'>;

/** The newest backup that components, or paths, stand at since they were synced; undefined while one of them was not brought back. */
const standsAt = ({ receipt, paths }: Asked, components: readonly string[]): RestoredFrom | undefined =>
  paths === null
    ? newestOf(components.map((name) => receipt?.restored?.[name]))
    : newestOf(paths.map((path) => receipt?.restoredPaths?.[path]));

/** `…-20261123T062006Z-baad`: when a backup was made, to the second, is a part of its id. */
const stampOf = (id: string): string => /-(\d{8}T\d{6}Z)-[^-]*$/.exec(id)?.[1] ?? '';
const secondOf = (time: string): string => time.replace(/\.\d+/, '').replace(/[-:]/g, '');

/**
 * Throws `backup-damaged` for one that would have been looked at before the chosen: what it holds may be one state back.
 * One whose id does not say when it was made counts too.
 */
const refuseDamaged = (main: MainProject, request: ChoiceRequest, chosen: BackupManifest | undefined): void => {
  const { target, components, paths, receipt } = request;
  const from = standsAt(request, components ?? chosen?.components ?? Object.keys(receipt?.restored ?? {}));
  const inTheWay = main.backups.damaged(target).filter(({ id }) => {
    const stamp = stampOf(id);
    const newer = from !== undefined && stamp !== '' && stamp > secondOf(from.time);
    return !newer && id !== from?.backup && (chosen === undefined || stamp === '' || stamp >= secondOf(chosen.time));
  });
  if (inTheWay.length === 0) return;
  const [first] = inTheWay;
  const part = `${components === null ? '' : ` --component ${components.join(',')}`}${(paths ?? []).map((path) => ` --path ${path}`).join('')}`;
  const what = inTheWay.length === 1 ? `its backup ${first?.id} cannot` : `${inTheWay.length} of its backups cannot`;
  throw new LockstepError('backup-damaged', `${what} be read, so nobody can tell what one state back is`, {
    target,
    details: inTheWay.map(({ id, cause }) => `${id}: ${cause}`),
    hint: `choose one of lockstep target backups ${target}: lockstep target restore ${target} --backup <id>${part}`,
  });
};

/** Throws `nothing-to-restore`: from where the target stands there is no way back. */
const noneOlder = (request: ChoiceRequest, candidates: readonly BackupManifest[]): never => {
  const { target, components, paths } = request;
  const wanted = paths ?? components ?? [];
  const of = wanted.length === 0 ? '' : ` of ${wanted.join(', ')}`;
  const from = standsAt(request, components ?? candidates[0]?.components ?? []);
  throw new LockstepError(
    'nothing-to-restore',
    from === undefined || candidates.length === 0
      ? `it has no backup${of}`
      : `it has no older state${of}: it was brought back to ${from.backup} already`,
    { target, hint: `lockstep target backups ${target} lists what there is` },
  );
};

/**
 * The backup that was named, else the newest that differs from what stands there now and is older than the one that
 * stands there; those that a restore made are passed over, for they would undo it.
 * Throws `nothing-to-restore`, `backup-damaged`, and what reading a backup throws.
 */
export const chooseBackup = (main: MainProject, request: ChoiceRequest): Choice => {
  const { target, backup, components, paths, plan } = request;
  if (backup !== null) {
    const manifest = main.backups.get(target, backup);
    checkComponents(manifest, components);
    return { manifest, planned: plan(manifest) };
  }
  const wanted = components ?? [];
  const holdsPaths = ({ entries }: BackupManifest): boolean =>
    paths === null ||
    unknownPaths(
      paths,
      entries.map(({ path }) => path),
    ).length === 0;
  const candidates = main.backups
    .list(target)
    .filter(
      (manifest) =>
        manifest.occasion !== 'restore' &&
        wanted.every((name) => manifest.components.includes(name)) &&
        holdsPaths(manifest),
    );
  let newest: Choice | undefined;
  for (const manifest of candidates) {
    const from = standsAt(request, components ?? manifest.components);
    if (from !== undefined && !isOlder(manifest, from)) continue;
    const choice = { manifest, planned: plan(manifest) };
    if (choice.planned.differs) {
      refuseDamaged(main, request, manifest);
      return choice;
    }
    if (from === undefined) newest ??= choice;
  }
  refuseDamaged(main, request, undefined);
  return newest ?? noneOlder(request, candidates);
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
