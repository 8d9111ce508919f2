/** Removes what a swap leaves stale beside the package: bytecode of replaced files, folders that hold nothing any more. */
import { basename, dirname, join } from 'node:path';
import { absent } from '../../domain/file-state.ts';
import { isInside } from '../../domain/paths.ts';
import type { FileAction } from '../../domain/plan.ts';
import type { Files } from '../../ports.ts';
import { cacheFolder, type PackagePlace } from './place.ts';

/** Bytecode of one module for any interpreter and optimisation: `x.cpython-311.opt-1.pyc`. */
const isBytecodeOf = (stem: string, file: string): boolean =>
  file.startsWith(`${stem}.`) && /^[^.]+(?:\.opt-[^.]+)?\.pyc$/.test(file.slice(stem.length + 1));

const removal = (files: Files, place: PackagePlace, absolute: string, cause: string): FileAction => ({
  kind: 'file',
  component: 'package',
  path: place.rooted(absolute),
  before: files.state(absolute),
  after: absent,
  cause,
});

/** Absolute paths of the bytecode of `.py` files that are about to change: of the same second and size, it would run the old code. */
export const staleBytecode = (files: Files, changed: readonly string[]): readonly string[] =>
  changed
    .filter((path) => path.endsWith('.py'))
    .flatMap((path) => {
      const folder = cacheFolder(path);
      const stem = basename(path, '.py');
      return files
        .list(folder)
        .filter((file) => isBytecodeOf(stem, file))
        .map((file) => join(folder, file));
    });

/** Folders below site-packages that hold nothing once `removed` is gone and `added` is there, deepest first. */
const emptied = (
  files: Files,
  { site }: PackagePlace,
  { removed, added }: { readonly removed: readonly string[]; readonly added: readonly string[] },
): readonly string[] => {
  const gone = new Set(removed);
  const candidates = new Set<string>();
  for (const path of removed) {
    for (let dir = dirname(path); dir !== site && isInside(site, dir); dir = dirname(dir)) candidates.add(dir);
  }
  const deepestFirst = [...candidates].sort((a, b) => b.split('/').length - a.split('/').length || (a < b ? -1 : 1));
  const empty: string[] = [];
  for (const dir of deepestFirst) {
    if (added.some((path) => isInside(dir, path))) continue;
    if (files.stat(dir)?.kind !== 'dir' || !files.list(dir).every((name) => gone.has(join(dir, name)))) continue;
    gone.add(dir);
    empty.push(dir);
  }
  return empty;
};

/** Removal actions for stale bytecode, then for folders left empty. */
export const cleanUpActions = (
  files: Files,
  place: PackagePlace,
  swap: { readonly changed: readonly string[]; readonly removed: readonly string[]; readonly added: readonly string[] },
): readonly FileAction[] => {
  const bytecode = staleBytecode(files, [...new Set([...swap.changed, ...swap.removed, ...swap.added])]);
  const folders = emptied(files, place, { removed: [...swap.removed, ...bytecode], added: swap.added });
  return [
    ...bytecode.map((path) => removal(files, place, path, 'bytecode of a replaced file')),
    ...folders.map((path) => removal(files, place, path, 'nothing is left in it')),
  ];
};
