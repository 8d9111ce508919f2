/** Brings all that programs wrote by themselves back to what stood there before the first of them, however far they came. */
import { basename, dirname, join } from 'node:path';
import { LockstepError } from '../../domain/errors.ts';
import { absent, type FileState, sameState, sameTime } from '../../domain/file-state.ts';
import { declaredWrites } from '../../domain/write-globs.ts';
import type { ExternalFacts, SeenPath } from '../../store/journal.ts';
import { type Sight, sightOf } from '../../store/write-sight.ts';
import { cacheOf, compiledFrom, isPythonSource } from './bytecode.ts';
import { workable } from './folder-mode.ts';
import { depth } from './order.ts';
import { openUndoFolder } from './places.ts';
import type { RestoreGround } from './restore.ts';
import { describeState } from './swap.ts';
import { openUndoLog, type UndoLog, type UndoReport } from './undo-log.ts';

/** One path that programs may have written, or a folder on the way to some. */
interface Touched {
  /** Absolute. */
  readonly path: string;
  /** Where what is brought back is made. */
  readonly place: number;
  readonly goal: FileState;
  readonly goalTime: string;
  readonly now: FileState;
  readonly nowTime: string;
  readonly role: 'covered' | 'way';
  /** Whether what stands there now is what the programs left, or one of them was cut off. */
  readonly ours: boolean;
  /** Whether the present time is. */
  readonly oursInTime: boolean;
}

/** Programs may leave sockets, and modes of folders count here: nobody else's mode is restored. */
const sameLeft = (a: FileState, b: FileState): boolean => {
  if (a.kind === 'other') return b.kind === 'other';
  return sameState(a, b) && (a.kind !== 'dir' || b.kind !== 'dir' || a.mode === b.mode);
};

/** Removing a folder for a file, or a file for a folder, leaves nothing there for a moment. */
const turns = (a: FileState, b: FileState): boolean =>
  a.kind !== 'absent' && b.kind !== 'absent' && (a.kind === 'dir') !== (b.kind === 'dir');

interface Program {
  readonly facts: ExternalFacts;
  readonly claims: (path: string) => 'covered' | 'way' | undefined;
  readonly before: ReadonlyMap<string, SeenPath>;
  readonly after: ReadonlyMap<string, SeenPath> | null;
}

const byPath = (list: readonly SeenPath[]): ReadonlyMap<string, SeenPath> =>
  new Map(list.map((seen) => [seen.path, seen]));

const programOf = (facts: ExternalFacts): Program => {
  const { covers, leadsTo } = declaredWrites(facts.entry.globs);
  return {
    facts,
    claims: (path) => (covers(path) ? 'covered' : leadsTo(path) ? 'way' : undefined),
    before: byPath(facts.entry.before),
    after: facts.after === null ? null : byPath(facts.after),
  };
};

const stateIn = (seen: ReadonlyMap<string, SeenPath>, path: string): FileState => seen.get(path)?.state ?? absent;

/** What the programs may have left at a path; null when that cannot be told. */
const leftBy = (programs: readonly Program[], path: string): readonly FileState[] | null => {
  const left: FileState[] = [];
  for (const [index, { before, after }] of programs.entries()) {
    if (after === null) return null;
    left.push(stateIn(after, path));
    if (index > 0) left.push(stateIn(before, path));
  }
  return left;
};

const touchedAt = (programs: readonly Program[], path: string, sight: ReadonlyMap<string, Sight>): Touched => {
  const claiming = programs.filter(({ claims }) => claims(path) !== undefined);
  const [first] = claiming;
  if (first === undefined) throw new Error(`no program claims ${path}`);
  const { root, place } = first.facts.entry;
  const goal = stateIn(first.before, path);
  const now = sight.get(path)?.state ?? absent;
  const left = leftBy(claiming, path);
  const nowTime = sight.get(path)?.mtimeNs ?? '0';
  const halfway = (state: FileState): boolean =>
    (now.kind === 'absent' && turns(state, goal)) ||
    (now.kind === 'dir' && goal.kind === 'dir' && now.mode === workable(goal.mode));
  return {
    path: join(root, path),
    place,
    goal,
    goalTime: first.before.get(path)?.mtimeNs ?? '0',
    now,
    nowTime,
    role: claiming.some(({ claims }) => claims(path) === 'covered') ? 'covered' : 'way',
    ours: left === null || left.some((state) => sameLeft(state, now) || halfway(state)),
    oursInTime: left === null || claiming.some(({ after }) => after?.get(path)?.mtimeNs === nowTime),
  };
};

const touchedPaths = ({ files, tree }: RestoreGround, externals: readonly ExternalFacts[]): readonly Touched[] => {
  const roots = new Set(externals.map(({ entry }) => entry.root));
  return [...roots].flatMap((root) => {
    const programs = externals.filter(({ entry }) => entry.root === root).map(programOf);
    const globs = programs.flatMap(({ facts }) => facts.entry.globs);
    const sight = sightOf(files, { root, globs, open: (dir) => tree.chmod(dir, 0o700) });
    const paths = new Set([...programs.flatMap(({ before }) => [...before.keys()]), ...sight.keys()]);
    return [...paths].map((path) => touchedAt(programs, path, sight));
  });
};

const isBack = ({ now, goal }: Touched): boolean => sameState(now, goal);

/** Folders are back once they stand: their modes and times come last. */
const removeFiles = ({ tree }: RestoreGround, log: UndoLog, todo: readonly Touched[]): void => {
  for (const { path, now, goal } of todo) {
    const goes = goal.kind === 'absent' || goal.kind === 'dir';
    if (goes && now.kind !== 'absent' && now.kind !== 'dir') log.putBack(path, () => tree.unlink(path));
  }
};

/** Code that goes or changes takes what was compiled from it along; in a folder that goes, all of it goes. */
const removeBytecode = ({ files, tree }: RestoreGround, log: UndoLog, todo: readonly Touched[]): void => {
  const remove = (cache: string, names: readonly string[]): void => {
    for (const name of names) log.attempt(join(cache, name), () => tree.unlink(join(cache, name)));
  };
  for (const { path, now, goal } of todo) {
    if (isPythonSource(path) && now.kind === 'file' && files.stat(cacheOf(path))?.kind === 'dir') {
      remove(cacheOf(path), compiledFrom(path, files.list(cacheOf(path))));
    }
    const cache = join(path, basename(cacheOf(path)));
    if (now.kind !== 'dir' || goal.kind === 'dir' || files.stat(cache)?.kind !== 'dir') continue;
    remove(
      cache,
      files.list(cache).filter((name) => /\.py[co]$/.test(name)),
    );
    if (files.list(cache).length === 0) log.attempt(cache, () => tree.rmdir(cache));
  }
};

const deepestFirst = (a: Touched, b: Touched): number => depth(b.path) - depth(a.path);

const removeFolders = ({ files, tree }: RestoreGround, log: UndoLog, todo: readonly Touched[]): void => {
  const gone = todo.filter(({ goal, path }) => goal.kind !== 'dir' && files.stat(path)?.kind === 'dir');
  for (const { path, role } of [...gone].sort(deepestFirst)) {
    if (files.list(path).length === 0) log.putBack(path, () => tree.rmdir(path));
    // A folder on the way may hold what others put there; it goes when the rest of the run is undone, or stays.
    else if (role === 'covered') log.leave(path, 'it holds files that were put there since');
  }
};

const makeFolders = (ground: RestoreGround, log: UndoLog, todo: readonly Touched[]): void => {
  const { files, tree } = ground;
  const missing = todo.filter(({ goal, path }) => goal.kind === 'dir' && files.stat(path) === undefined);
  for (const { path, goal, place } of [...missing].sort((a, b) => depth(a.path) - depth(b.path))) {
    if (goal.kind !== 'dir') continue;
    log.putBack(path, () => {
      const made = join(openUndoFolder(ground, place), 'folder');
      if (files.stat(made) === undefined) tree.mkdir(made, 0o700);
      tree.chmod(made, workable(goal.mode));
      tree.rename(made, path);
    });
  }
};

/** Made whole and flushed as a batch beside their places, then moved there. */
const restoreContents = (ground: RestoreGround, log: UndoLog, todo: readonly Touched[]): void => {
  const { files, tree, readBackup } = ground;
  const moves: { readonly made: string; readonly path: string }[] = [];
  for (const [index, { path, now, goal, goalTime, place }] of todo.entries()) {
    if (goal.kind !== 'file' && goal.kind !== 'link') continue;
    // Reported already: a folder that somebody uses now.
    if (files.stat(path)?.kind === 'dir') continue;
    if (files.stat(dirname(path))?.kind !== 'dir') {
      log.leave(path, 'its folder was removed since');
      continue;
    }
    if (goal.kind === 'file' && now.kind === 'file' && goal.sha256 === now.sha256) {
      log.putBack(path, () => {
        tree.chmod(path, goal.mode);
        tree.touch(path, BigInt(goalTime));
      });
      continue;
    }
    log.attempt(path, () => {
      const made = join(openUndoFolder(ground, place), `e${index}`);
      if (files.stat(made) !== undefined) tree.unlink(made);
      if (goal.kind === 'link') tree.symlink(made, goal.to);
      else {
        if (readBackup === undefined) throw new LockstepError('nothing-to-restore', 'there is no backup to read');
        tree.write(made, readBackup(goal.sha256), goal.mode);
      }
      tree.touch(made, BigInt(goalTime));
      moves.push({ made, path });
    });
  }
  const written = moves.filter(({ made }) => files.stat(made)?.kind === 'file').map(({ made }) => made);
  let flushed = written.length === 0;
  for (const one of written.slice(0, 1)) {
    log.attempt(one, () => {
      tree.flush(written);
      flushed = true;
    });
  }
  // What is not on the disk must not take the place of what is.
  for (const { made, path } of flushed ? moves : []) log.putBack(path, () => tree.rename(made, path));
};

const restoreTimes = ({ files, tree }: RestoreGround, log: UndoLog, touched: readonly Touched[]): void => {
  const differs = (path: string, time: string): boolean => {
    const now = files.stat(path);
    return now !== undefined && !sameTime(now.mtimeNs, BigInt(time));
  };
  for (const one of touched) {
    const { path, goal, goalTime } = one;
    if ((goal.kind !== 'file' && goal.kind !== 'link') || !isBack(one) || !one.oursInTime) continue;
    if (differs(path, goalTime)) log.putBack(path, () => tree.touch(path, BigInt(goalTime)));
  }
  const open = log.notDone();
  const folders = touched.filter(
    ({ path, goal, role }) => goal.kind === 'dir' && role === 'covered' && files.stat(path)?.kind === 'dir',
  );
  for (const { path, goal, goalTime, now, ours } of [...folders].sort(deepestFirst)) {
    if (goal.kind !== 'dir' || open.some((known) => dirname(known) === path)) continue;
    const mode = files.stat(path)?.mode;
    if (mode !== goal.mode && (ours || now.kind !== 'dir')) log.attempt(path, () => tree.chmod(path, goal.mode));
    if (differs(path, goalTime)) log.attempt(path, () => tree.touch(path, BigInt(goalTime)));
  }
};

/** Folders that programs made on the way to where they write, once nothing is left in them. */
export const removeWays = (ground: RestoreGround, externals: readonly ExternalFacts[]): UndoReport => {
  const log = openUndoLog();
  if (externals.length > 0) {
    const made = touchedPaths(ground, externals).filter(
      ({ role, ours, goal, now }) => role === 'way' && ours && goal.kind !== 'dir' && now.kind === 'dir',
    );
    removeFolders(ground, log, made);
  }
  return log.report();
};

/** Trouble with single paths is reported, not thrown. Idempotent, and may be cut off at any point. */
export const restoreExternals = (ground: RestoreGround, externals: readonly ExternalFacts[]): UndoReport => {
  const log = openUndoLog();
  if (externals.length === 0) return log.report();
  const touched = touchedPaths(ground, externals);
  const changed = touched.filter((one) => !isBack(one));
  for (const { path, now } of changed.filter(({ ours, role }) => !ours && role === 'covered')) {
    log.leave(path, `changed by somebody else since: ${describeState(now)} stands there`);
  }
  const todo = changed.filter(({ ours }) => ours);
  removeFiles(ground, log, todo);
  removeBytecode(ground, log, todo);
  removeFolders(ground, log, todo);
  makeFolders(ground, log, todo);
  restoreContents(ground, log, todo);
  restoreTimes(ground, log, touched);
  const folders = log.touched().filter((dir) => ground.files.stat(dir)?.kind === 'dir');
  log.attempt(folders[0] ?? '', () => ground.tree.flush(folders));
  return log.report();
};
