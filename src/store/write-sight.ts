/** Sees what stands at every path that a program declared to write, and the folders that lead there. Reads only. */
import { join } from 'node:path';
import { LockstepError } from '../domain/errors.ts';
import type { FileState } from '../domain/file-state.ts';
import { declaredWrites, isNeverDeclared } from '../domain/write-globs.ts';
import type { Files, Stat } from '../ports.ts';
import type { SeenPath } from './journal.ts';

export interface Sight extends SeenPath {
  readonly stat: Stat;
}

export interface Looking {
  readonly root: string;
  readonly globs: readonly string[];
  /** Makes a folder readable that is not, so that all in it is seen. Without it such a folder is trouble. */
  readonly open?: (dir: string) => void;
}

type Reading = Pick<Files, 'list' | 'stat' | 'state'>;

const listOf = ({ list }: Pick<Files, 'list'>, dir: string, open: Looking['open']): readonly string[] => {
  try {
    return list(dir);
  } catch (error) {
    if (open === undefined || !(error instanceof LockstepError)) throw error;
    open(dir);
    return list(dir);
  }
};

/** Covered paths and folders that lead to some, by path relative to `root`, parents first. Links are not followed. Throws `disk`. */
export const pathsOf = (
  files: Pick<Files, 'list' | 'stat'>,
  { root, globs, open }: Looking,
): ReadonlyMap<string, Stat> => {
  const { covers, leadsTo } = declaredWrites(globs);
  const found = new Map<string, Stat>();
  const visit = (folder: string): void => {
    for (const name of listOf(files, join(root, folder), open)) {
      if (isNeverDeclared(name)) continue;
      const path = folder === '' ? name : `${folder}/${name}`;
      const stat = files.stat(join(root, path));
      if (stat === undefined || !(covers(path) || (stat.kind === 'dir' && leadsTo(path)))) continue;
      found.set(path, stat);
      if (stat.kind === 'dir') visit(path);
    }
  };
  if (files.stat(root)?.kind === 'dir') visit('');
  return found;
};

/** A file that cannot be read is nothing that could be compared. */
const stateAt = (files: Reading, path: string): FileState => {
  try {
    return files.state(path);
  } catch (error) {
    if (!(error instanceof LockstepError)) throw error;
    return { kind: 'other' };
  }
};

/** The same with contents: every file is hashed; one that cannot be read is `other`. Throws `disk` for a folder that cannot. */
export const sightOf = (files: Reading, looking: Looking): ReadonlyMap<string, Sight> =>
  new Map(
    [...pathsOf(files, looking)].map(([path, stat]): [string, Sight] => [
      path,
      { path, state: stateAt(files, join(looking.root, path)), mtimeNs: String(stat.mtimeNs), stat },
    ]),
  );

/** What a journal keeps of a sight. */
export const seenIn = (sight: ReadonlyMap<string, Sight>): readonly SeenPath[] =>
  [...sight.values()].map(({ path, state, mtimeNs }) => ({ path, state, mtimeNs }));
