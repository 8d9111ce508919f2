/** Looks at what stands at a target's paths, each once, never through a symbolic link on the way. */
import { absent, type FileState } from '../domain/file-state.ts';
import { foldersAbove } from '../domain/folders.ts';
import { type RootedPath, toAbsolute } from '../domain/paths.ts';
import type { TargetContext } from './target-context.ts';

export interface Standing {
  /** What stands at a path; absent below a file or a link. */
  readonly at: (path: RootedPath) => FileState;
  /** The topmost file or link that stands where a path needs a folder. */
  readonly blocker: (path: RootedPath) => RootedPath | undefined;
  readonly isFolder: (path: RootedPath) => boolean;
  /** Names in a folder, sorted. */
  readonly list: (path: RootedPath) => readonly string[];
  readonly absolute: (path: RootedPath) => string;
}

/** Throws `path-refused` for a path that leaves the target's roots. */
export const standingOf = ({ layout, ports }: Pick<TargetContext, 'layout' | 'ports'>): Standing => {
  const { files } = ports;
  const states = new Map<RootedPath, FileState>();
  const folders = new Map<RootedPath, 'dir' | 'absent' | 'other'>();
  const absolute = (path: RootedPath): string => toAbsolute(layout.roots, path);
  const kindOf = (folder: RootedPath): 'dir' | 'absent' | 'other' => {
    const known = folders.get(folder);
    if (known !== undefined) return known;
    const found = files.stat(absolute(folder))?.kind;
    const kind = found === undefined ? 'absent' : found === 'dir' ? 'dir' : 'other';
    folders.set(folder, kind);
    return kind;
  };
  const blocker = (path: RootedPath): RootedPath | undefined =>
    foldersAbove(path)
      .toReversed()
      .find((folder) => kindOf(folder) === 'other');
  const at = (path: RootedPath): FileState => {
    const known = states.get(path);
    if (known !== undefined) return known;
    const state = blocker(path) === undefined ? files.state(absolute(path)) : absent;
    states.set(path, state);
    return state;
  };
  return {
    at,
    blocker,
    isFolder: (path) => blocker(path) === undefined && kindOf(path) === 'dir',
    list: (path) => files.list(absolute(path)),
    absolute,
  };
};
