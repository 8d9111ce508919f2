/** The staging places of a transaction: one folder in each root, on the same file system as what it serves, gone at the end. */
import { createHash } from 'node:crypto';
import { dirname, join, relative, sep } from 'node:path';
import { LockstepError } from '../../domain/errors.ts';
import { isInside, type Roots } from '../../domain/paths.ts';
import type { Files, Tree } from '../../ports.ts';
import type { Ended, FileEntry, Journal, JournalEntry, StagingPlace } from '../../store/journal.ts';
import { lockstepFolder } from '../../store/receipts.ts';

/** What putting files in place and putting them back works with. */
export interface Workplace {
  readonly files: Files;
  readonly tree: Tree;
  readonly places: readonly StagingPlace[];
  /** Places where files are held by renaming, because they cannot be linked. */
  readonly linkless: Set<number>;
}

const folderOf = (place: Pick<StagingPlace, 'root'>): string => join(place.root, lockstepFolder);

/** One place for each different root. Nothing is created. Throws `path-refused` when `.lockstep` is no folder. */
export const stagingPlaces = (files: Files, roots: Roots, txn: { run: string; target: string }): StagingPlace[] => {
  // Two targets of one run may share a root, and the first may have left something to recover there.
  const mark = createHash('sha256').update(txn.target).digest('hex').slice(0, 8);
  const distinct = new Set([roots.target, roots.checkout, roots.python].filter((root) => root !== undefined));
  return [...distinct].map((root) => {
    const folder = join(root, lockstepFolder);
    const found = files.stat(folder);
    if (found !== undefined && found.kind !== 'dir') {
      throw new LockstepError('path-refused', `${folder} is not a folder; Lockstep needs that name for itself`, {
        hint: `move ${folder} away, then run the same command again`,
      });
    }
    return { root, dir: join(folder, `txn-${encodeURIComponent(txn.run)}-${mark}`), hadFolder: found !== undefined };
  });
};

/**
 * Roots that are not where they were: moved away, a link in their place, on a disk that is gone. What stands at their paths
 * tells nothing of the run, and nothing can be put back. The target's own root counts always, others where they have entries.
 */
export const lostRoots = (
  files: Files,
  run: { readonly target: string; readonly places: readonly StagingPlace[]; readonly entries: readonly JournalEntry[] },
): readonly string[] => {
  const used = new Set(run.entries.map((entry) => (entry.kind === 'file' ? run.places[entry.place]?.root : undefined)));
  return run.places
    .map(({ root }) => root)
    .filter((root) => (root === run.target || used.has(root)) && files.real(root) !== root);
};

/** Whether a path belongs to Lockstep itself: in any of the roots, or in another target that lies below one. */
export const isOwn = (places: readonly StagingPlace[], path: string): boolean =>
  places.some((place) => isInside(place.root, path) && relative(place.root, path).split(sep).includes(lockstepFolder));

const deviceOf = (files: Files, path: string): number | undefined => {
  for (let at = path; ; at = dirname(at)) {
    const found = files.stat(at);
    if (found?.kind === 'dir') return found.dev;
    if (at === dirname(at)) return undefined;
  }
};

/** Index of the place from which a path can be reached by a rename. Throws `path-refused` when there is none. */
export const placeFor = (files: Files, places: readonly StagingPlace[], path: string): number => {
  const device = deviceOf(files, dirname(path));
  const around = places.map((place, index) => ({ place, index })).filter(({ place }) => isInside(place.root, path));
  const found = around.find(({ place }) => deviceOf(files, folderOf(place)) === device);
  if (found !== undefined) return found.index;
  throw new LockstepError(
    'path-refused',
    around.length === 0
      ? `${path} lies outside the target's roots`
      : `${path} lies on another file system than ${around[0]?.place.root}: it cannot be replaced in one move`,
    { hint: 'register what is mounted there as a target of its own, or leave it out with `protect`' },
  );
};

export const stagePath = (places: readonly StagingPlace[], entry: FileEntry): string | undefined =>
  entry.stage === null ? undefined : join(places[entry.place]?.dir ?? '', entry.stage);

export const holdPath = (places: readonly StagingPlace[], entry: FileEntry): string | undefined =>
  entry.hold === null ? undefined : join(places[entry.place]?.dir ?? '', entry.hold);

/** Whether two paths name one and the same file or link. */
export const isSecondName = (files: Files, path: string, other: string | undefined): boolean => {
  const [one, two] = [files.stat(path), other === undefined ? undefined : files.stat(other)];
  return one !== undefined && two !== undefined && one.ino === two.ino && one.dev === two.dev;
};

const makeFolder = ({ files, tree }: Workplace, place: StagingPlace, dir: string): string => {
  if (files.stat(dir) !== undefined) return dir;
  if (files.stat(folderOf(place)) === undefined) tree.mkdir(folderOf(place), 0o755);
  tree.mkdir(dir, 0o700);
  tree.write(join(dir, '.gitignore'), Buffer.from('*\n'), 0o644);
  return dir;
};

const placeAt = (places: readonly StagingPlace[], index: number): StagingPlace => {
  const place = places[index];
  if (place === undefined) throw new Error(`no staging place ${index}`);
  return place;
};

const undoFolder = (place: StagingPlace): string => `${place.dir}-undo`;

/** Makes a place, if it is not there; git in the target does not see it. Answers with its folder. */
export const openPlace = (workplace: Workplace, index: number): string => {
  const place = placeAt(workplace.places, index);
  return makeFolder(workplace, place, place.dir);
};

/**
 * A folder beside a place, to make things in that are then moved where they belong. Never the place itself: that it is
 * gone tells that what was held in it is gone too.
 */
export const openUndoFolder = (workplace: Workplace, index: number): string => {
  const place = placeAt(workplace.places, index);
  return makeFolder(workplace, place, undoFolder(place));
};

const removeFlat = ({ files, tree }: Workplace, dir: string): void => {
  for (const path of files.list(dir).map((name) => join(dir, name))) {
    if (files.stat(path)?.kind === 'dir') tree.rmdir(path);
    else tree.unlink(path);
  }
  if (files.stat(dir) !== undefined) tree.rmdir(dir);
};

/** Removes the places and all in them, and each `.lockstep` that was made for them and holds nothing else. */
export const closePlaces = (workplace: Workplace): void => {
  const { files, tree, places } = workplace;
  for (const place of places) {
    removeFlat(workplace, place.dir);
    removeFlat(workplace, undoFolder(place));
    const mayGo = !place.hadFolder && files.stat(folderOf(place)) !== undefined;
    if (mayGo && files.list(folderOf(place)).length === 0) tree.rmdir(folderOf(place));
  }
};

/** The last act of a transaction: nothing of it is left but what it did. Throws `disk`; may be repeated. */
export const tidy = (workplace: Workplace, journal: Journal, how: Ended): void => {
  try {
    journal.ended(how);
  } catch (error) {
    // On a full disk, removing is what helps.
    if (!(error instanceof LockstepError)) throw error;
  }
  closePlaces(workplace);
  // Without its journal nobody would ever remove a place that a power failure brought back.
  const { files, tree, places } = workplace;
  const around = places.map((place) => (files.stat(folderOf(place)) === undefined ? place.root : folderOf(place)));
  tree.flush(around.filter((folder) => files.stat(folder)?.kind === 'dir'));
  journal.remove();
};
