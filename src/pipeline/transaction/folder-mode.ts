/** Gives folders their permissions last, and back first: while a run works in one, its owner may write in it. */
import { type FileState, sameFolderMode } from '../../domain/file-state.ts';
import type { FileEntry } from '../../store/journal.ts';
import type { Chain } from './chain.ts';
import { depth } from './order.ts';
import type { Workplace } from './places.ts';
import type { UndoLog } from './undo-log.ts';

type Folder = FileState & { readonly kind: 'dir' };
type Ground = Pick<Workplace, 'files' | 'tree'>;

/** Its own permissions, and all for its owner: without them nothing could be put into it, or taken out again. */
export const workable = (mode: number): number => mode | 0o700;

const withMode = (mode: number): Folder => ({ kind: 'dir', mode });

/** Changes nothing where no folder stands. The bits above 0777 stay: they are inherited from the folder around it. */
export const setFolderMode = ({ files, tree }: Ground, path: string, mode: number): void => {
  const now = files.stat(path);
  if (now?.kind !== 'dir' || sameFolderMode(withMode(now.mode), withMode(mode))) return;
  tree.chmod(path, (now.mode & ~0o777) | (mode & 0o777));
};

const innerFirst = <T extends { readonly path: string }>(folders: readonly T[]): readonly T[] =>
  [...folders].sort((a, b) => depth(b.path) - depth(a.path));

/** The folders of a batch that is in place, the inner ones first: one may be closed to its owner from then on. */
export const settleFolders = (ground: Ground, entries: readonly FileEntry[]): void => {
  for (const { path, after } of innerFirst(entries)) if (after.kind === 'dir') setFolderMode(ground, path, after.mode);
};

/** What a run may have made of a folder's permissions: those that it was to give, and those while it was at work. */
const gave = (entries: readonly FileEntry[], mode: number): boolean => {
  const goal = entries[0]?.before;
  const all = entries.flatMap(({ after }) => (after.kind === 'dir' ? [after.mode, workable(after.mode)] : []));
  if (goal?.kind === 'dir') all.push(workable(goal.mode));
  return all.some((one) => sameFolderMode(withMode(one), withMode(mode)));
};

/** Whether a folder's permissions are the run's work and not those that it shall have again. */
export const isModeOurs = (entries: readonly FileEntry[], now: FileState): boolean =>
  now.kind === 'dir' && gave(entries, now.mode);

/** Before anything is put back: what the run closed to its owner is open for the time being. */
export const openFolders = (ground: Ground, log: UndoLog, chains: readonly Chain[]): void => {
  for (const { path, now, modeOurs } of chains) {
    if (now.kind === 'dir' && modeOurs) log.attempt(path, () => setFolderMode(ground, path, workable(now.mode)));
  }
};

/** After everything is back: the permissions that folders had. Those that somebody else gave meanwhile stay. */
export const closeFolders = (ground: Ground, log: UndoLog, chains: readonly Chain[]): void => {
  for (const { path, goal, now, modeOurs } of innerFirst(chains)) {
    if (goal.kind !== 'dir' || (now.kind === 'dir' && !modeOurs)) continue;
    const stat = ground.files.stat(path);
    if (stat?.kind !== 'dir' || sameFolderMode(withMode(stat.mode), goal)) continue;
    log.putBack(path, () => {
      setFolderMode(ground, path, goal.mode);
      ground.tree.flush([path]);
    });
  }
};
