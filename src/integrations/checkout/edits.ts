/** Finds what the owner changed in a clone and has not committed, edits that git was told not to see included. Reads only. */
import { join } from 'node:path';
import { decisionDigest } from '../../domain/package-compare.ts';
import { toRooted } from '../../domain/paths.ts';
import type { Decision } from '../../domain/receipt.ts';
import type { TreeEntry } from '../../ports.ts';
import type { TargetContext } from '../target-context.ts';
import { runGit } from './git.ts';

interface ClonePlace {
  /** Top of the work tree. */
  readonly root: string;
}

const folderOf = (path: string): string => path.replace(/^\.\/?/, '').replace(/\/+$/, '');

const below = (folder: string): readonly string[] => (folder === '' ? [] : ['--', `:(top,literal)${folder}`]);

/** Tracked paths below a folder that differ from HEAD, as git sees it. Sorted. */
export const dirtyPaths = async (context: TargetContext, { root }: ClonePlace, folder = ''): Promise<string[]> => {
  const args = ['status', '--porcelain', '-z', '--untracked-files=no', '--ignore-submodules=none', '--no-renames'];
  const lines = (await runGit(context, { cwd: root, args: [...args, ...below(folder)] })).split('\0');
  return lines.filter((line) => line !== '').map((line) => line.slice(3));
};

/** Tracked paths below a folder whose edits git was told not to see: `assume-unchanged`, `skip-worktree`. */
export const hiddenPaths = async (context: TargetContext, { root }: ClonePlace, folder = ''): Promise<string[]> => {
  const args = ['ls-files', '-v', '-z', ...below(folder)];
  const lines = (await runGit(context, { cwd: root, args })).split('\0');
  return lines.filter((line) => /^[a-zS] /.test(line)).map((line) => line.slice(2));
};

const hiddenEdits = async (
  context: TargetContext,
  clone: ClonePlace,
  { paths, entries }: { readonly paths: readonly string[]; readonly entries: ReadonlyMap<string, TreeEntry> },
): Promise<readonly string[]> => {
  const { files } = context.ports;
  const at = (path: string): string => join(clone.root, ...path.split('/'));
  const standing = paths.filter((path) => files.stat(at(path))?.kind === 'file');
  // As git would store them, filters and line endings applied.
  const hashed = await Promise.all(
    standing.map(async (path) => {
      const id = (await runGit(context, { cwd: clone.root, args: ['hash-object', '--', path] })).trim();
      return [path, id] as const;
    }),
  );
  const same = new Set(hashed.filter(([path, id]) => entries.get(path)?.blob === id).map(([path]) => path));
  const links = paths.filter((path) => files.stat(at(path))?.kind === 'link' && entries.get(path)?.mode === '120000');
  return paths.filter((path) => !same.has(path) && !links.includes(path));
};

/** Paths of the package, in a clone that stands at the run's commit, that hold something else than the commit. Sorted. */
export const packageEdits = async (
  context: TargetContext,
  clone: ClonePlace,
  now: readonly TreeEntry[],
): Promise<readonly string[]> => {
  const { path } = context.project.package;
  if (path === null) return [];
  const folder = folderOf(path);
  const entries = new Map(now.map((entry) => [entry.path, entry]));
  const hidden = await hiddenPaths(context, clone, folder);
  const edits = new Set([
    ...(await dirtyPaths(context, clone, folder)),
    ...(hidden.length === 0 ? [] : await hiddenEdits(context, clone, { paths: hidden, entries })),
  ]);
  return [...edits].sort();
};

const counted = (paths: readonly string[]): string =>
  `${paths.slice(0, 5).join(', ')}${paths.length > 5 ? ` and ${paths.length - 5} more` : ''}`;

/** Names the edits: what is installed there is not what the commit holds. */
export const editWords = ({ root }: ClonePlace, edits: readonly string[]): string =>
  `${edits.length} ${edits.length === 1 ? 'file' : 'files'} of the package differ${edits.length === 1 ? 's' : ''} from the commit in ${root}, kept as edited there: ${counted(edits)}`;

/** One decision for each edit: kept, whatever the policy, for a clone's work tree is its owner's. */
export const editDecisions = (
  { layout, ports }: Pick<TargetContext, 'layout' | 'ports'>,
  {
    clone,
    edits,
    now,
  }: { readonly clone: ClonePlace; readonly edits: readonly string[]; readonly now: readonly TreeEntry[] },
): readonly Decision[] => {
  const blobs = new Map(now.map(({ path, blob }) => [path, blob]));
  return edits.map((path) => {
    const absolute = join(clone.root, ...path.split('/'));
    return {
      path: toRooted(layout.roots, absolute),
      choice: 'kept',
      cause: 'edited in the clone and not committed',
      main: blobs.get(path) ?? 'deleted',
      owner: decisionDigest(ports.files.state(absolute)),
    };
  });
};
