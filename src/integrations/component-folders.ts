/** Says of one component which folders Lockstep makes, and which of its own it removes because nothing is left in them. */
import { isWritten } from '../domain/file-compare.ts';
import { absent } from '../domain/file-state.ts';
import { foldersToMake, foldersToRemove } from '../domain/folders.ts';
import { isInside, type RootedPath } from '../domain/paths.ts';
import type { FileAction } from '../domain/plan.ts';
import type { ComparedComponent } from './compare-components.ts';
import { staleBytecode } from './package/bytecode.ts';
import type { Standing } from './standing.ts';
import type { TargetContext } from './target-context.ts';

export interface ComponentFolders {
  readonly actions: readonly FileAction[];
  readonly dirs: readonly RootedPath[];
}

export interface FolderGround {
  readonly standing: Standing;
  /** Every path that any component wants, run now or not: its folders stay. */
  readonly wanted: readonly RootedPath[];
  /** Folders that another component of this plan makes already. */
  readonly claimed: ReadonlySet<RootedPath>;
}

/** Folders to remove, and those that the receipt shall name as Lockstep's own. */
export const foldersOf = (
  context: Pick<TargetContext, 'receipt' | 'layout' | 'ports'>,
  { component, verdicts }: ComparedComponent,
  { standing, wanted, claimed }: FolderGround,
): ComponentFolders => {
  const { receipt, layout, ports } = context;
  const own = (receipt?.components[component.name]?.dirs ?? []).filter(standing.isFolder);
  const written = verdicts.filter((found) => isWritten(found)).map((found) => found.path);
  const gone = verdicts.filter((found) => found.verdict === 'remove').map((found) => found.path);
  const bytecode = new Set(staleBytecode(ports.files, gone.map(standing.absolute)));
  const list = (folder: RootedPath): readonly string[] =>
    // A cache whose every file goes with its source goes too: the transaction sees to that.
    standing.list(folder).filter((name) => {
      if (name !== '__pycache__') return true;
      return !standing
        .list(`${folder}/${name}`)
        .every((file) => bytecode.has(standing.absolute(`${folder}/${name}/${file}`)));
    });
  const removed = foldersToRemove({ own, wanted, gone, list });
  // Where a file takes the folder's own place, the file's action says so.
  const replaced = new Set(written);
  const made = foldersToMake(written, standing.isFolder).filter((folder) => {
    const holdsPackage = [layout.packageDir, layout.site].some(
      (place) => place !== null && isInside(standing.absolute(folder), place),
    );
    return !holdsPackage && !claimed.has(folder);
  });
  return {
    actions: removed
      .filter((path) => !replaced.has(path))
      .map((path) => ({
        kind: 'file',
        component: component.name,
        path,
        before: standing.at(path),
        after: absent,
        cause: 'nothing is left in it',
      })),
    dirs: [...new Set([...own.filter((path) => !removed.includes(path) && !replaced.has(path)), ...made])].sort(),
  };
};
