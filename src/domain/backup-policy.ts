/** How long backups of a target are kept, and which may go. Pure. */
import type { BackupManifest } from './backup.ts';
import type { RunPolicy } from './run-policy.ts';

/** A backup is kept when either rule says so; null says nothing. At least one is set. */
export type KeepRules = RunPolicy;

export interface BackupPolicy {
  readonly usual: KeepRules;
  /** Rules of single targets: they take the place of the usual ones as a whole. */
  readonly targets: Readonly<Record<string, KeepRules>>;
}

export const defaultBackupRules: KeepRules = { keepLast: 20, keepWithin: 30 * 86_400_000 };

export const defaultBackupPolicy: BackupPolicy = { usual: defaultBackupRules, targets: {} };

export interface BackupFate {
  readonly id: string;
  readonly target: string;
  /** ISO 8601 UTC. */
  readonly time: string;
  readonly fate: 'kept' | 'removed';
  readonly cause: string;
}

export interface Weighing {
  readonly rules: KeepRules;
  readonly now: Date;
  /** Why something else needs a backup; undefined when nothing does. */
  readonly neededBy: (manifest: BackupManifest) => string | undefined;
  /** Whether all of a backup can be restored. Asked only where it decides: answering may read all of its bytes. */
  readonly isWhole: (manifest: BackupManifest) => boolean;
}

export const rulesFor = ({ usual, targets }: BackupPolicy, target: string): KeepRules =>
  Object.hasOwn(targets, target) ? (targets[target] ?? usual) : usual;

const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
  ['millisecond', 1],
] as const;

const spanText = (ms: number): string => {
  const [name, length] = units.find(([, unit]) => ms % unit === 0) ?? units[4];
  const count = ms / length;
  return `${count} ${name}${count === 1 ? '' : 's'}`;
};

const newestText = (count: number): string => (count === 1 ? 'it is the newest' : `one of the ${count} newest`);

/** Why the rules keep the nth newest; undefined when neither does. */
const keptByRule = ({ rules, now }: Weighing, nth: number, { time }: BackupManifest): string | undefined => {
  const { keepLast, keepWithin } = rules;
  if (keepLast !== null && nth < keepLast) return newestText(keepLast);
  const age = now.getTime() - Date.parse(time);
  // A time that cannot be read, or that lies ahead, makes nothing old.
  if (keepWithin !== null && !(age >= keepWithin)) return `younger than ${spanText(keepWithin)}`;
  return undefined;
};

const removedBy = ({ keepLast, keepWithin }: KeepRules): string =>
  [
    ...(keepLast === null ? [] : [`${keepLast} newer ${keepLast === 1 ? 'one is' : 'ones are'} kept`]),
    ...(keepWithin === null ? [] : [`it is older than ${spanText(keepWithin)}`]),
  ].join(', and ');

/**
 * What becomes of each backup of one target, in their order. One that can be restored whole always stays when there is
 * one, and the newest one always stays.
 * @param backups newest first
 */
export const weighBackups = (backups: readonly BackupManifest[], weighing: Weighing): readonly BackupFate[] => {
  const { rules, neededBy, isWhole } = weighing;
  // Rules that say nothing would keep nothing; loading refuses them, and this keeps everything.
  const silent = rules.keepLast === null && rules.keepWithin === null;
  const causes = backups.map((manifest, nth) =>
    silent ? 'no rule says that it may go' : (keptByRule(weighing, nth, manifest) ?? neededBy(manifest)),
  );
  if (causes.includes(undefined)) {
    const isKept = (_: BackupManifest, nth: number): boolean => causes[nth] !== undefined;
    const lastWhole = backups.filter(isKept).some(isWhole) ? -1 : backups.findIndex(isWhole);
    if (lastWhole >= 0) causes[lastWhole] ??= 'the last one that can be restored whole';
    if (backups.length > 0) causes[0] ??= 'it is the newest';
  }
  return backups.map(({ id, target, time }, nth) => {
    const cause = causes[nth];
    const fate = cause === undefined ? 'removed' : 'kept';
    return { id, target, time, fate, cause: cause ?? removedBy(rules) };
  });
};
