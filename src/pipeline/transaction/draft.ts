/** Turns planned actions into journal entries, refusing what cannot be done before anything is touched. */
import { dirname, join } from 'node:path';
import { LockstepError } from '../../domain/errors.ts';
import { absent, type FileState, sameFolderMode, sameState, sameTime } from '../../domain/file-state.ts';
import { isInside, type Roots, toAbsolute } from '../../domain/paths.ts';
import type { FileAction, RefAction } from '../../domain/plan.ts';
import type { Files } from '../../ports.ts';
import type { FileEntry, RefEntry, StagingPlace } from '../../store/journal.ts';
import { cacheOf, compiledFrom, isBytecode, isPythonSource } from './bytecode.ts';
import { depth } from './order.ts';
import { isOwn, placeFor } from './places.ts';

/** One entry and how far it got. */
export interface Staged {
  readonly entry: FileEntry;
  done: boolean;
  /** Folders that must stand first. */
  readonly needs: readonly Staged[];
  /** Bytecode that must not outlive its source. */
  readonly trailing: Staged[];
  /** The modification time to give to what is staged. */
  readonly mtimeNs: bigint | undefined;
}

export interface StagedRef {
  readonly entry: RefEntry;
  done: boolean;
}

/** All that a transaction has staged so far. */
export interface Book {
  readonly files: Staged[];
  readonly refs: StagedRef[];
  /** What each path will hold once all of it is in place. */
  readonly planned: Map<string, FileState>;
  readonly made: Map<string, Staged>;
  /** Entries by the action that asked for them. */
  readonly byAction: Map<string, (readonly Staged[])[]>;
  nextId: number;
}

export const emptyBook = (): Book => ({
  files: [],
  refs: [],
  planned: new Map(),
  made: new Map(),
  byAction: new Map(),
  nextId: 1,
});

export interface DraftGround {
  readonly files: Files;
  readonly roots: Roots;
  readonly places: readonly StagingPlace[];
  readonly refuse?: ((absolute: string) => string | undefined) | undefined;
  /** Whose paths are written: the target's, or those of `.lockstep` itself. */
  readonly side: 'target' | 'lockstep';
}

const refused = (path: string, why: string): LockstepError =>
  new LockstepError('path-refused', `refused to write ${path}: ${why}`);

const rootGone = (root: string): LockstepError =>
  new LockstepError('target-missing', `${root} is not there any more, so nothing was written`, {
    hint: 'bring it back (is a disk not mounted?), then run the same command again',
  });

const token = (state: FileState): string =>
  state.kind === 'file' ? `${state.sha256}:${state.mode}` : state.kind === 'link' ? `>${state.to}` : state.kind;

/** Names an action among all of a transaction. */
export const actionKey = (roots: Roots, action: Pick<FileAction, 'path' | 'before' | 'after'>): string =>
  [toAbsolute(roots, action.path), token(action.before), token(action.after)].join('\0');

/** Whether only its time differs from what is planned; a folder's time needs no entry. */
const onlyTime = (files: Files, path: string, { before, after, mtimeNs }: FileAction): boolean => {
  if (mtimeNs === undefined || after.kind === 'dir' || !sameState(before, after)) return false;
  const now = files.stat(path);
  return now !== undefined && !sameTime(now.mtimeNs, BigInt(mtimeNs));
};

/** A file never turns into a folder in one entry: between the two nothing stands there, and that has to be journaled too. */
const statesOf = ({ before, after }: FileAction): readonly (readonly [FileState, FileState])[] => {
  const turns =
    (before.kind === 'dir') !== (after.kind === 'dir') && before.kind !== 'absent' && after.kind !== 'absent';
  return turns
    ? [
        [before, absent],
        [absent, after],
      ]
    : [[before, after]];
};

const rank = ({ after }: FileAction): number => (after.kind === 'absent' ? 0 : after.kind === 'dir' ? 1 : 2);

/** Removals, then folders from the top down, then the rest, so that each finds its folder in the draft. */
const draftOrder = (actions: readonly FileAction[]): readonly FileAction[] =>
  [...actions].sort((a, b) => rank(a) - rank(b) || (rank(a) === 1 ? depth(a.path) - depth(b.path) : 0));

/** A batch that is not part of its transaction yet. */
export interface Draft {
  readonly files: readonly Staged[];
  readonly refs: readonly StagedRef[];
  /** Makes it part of the book, once it is staged and journaled. */
  readonly enter: () => void;
}

/** Reads only. Throws `path-refused` and `target-changed`, naming the path. */
export const draftBatch = (ground: DraftGround, book: Book, actions: readonly (FileAction | RefAction)[]): Draft => {
  const { files, roots, places } = ground;
  const rootPaths = places.map((place) => place.root);
  const staged: Staged[] = [];
  const planned = new Map<string, FileState>();
  const made = new Map<string, Staged>();
  const byAction: [string, readonly Staged[]][] = [];
  const realFolders = new Set<string>();
  const placeOfFolder = new Map<string, number>();

  const plannedAt = (path: string): FileState | undefined => planned.get(path) ?? book.planned.get(path);
  const madeAt = (path: string): Staged | undefined => {
    const found = made.get(path) ?? book.made.get(path);
    return found?.done === false ? found : undefined;
  };
  const kindAt = (path: string): FileState['kind'] => plannedAt(path)?.kind ?? files.stat(path)?.kind ?? 'absent';

  const check = (path: string): void => {
    if (rootPaths.includes(path)) throw refused(path, "it is one of the target's roots itself");
    if (!rootPaths.some((root) => isInside(root, path))) throw refused(path, "it lies outside the target's roots");
    if (ground.side === 'target' && isOwn(places, path)) throw refused(path, 'that folder is kept by Lockstep itself');
    const why = ground.refuse?.(path);
    if (why !== undefined) throw refused(path, why);
  };

  const checkReal = (folder: string): void => {
    if (realFolders.has(folder)) return;
    const real = files.real(folder);
    if (real !== folder) throw refused(folder, `a symbolic link on the way leads to ${real ?? 'nowhere'}`);
    realFolders.add(folder);
  };

  const placeOf = (path: string): number => {
    const known = placeOfFolder.get(dirname(path)) ?? placeFor(files, places, path);
    placeOfFolder.set(dirname(path), known);
    return known;
  };

  const add = (
    path: string,
    states: readonly [FileState, FileState],
    { needs = [], mtimeNs }: { readonly needs?: readonly Staged[]; readonly mtimeNs?: string | undefined } = {},
  ): Staged => {
    const [before, after] = states;
    const id = book.nextId++;
    const writes = after.kind === 'file' || after.kind === 'link';
    const holds = before.kind === 'file' || (isBytecode(path) && before.kind !== 'dir' && after.kind !== 'dir');
    const item: Staged = {
      entry: {
        kind: 'file',
        id,
        path,
        before,
        after,
        place: placeOf(path),
        stage: writes ? `s${id}` : null,
        hold: holds ? `h${id}` : null,
      },
      done: false,
      needs,
      trailing: [],
      mtimeNs: mtimeNs === undefined ? undefined : BigInt(mtimeNs),
    };
    staged.push(item);
    planned.set(path, after);
    if (after.kind === 'dir' && before.kind !== 'dir') made.set(path, item);
    return item;
  };

  /** Folders above a path that this transaction makes, from the top down; missing ones are added when `make` says so. */
  const foldersAbove = (path: string, make: 'missing' | 'nothing'): readonly Staged[] => {
    const missing: string[] = [];
    const needs: Staged[] = [];
    let at = dirname(path);
    for (; ; at = dirname(at)) {
      if (!rootPaths.some((root) => isInside(root, at))) throw refused(path, "it lies outside the target's roots");
      const kind = kindAt(at);
      if (kind === 'absent' && rootPaths.includes(at)) throw rootGone(at);
      const own = madeAt(at);
      if (kind === 'dir' && own === undefined) break;
      if (kind === 'dir' && own !== undefined) needs.unshift(own);
      else if (kind === 'absent') missing.unshift(at);
      else if (kind === 'link') throw refused(path, `${at} is a symbolic link`);
      else throw new LockstepError('target-changed', `${at} is not a folder, so ${path} cannot be written`);
    }
    checkReal(at);
    if (make === 'nothing') return needs;
    const mode = (files.stat(at)?.mode ?? 0o755) & 0o777;
    for (const folder of missing) {
      check(folder);
      needs.push(add(folder, [absent, { kind: 'dir', mode }], { needs: [...needs] }));
    }
    return needs;
  };

  const draftFile = (action: FileAction): void => {
    const path = toAbsolute(roots, action.path);
    check(path);
    if (action.before.kind === 'other' || action.after.kind === 'other') {
      throw refused(path, 'what stands there is neither a file, a link nor a folder');
    }
    const standing = action.after.kind === 'dir' && action.before.kind === 'absent' ? madeAt(path) : undefined;
    if (standing !== undefined) {
      // An earlier batch needed this folder and makes it already.
      byAction.push([actionKey(roots, action), [standing]]);
      return;
    }
    const needs = foldersAbove(path, action.after.kind === 'absent' ? 'nothing' : 'missing');
    const { before, after } = action;
    const changes = !sameState(before, after) || !sameFolderMode(before, after) || onlyTime(files, path, action);
    const items = (changes ? statesOf(action) : []).map((states) =>
      add(path, states, { needs, mtimeNs: action.mtimeNs }),
    );
    byAction.push([actionKey(roots, action), items]);
  };

  /** Bytecode of what changes goes with it, even where no plan named it. */
  const draftBytecode = (): void => {
    const bySource = new Map<string, Staged[]>();
    for (const item of staged.filter(({ entry }) => isPythonSource(entry.path))) {
      const cache = cacheOf(item.entry.path);
      bySource.set(cache, [...(bySource.get(cache) ?? []), item]);
    }
    for (const [cache, sources] of bySource) {
      if (files.stat(cache)?.kind !== 'dir' || ground.refuse?.(cache) !== undefined) continue;
      checkReal(cache);
      const names = files.list(cache);
      for (const source of sources) {
        for (const name of compiledFrom(source.entry.path, names)) {
          const path = join(cache, name);
          const before = plannedAt(path) === undefined ? files.state(path) : absent;
          if (before.kind === 'file') source.trailing.push(add(path, [before, absent]));
        }
      }
      const emptied = names.every((name) => plannedAt(join(cache, name))?.kind === 'absent');
      if (!emptied || plannedAt(cache) !== undefined) continue;
      const folder = add(cache, [files.state(cache), absent]);
      for (const source of sources) source.trailing.push(folder);
    }
  };

  const draftRef = (action: RefAction): StagedRef => {
    if (!rootPaths.some((root) => isInside(root, action.checkout))) {
      throw refused(action.checkout, "it lies outside the target's roots");
    }
    const { checkout, ref, before, after } = action;
    return { entry: { kind: 'ref', id: book.nextId++, checkout, ref, before, after }, done: false };
  };

  for (const action of draftOrder(actions.filter((action) => action.kind === 'file'))) draftFile(action);
  draftBytecode();
  const stagedRefs = actions
    .filter((action) => action.kind === 'ref')
    .filter((action) => action.before !== action.after)
    .map(draftRef);
  return {
    files: staged,
    refs: stagedRefs,
    enter: () => {
      book.files.push(...staged);
      book.refs.push(...stagedRefs);
      for (const [path, state] of planned) book.planned.set(path, state);
      for (const [path, item] of made) book.made.set(path, item);
      for (const [key, items] of byAction) book.byAction.set(key, [...(book.byAction.get(key) ?? []), items]);
    },
  };
};
