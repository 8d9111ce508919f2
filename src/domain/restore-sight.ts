/** What a restore sees of the disk: only what truly lies under the roots, each path looked at once. */
import { dirname } from 'node:path';
import { absent, type FileState } from './file-state.ts';
import type { Roots } from './paths.ts';

export interface RestoreSight {
  state(path: string): FileState;
  list(dir: string): readonly string[];
  stat(path: string): { readonly kind: FileState['kind']; readonly mtimeNs: bigint } | undefined;
}

/** Through a link on the way one would see, and compare, what is not the target's: there, nothing stands. */
export const sightOf = (files: RestoreSight, roots: Roots): RestoreSight => {
  const reachable = new Map<string, boolean>(Object.values(roots).map((root) => [root, true]));
  const states = new Map<string, FileState>();
  const isFolder = (dir: string): boolean => {
    const known = reachable.get(dir);
    if (known !== undefined) return known;
    const found = dir !== dirname(dir) && isFolder(dirname(dir)) && files.stat(dir)?.kind === 'dir';
    reachable.set(dir, found);
    return found;
  };
  return {
    state: (path) => {
      const known = states.get(path) ?? (isFolder(dirname(path)) ? files.state(path) : absent);
      states.set(path, known);
      return known;
    },
    list: (dir) => (isFolder(dir) ? files.list(dir) : []),
    stat: (path) => (isFolder(dirname(path)) ? files.stat(path) : undefined),
  };
};
