/** Removes the backups that neither a rule nor anything else keeps, then gives back the space that only they took. */
import type { BackupManifest } from '../../domain/backup.ts';
import { type BackupFate, defaultBackupPolicy, rulesFor, weighBackups } from '../../domain/backup-policy.ts';
import { LockstepError } from '../../domain/errors.ts';
import { wholeness } from '../../store/backups/check.ts';
import { packsAlone } from '../../store/backups/claims.ts';
import { brokenManifests, dropManifests, sweepHalfWritten } from '../../store/backups/drop.ts';
import { planReclaim, type Reclaimed, reclaim } from '../../store/backups/reclaim.ts';
import type { MainProject } from '../main-project.ts';
import { backupNeeds } from './needs.ts';

export interface PruneRequest {
  readonly mode: 'real' | 'dry-run';
  /** What becomes of lists that are not what was written: as long as one stays, nobody knows what it needs. */
  readonly damaged: 'keep' | 'drop';
  readonly signal: AbortSignal;
}

export interface PruneReport {
  /** By target, newest first: what becomes of each and why. */
  readonly backups: readonly BackupFate[];
  /** Lists that cannot be read and stay. */
  readonly unreadable: readonly { readonly id: string; readonly cause: string }[];
  /** Lists that cannot be read and go. */
  readonly dropped: readonly string[];
  /** null when no space is given back: what an unreadable backup needs is not known. */
  readonly space: Reclaimed | null;
  readonly warnings: readonly string[];
}

/** How long it waits for backups and restores that are under way, in milliseconds. */
const patience = 10_000;

const byTarget = (manifests: readonly BackupManifest[]): ReadonlyMap<string, readonly BackupManifest[]> => {
  const groups = new Map<string, BackupManifest[]>();
  for (const manifest of manifests) {
    const group = groups.get(manifest.target);
    if (group === undefined) groups.set(manifest.target, [manifest]);
    else group.push(manifest);
  }
  return new Map([...groups].sort(([a], [b]) => (a < b ? -1 : 1)));
};

const digestsOf = (manifests: readonly BackupManifest[]): ReadonlySet<string> => {
  const digests = new Set<string>();
  for (const { entries } of manifests)
    for (const { state } of entries) if (state.kind === 'file') digests.add(state.sha256);
  return digests;
};

/** A rule for a target that nobody knows may be a slip of the pen, and then the usual rules took more than was meant. */
const strayRules = (main: MainProject, targets: Iterable<string>): readonly string[] => {
  const known = new Set([...targets, ...main.registry.read().targets.map(({ name }) => name)]);
  return Object.keys(main.project.backups?.targets ?? {})
    .filter((name) => !known.has(name))
    .map((name) => `sync.config.yaml has rules for backups of ${name}, which is no target here`);
};

const decide = (main: MainProject, manifests: readonly BackupManifest[]): readonly BackupFate[] => {
  const { ports, state, project } = main;
  const neededBy = backupNeeds(main);
  const isWhole = wholeness(ports.files, state.packs);
  const now = ports.clock.now();
  return [...byTarget(manifests)].flatMap(([target, backups]) =>
    weighBackups(backups, { rules: rulesFor(project.backups ?? defaultBackupPolicy, target), now, neededBy, isWhole }),
  );
};

/** The same error, with what had been done by then. */
const halfDone = (error: unknown, removed: number): unknown =>
  error instanceof LockstepError
    ? new LockstepError(error.code, `space could not be given back: ${error.message}`, {
        cause: error,
        details: [`${removed} backups were removed before that`, ...error.details],
        hint: error.hint ?? 'lockstep backup prune goes on with it',
      })
    : error;

const pruneAlone = (main: MainProject, { mode, damaged, signal }: PruneRequest): PruneReport => {
  const { ports, state, backups } = main;
  const all = backups.list();
  const dropped = damaged === 'drop' ? brokenManifests(ports.files, state) : [];
  const unreadable = backups.damaged().filter(({ id }) => !dropped.includes(id));
  const fates = decide(main, all);
  const removed = new Set(fates.flatMap(({ id, fate }) => (fate === 'removed' ? [id] : [])));
  const needed = digestsOf(all.filter(({ id }) => !removed.has(id)));
  const ground = { files: ports.files, state: ports.state, dir: state.packs };
  const giveBack = (): Reclaimed | null => {
    if (unreadable.length > 0) return null;
    if (mode === 'dry-run') return planReclaim(ports.files, state.packs, needed);
    return reclaim(ground, { needed, now: ports.clock.now(), signal });
  };
  const warnings = strayRules(
    main,
    all.map(({ target }) => target),
  );
  const report = { backups: fates, unreadable, dropped, warnings };
  if (mode === 'dry-run') return { ...report, space: giveBack() };
  signal.throwIfAborted();
  dropManifests(ports, state, new Set([...removed, ...dropped]));
  try {
    sweepHalfWritten(ports, state);
    return { ...report, space: giveBack() };
  } catch (error) {
    throw halfDone(error, removed.size + dropped.length);
  }
};

/**
 * Nobody makes or restores a backup meanwhile. A dry run only looks, and what it says holds as long as nothing changes.
 * Killed anywhere, it can be done again. Throws `locked` when others use the backups for long, `format-newer`, `disk`.
 */
export const pruneBackups = async (main: MainProject, request: PruneRequest): Promise<PruneReport> => {
  if (request.mode === 'dry-run') return pruneAlone(main, request);
  const { ports, state } = main;
  const lock = await packsAlone(ports, state, { what: 'backup prune', waitMs: patience, signal: request.signal });
  try {
    return pruneAlone(main, request);
  } finally {
    lock.release();
  }
};
