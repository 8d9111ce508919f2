/** What a look at a push was decided by, for the next one: believed only while nothing that it was read from has changed. */
import type { Files, StateFiles } from '../ports.ts';
import { tick } from './push-ok.ts';
import type { StatePlaces } from './state-dir.ts';

const format = 2;

/** A ref that is held to the checklist. */
export interface LookedRef {
  readonly remote: string;
  readonly ref: string;
  /** Whether a push of it leaves a note. */
  readonly noted: boolean;
}

export interface PushFacts {
  readonly root: string;
  /** Files and folders of main, without a slash at the end, outside of which nothing reaches a target; '' is all of it. */
  readonly sources: readonly string[];
  /** The commits that components of targets are at. */
  readonly commits: readonly string[];
  readonly looked: readonly LookedRef[];
  /** Milliseconds. */
  readonly budget: number;
  readonly quiet: boolean;
  /** Everything that this was read from. */
  readonly watched: readonly string[];
}

type FactFiles = Pick<Files, 'stat' | 'readText'>;
type FactState = Pick<StateFiles, 'replace' | 'remove'>;
type FactPlaces = Pick<StatePlaces, 'pushFacts'>;

/** Folders come and go in by themselves; of them only that they are there, and which. */
const seen = (files: Pick<Files, 'stat'>, path: string): string => {
  const stat = files.stat(path);
  if (stat === undefined) return 'absent';
  const { kind, dev, ino, size, mtimeNs, ctimeNs } = stat;
  return kind === 'file' ? [kind, dev, ino, size, mtimeNs, ctimeNs].join(' ') : [kind, dev, ino].join(' ');
};

/**
 * Keeps them, unless something that they were read from may have changed meanwhile. Throws `disk`.
 * @param since when the looking began, in nanoseconds since the epoch.
 */
export const savePushFacts = (
  { files, state }: { readonly files: FactFiles; readonly state: FactState },
  places: FactPlaces,
  { facts, since }: { readonly facts: PushFacts; readonly since: bigint },
): void => {
  const stats = facts.watched.map((path) => seen(files, path));
  const settled = facts.watched.every((path) => {
    const stat = files.stat(path);
    return (
      stat?.kind === 'dir' || (stat?.kind === 'file' && stat.mtimeNs < since - tick && stat.ctimeNs < since - tick)
    );
  });
  if (settled) state.replace(places.pushFacts, JSON.stringify({ format, ...facts, stats }));
  else if (files.stat(places.pushFacts) !== undefined) state.remove(places.pushFacts);
};

/** undefined when there are none that can be believed now. */
export const readPushFacts = (files: FactFiles, places: FactPlaces): PushFacts | undefined => {
  if (files.stat(places.pushFacts)?.kind !== 'file') return undefined;
  try {
    const kept = JSON.parse(files.readText(places.pushFacts)) as PushFacts & {
      readonly format?: unknown;
      readonly stats?: readonly string[];
    };
    if (kept.format !== format || kept.stats?.length !== kept.watched.length) return undefined;
    return kept.watched.every((path, at) => kept.stats?.[at] === seen(files, path)) ? kept : undefined;
  } catch {
    return undefined;
  }
};

/** Where the state lies, by files alone: a configuration that moved it told the hooks so. */
export const stateFolder = (files: FactFiles, commonDir: string): string => {
  const own = `${commonDir}/lockstep`;
  const moved = `${own}/moved`;
  return files.stat(moved)?.kind === 'file' ? files.readText(moved).trim() : own;
};
