/**
 * Gives the space of objects back that no backup needs. What is needed is on the disk in a new pack, read back and with its
 * index, before the old one goes; killed anywhere, it can be done again.
 */
import { randomBytes } from 'node:crypto';
import type { Files, StateFiles } from '../../ports.ts';
import { compactTime } from '../file-names.ts';
import { damagedIn, type Index, indexPath, indexText, packPath, windowSize } from './pack-file.ts';
import { openWriter, type PackWriter } from './pack-writer.ts';
import { type PackFacts, surveyPacks } from './survey.ts';

/** What becomes of one pack. */
export interface PackFate {
  readonly pack: string;
  readonly fate: 'kept' | 'written anew' | 'removed';
  readonly cause: string;
  /** Bytes of the pack before, and of the objects in it that a backup needs. */
  readonly size: number;
  readonly needed: number;
}

export interface Reclaimed {
  readonly packs: readonly PackFate[];
  /** Bytes of all packs before and after; the latter is a forecast until it was done. */
  readonly before: number;
  readonly after: number;
  /** Packs that stay though there is waste in them, for an object that a backup needs cannot be read from them whole. */
  readonly damaged: readonly string[];
}

export interface ReclaimRequest {
  /** Objects that a backup needs. */
  readonly needed: ReadonlySet<string>;
  readonly now: Date;
  /** Looked at before each pack: what was done by then stays done. */
  readonly signal: AbortSignal;
}

/** A pack is written anew when at least one part in this many of it is waste: less is not worth the writing. */
const wasteShare = 20;

/** Packs smaller than this are brought together, so that a thousand small backups do not mean a thousand files to open. */
const small = 1 << 20;
const fewSmall = 8;

/** A new pack is ended when it is so large, so that the old ones can go and give room for the next. */
const enough = 256 << 20;

interface Weighed {
  readonly facts: PackFacts;
  readonly fate: PackFate;
  readonly lives: Index;
}

const weigh = (packs: readonly PackFacts[], needed: ReadonlySet<string>): readonly Weighed[] => {
  const taken = new Set<string>();
  const manySmall = packs.filter(({ size = 0 }) => size < small).length > fewSmall;
  return packs.map((facts) => {
    const { name, size = 0, index, objects } = facts;
    // An object that an older pack has too is needed once.
    const lives = Object.entries(objects).filter(([sha256]) => needed.has(sha256) && !taken.has(sha256));
    for (const [sha256] of lives) taken.add(sha256);
    const bytes = lives.reduce((sum, [, [, length]]) => sum + length, 0);
    const of = { pack: `${name}.pack`, size, needed: bytes };
    const fate = (what: PackFate['fate'], cause: string): Weighed => ({
      facts,
      lives: Object.fromEntries(lives),
      fate: { ...of, fate: what, cause },
    });
    if (lives.length === 0) return fate('removed', size === 0 ? 'it is empty' : 'no backup needs anything in it');
    const all = Object.values(objects).reduce((sum, [, length]) => sum + length, 0);
    if ((all - bytes) * wasteShare >= all && all > bytes) return fate('written anew', 'a part of it is not needed');
    if (size < small && manySmall) return fate('written anew', 'it is brought together with other small ones');
    return fate('kept', index === 'whole' ? 'it is needed' : 'it is needed, and gets a new index');
  });
};

const outcome = (weighed: readonly Weighed[], damaged: readonly string[]): Reclaimed => {
  const packs = weighed.map(({ fate }) => fate);
  const before = packs.reduce((sum, { size }) => sum + size, 0);
  const stays = ({ fate, size, needed, pack }: PackFate): number =>
    fate === 'kept' || damaged.includes(pack) ? size : fate === 'removed' ? 0 : needed;
  return { packs, before, after: packs.reduce((sum, fate) => sum + stays(fate), 0), damaged };
};

/** What reclaiming would do; the waste of small packs' headers is left out of the forecast. */
export const planReclaim = (files: Files, dir: string, needed: ReadonlySet<string>): Reclaimed =>
  outcome(weigh(surveyPacks(files, dir), needed), []);

type Ground = { readonly files: Files; readonly state: StateFiles; readonly dir: string };

/** Index first: a pack without one is found again, and weighed again, by whoever comes next. */
const remove = ({ state, dir }: Ground, name: string): void => {
  state.remove(indexPath(dir, name));
  state.remove(packPath(dir, name));
};

function* piecesOf(files: Files, pack: string, [offset, length]: readonly [number, number]): Iterable<Uint8Array> {
  for (let done = 0; done < length; done += windowSize)
    yield files.readRange(pack, offset + done, Math.min(windowSize, length - done));
}

/** Takes over what is needed of a pack, or nothing of it when not all of that is whole. */
const copyOver = ({ files, dir }: Ground, writer: PackWriter, { facts, lives }: Weighed): boolean => {
  const pack = packPath(dir, facts.name);
  if (damagedIn(files, pack, lives).length > 0) return false;
  return Object.entries(lives).every(
    ([sha256, place]) => writer.has(sha256) || writer.add(sha256, place[1], piecesOf(files, pack, place)),
  );
};

/** A lost index is made anew from what the pack's headers name and its bytes prove. */
const mendIndex = ({ files, state, dir }: Ground, { name, objects }: PackFacts): void => {
  const damaged = new Set(damagedIn(files, packPath(dir, name), objects));
  const whole = Object.entries(objects).filter(([sha256]) => !damaged.has(sha256));
  state.replace(indexPath(dir, name), indexText(Object.fromEntries(whole)));
};

/**
 * The caller holds the packs alone, and what is not needed is needed by nobody for good: manifests that went are gone from the disk.
 * Throws `disk` when there is no room for a new pack; what was done by then stays done, and nothing that is needed is lost.
 */
export const reclaim = (ground: Ground, { needed, now, signal }: ReclaimRequest): Reclaimed => {
  const { files, state, dir } = ground;
  const weighed = weigh(surveyPacks(files, dir), needed);
  const damaged: string[] = [];
  // What only takes away comes first: on a full disk it makes the room for the rest.
  for (const { facts, fate } of weighed) {
    if (fate.fate === 'removed') remove(ground, facts.name);
    else if (fate.fate === 'kept' && facts.index !== 'whole') mendIndex(ground, facts);
  }
  const anew = weighed.filter(({ fate }) => fate.fate === 'written anew');
  let writer: PackWriter | undefined;
  let emptied: string[] = [];
  const open = (): PackWriter =>
    openWriter({ files, state }, dir, `${compactTime(now)}-${randomBytes(8).toString('hex')}`);
  const close = (): void => {
    writer?.finish();
    for (const name of emptied) remove(ground, name);
    writer = undefined;
    emptied = [];
  };
  try {
    for (const one of anew) {
      signal.throwIfAborted();
      writer ??= open();
      if (copyOver(ground, writer, one)) emptied.push(one.facts.name);
      else damaged.push(one.fate.pack);
      if (writer.size() >= enough) close();
    }
    close();
  } catch (error) {
    writer?.discard();
    throw error;
  }
  if (weighed.some(({ fate }) => fate.fate !== 'kept')) state.flushDir(dir);
  return outcome(weighed, damaged);
};
