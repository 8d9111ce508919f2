/** Turns the difference of two commits into exact file actions on a clone's work tree; nothing untracked is overwritten. */
import { dirname, join, relative, sep } from 'node:path';
import { absent, type FileState, sameContent } from '../../domain/file-state.ts';
import { isInside, type RootedPath, toRooted } from '../../domain/paths.ts';
import type { FileAction } from '../../domain/plan.ts';
import type { TreeEntry } from '../../ports.ts';
import { cleanUpActions, staleBytecode } from '../package/bytecode.ts';
import { standingOf } from '../standing.ts';
import type { TargetContext } from '../target-context.ts';
import { type Clone, refused } from './clone.ts';
import { hiddenPaths } from './edits.ts';
import { runGit } from './git.ts';

export interface TreeChange {
  /** Relative to the clone. */
  readonly path: string;
  readonly before: TreeEntry | undefined;
  readonly after: TreeEntry | undefined;
}

/** Every path that differs, renames as two. Throws `checkout-refused` for a submodule that changes. */
export const treeChanges = (
  clone: Pick<Clone, 'root'>,
  old: readonly TreeEntry[],
  now: readonly TreeEntry[],
): readonly TreeChange[] => {
  const [before, after] = [old, now].map((entries) => new Map(entries.map((entry) => [entry.path, entry])));
  const paths = [...new Set([...old, ...now].map(({ path }) => path))].sort();
  const changes = paths
    .map((path) => ({ path, before: before?.get(path), after: after?.get(path) }))
    .filter((one) => one.before?.blob !== one.after?.blob || one.before?.mode !== one.after?.mode);
  const submodule = changes.find((one) => one.before?.mode === '160000' || one.after?.mode === '160000');
  if (submodule === undefined) return changes;
  throw refused(`main changed the submodule ${submodule.path}, which Lockstep does not move`, {
    hint: `update ${clone.root} by hand: git -C ${clone.root} pull --ff-only --recurse-submodules`,
  });
};

/** Throws `checkout-refused` when files differ whose names are not UTF-8: no file action can name them. */
export const refuseUnnamed = (
  clone: Pick<Clone, 'root'>,
  old: readonly TreeEntry[],
  now: readonly TreeEntry[],
): void => {
  const textOf = ({ path, blob, mode }: TreeEntry): string => `${mode} ${blob} ${path}`;
  const known = new Set(old.map(textOf));
  const still = new Set(now.map(textOf));
  const moved = [...now.filter((one) => !known.has(textOf(one))), ...old.filter((one) => !still.has(textOf(one)))];
  const [first] = moved;
  if (first === undefined) return;
  throw refused(`main changed "${first.path}", whose name is not UTF-8, which Lockstep does not move`, {
    hint: `update ${clone.root} by hand: git -C ${clone.root} pull --ff-only`,
    details: [...new Set(moved.map(({ path }) => `"${path}"`))],
  });
};

/** Files whose edits git was told not to see: `assume-unchanged`, `skip-worktree`. */
const refuseHidden = async (context: TargetContext, { root }: Clone, changes: readonly TreeChange[]): Promise<void> => {
  const hidden = new Set(await hiddenPaths(context, { root }));
  const paths = changes.map(({ path }) => path).filter((path) => hidden.has(path));
  if (paths.length === 0) return;
  throw refused(`${root} hides edits from git that main changes too: ${paths.join(', ')}`, {
    hint: `git -C ${root} update-index --no-assume-unchanged --no-skip-worktree ${paths[0]}`,
    details: paths,
  });
};

export interface StagedTree {
  /** Scratch folder with the new versions, as git itself writes them. */
  readonly dir: string;
  /** The index of the new commit, to stand in the clone. */
  readonly index: string;
}

export interface StageTreeRequest {
  readonly clone: Clone;
  readonly changes: readonly TreeChange[];
  /** The new commit's files. */
  readonly now: readonly TreeEntry[];
  readonly mainObjects: string;
}

/** Lets git write the changed files, with the clone's own filters and line endings, and the index, into scratch. */
export const stageTree = async (context: TargetContext, request: StageTreeRequest): Promise<StagedTree> => {
  const { clone, changes, now, mainObjects } = request;
  const { ports, run } = context;
  const scratch = ports.files.scratch('checkout');
  const tree = ports.openTree({ roots: [scratch] });
  const dir = join(scratch, 'tree');
  const index = join(scratch, 'index');
  const checkoutIndex = join(scratch, 'checkout-index');
  tree.mkdir(dir, 0o755);
  const present = join(clone.gitDir, 'index');
  if (ports.files.stat(present) !== undefined) tree.write(index, ports.files.read(present), 0o644);
  const base = {
    GIT_DIR: clone.gitDir,
    GIT_WORK_TREE: dir,
    GIT_ALTERNATE_OBJECT_DIRECTORIES: JSON.stringify(mainObjects),
  };
  // Two commits: what git knows of unchanged files stays known.
  const merge = ['read-tree', '-i', '-m', clone.head, run.commit];
  await runGit(context, { cwd: dir, args: merge, env: { ...base, GIT_INDEX_FILE: index } });
  const env = { ...base, GIT_INDEX_FILE: checkoutIndex };
  await runGit(context, { cwd: dir, args: ['read-tree', run.commit], env });
  const write = async (paths: readonly string[]): Promise<void> => {
    if (paths.length === 0) return;
    const input = paths.map((path) => `${path}\0`).join('');
    await runGit(context, { cwd: dir, args: ['checkout-index', '-q', '-f', '-z', '--stdin'], env, input });
  };
  // Attributes first: they say how the others are written.
  await write(now.filter(({ path }) => /(?:^|\/)\.gitattributes$/.test(path)).map(({ path }) => path));
  await write(changes.filter(({ after }) => after !== undefined).map(({ path }) => path));
  return { dir, index };
};

const causeOf = ({ before, after }: TreeChange): string =>
  after === undefined ? 'gone from main' : before === undefined ? 'new in main' : 'changed in main';

/** Throws `checkout-refused` unless a folder that makes way for a file holds nothing but what main removed. */
const refuseFullFolder = (
  context: TargetContext,
  { root, folder, removed }: { readonly root: string; readonly folder: string; readonly removed: ReadonlySet<string> },
): void => {
  const { files } = context.ports;
  const gone = [...removed];
  const left = files.walk(folder).find(({ path, stat }) => {
    const absolute = join(folder, path);
    if (stat.kind !== 'dir') return !removed.has(absolute);
    return !gone.some((one) => isInside(absolute, one));
  });
  if (left === undefined) return;
  const path = relative(root, join(folder, left.path));
  throw refused(`${path} in ${root} is not tracked and stands where main has a file`, {
    hint: `move it away: ${join(folder, left.path)}`,
    details: [path],
  });
};

/**
 * The work tree's actions, in no need of git afterwards. Throws `checkout-refused`, naming untracked files that would
 * be overwritten.
 */
export const workTreeActions = async (
  context: TargetContext,
  {
    clone,
    changes,
    staged,
  }: { readonly clone: Clone; readonly changes: readonly TreeChange[]; readonly staged: StagedTree },
): Promise<readonly FileAction[]> => {
  const { ports, layout, provide } = context;
  const { files } = ports;
  const { root } = clone;
  await refuseHidden(context, clone, changes);
  const at = (path: string): string => join(root, ...path.split('/'));
  const rooted = (absolute: string): RootedPath => toRooted(layout.roots, absolute);
  const standing = standingOf(context);
  const removals = changes.filter(({ after }) => after === undefined).map(({ path }) => at(path));
  const removed = new Set([...removals, ...staleBytecode(files, removals)]);
  const inTheWay: string[] = [];
  const actions: FileAction[] = [];
  for (const change of changes) {
    const absolute = at(change.path);
    const path = rooted(absolute);
    const before = standing.at(path);
    const after: FileState =
      change.after === undefined ? absent : files.state(join(staged.dir, ...change.path.split('/')));
    const blocker = standing.blocker(path);
    const blocked = change.after !== undefined && blocker !== undefined && !removed.has(standing.absolute(blocker));
    const untracked = change.before === undefined && before.kind !== 'absent' && before.kind !== 'dir';
    if (blocked || (untracked && !sameContent(before, after))) {
      inTheWay.push(blocked ? relative(root, standing.absolute(blocker)).split(sep).join('/') : change.path);
      continue;
    }
    if (before.kind === 'dir' && after.kind !== 'absent')
      refuseFullFolder(context, { root, folder: absolute, removed });
    if (after.kind === 'file')
      provide(after.sha256, { from: 'file', path: join(staged.dir, ...change.path.split('/')) });
    if (before.kind === 'absent' && after.kind === 'absent') continue;
    if (sameContent(before, after)) continue;
    actions.push({
      kind: 'file',
      component: 'package',
      path,
      before,
      after,
      cause: causeOf(change),
      ...(change.after === undefined ? {} : { blob: change.after.blob }),
    });
  }
  if (inTheWay.length > 0) {
    const named = [...new Set(inTheWay)];
    throw refused(`${root} holds untracked files that main now has too: ${named.slice(0, 5).join(', ')}`, {
      hint: 'move them away, then run the same command again',
      details: named,
    });
  }
  const paths = (keep: (change: TreeChange) => boolean): string[] => changes.filter(keep).map(({ path }) => at(path));
  const place = { site: root, scripts: null, prefix: null, rooted };
  const cleaned = cleanUpActions(files, place, {
    changed: paths(({ before, after }) => before !== undefined && after !== undefined),
    removed: removals,
    added: paths(({ before, after }) => before === undefined && after !== undefined),
  });
  return [...actions, ...cleaned];
};

/** Folders that the actions make, rooted. */
export const madeFolders = (
  context: TargetContext,
  clone: Clone,
  changes: readonly TreeChange[],
): readonly RootedPath[] => {
  const dirs = new Set<RootedPath>();
  for (const { path, after } of changes) {
    if (after === undefined) continue;
    for (let dir = dirname(join(clone.root, path)); dir !== clone.root; dir = dirname(dir)) {
      if (context.ports.files.stat(dir) !== undefined) break;
      dirs.add(toRooted(context.layout.roots, dir));
    }
  }
  return [...dirs];
};
