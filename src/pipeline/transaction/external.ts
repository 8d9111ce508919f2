/** Watches over a program that writes by itself: journals all that stands where it may write, before it is started and once it is over. */
import { join } from 'node:path';
import { LockstepError } from '../../domain/errors.ts';
import { absent, sameState } from '../../domain/file-state.ts';
import { declaredWrites } from '../../domain/write-globs.ts';
import type { ExternalFacts, Journal, SeenPath } from '../../store/journal.ts';
import { type Sight, seenIn, sightOf } from '../../store/write-sight.ts';
import type { Workplace } from './places.ts';

export interface ExternalRequest {
  /** The step's id. */
  readonly step: string;
  /** Globs of what it writes, relative to the target's folder. */
  readonly globs: readonly string[];
}

export interface External {
  /**
   * Call once nothing of the program runs any more: what changes from then on is somebody else's. Answers with what it
   * left at the paths of its globs that did not stand there so before.
   */
  ended(): readonly SeenPath[];
}

/** One program of a transaction, as far as it came. */
export interface Watched extends ExternalFacts {
  after: ExternalFacts['after'];
}

export interface ExternalGround extends Workplace {
  readonly journal: Journal;
  /** Absolute path of the target's folder. */
  readonly root: string;
  readonly place: number;
  /** Throws for content that the backup store does not hold. */
  readonly readBackup: ((sha256: string) => Buffer) | undefined;
}

const notInBackup = (path: string, step: string, cause: unknown): LockstepError =>
  new LockstepError('backup-failed', `${path} is in no backup as it stands now, so ${step} was not started`, {
    hint: 'run the same command again: it backs up what stands there now',
    cause,
  });

/** What stands there can be brought back: every content is read from the store, and nothing lies where a rename cannot reach. */
const checkRestorable = (
  ground: ExternalGround,
  { step, globs }: ExternalRequest,
  { sight, earlier }: { readonly sight: ReadonlyMap<string, Sight>; readonly earlier: readonly Watched[] },
): void => {
  const { files, root, readBackup } = ground;
  const covered = declaredWrites(globs).covers;
  const known = earlier.map(({ entry }) => declaredWrites(entry.globs).covers);
  const device = files.stat(root)?.dev;
  const read = new Set<string>();
  for (const { path, state, stat } of sight.values()) {
    if (!covered(path)) continue;
    if (stat.kind !== 'other' && stat.dev !== device) {
      throw new LockstepError('path-refused', `${join(root, path)} lies on another file system than ${root}`, {
        hint: `leave it out of what ${step} writes`,
      });
    }
    if (state.kind === 'other') {
      throw new LockstepError('path-refused', `${join(root, path)} cannot be kept, so ${step} was not started`, {
        hint: 'it can either not be read, or is neither a file, a link nor a folder: move it away',
      });
    }
    // What an earlier program of this run left goes back to what stood there before that one.
    if (state.kind !== 'file' || read.has(state.sha256) || known.some((covers) => covers(path))) continue;
    read.add(state.sha256);
    if (readBackup === undefined) throw new Error(`${path} is to be written by a program, and there is no backup`);
    try {
      readBackup(state.sha256);
    } catch (error) {
      if (!(error instanceof LockstepError)) throw error;
      throw notInBackup(path, step, error);
    }
  }
};

/** Begins with a program, for the first time or once more. Throws `backup-failed`, `path-refused` and `disk`; the program must then not be started. */
export const beginExternal = (
  ground: ExternalGround,
  all: Watched[],
  { request, id }: { readonly request: ExternalRequest; readonly id: () => number },
): External => {
  const { files, journal, root, place } = ground;
  const { step, globs } = request;
  let watched = all.find(({ entry }) => entry.step === step);
  if (watched === undefined) {
    const sight = sightOf(files, { root, globs });
    checkRestorable(ground, request, { sight, earlier: all });
    watched = { entry: { id: id(), step, root, globs, place, before: seenIn(sight) }, after: null };
    journal.external(watched.entry);
    all.push(watched);
  } else {
    journal.again(watched.entry.id);
    watched.after = null;
  }
  const here = watched;
  return {
    ended: () => {
      const after = seenIn(sightOf(files, { root, globs }));
      journal.left(here.entry.id, after);
      here.after = after;
      const before = new Map(here.entry.before.map((seen) => [seen.path, seen.state]));
      const { covers } = declaredWrites(globs);
      return after.filter(({ path, state }) => covers(path) && !sameState(before.get(path) ?? absent, state));
    },
  };
};
