/** Plans the fast-forward of a clone as file and ref actions: objects, work tree, index, and the branch last. */
import { basename, join } from 'node:path';
import { shownPath, toRooted } from '../../domain/paths.ts';
import type { Action, FileAction, RefAction } from '../../domain/plan.ts';
import type { TreeEntry } from '../../ports.ts';
import type { TargetContext } from '../target-context.ts';
import { type Clone, cloneStep, movableBranch } from './clone.ts';
import { askGit, runGit } from './git.ts';
import { madeFolders, refuseUnnamed, stageTree, treeChanges, workTreeActions } from './work-tree.ts';

export interface FastForward {
  readonly actions: readonly Action[];
  /** What follows the work tree: index and branch. */
  readonly last: readonly Action[];
  /** Folders of the clone that are made, rooted. */
  readonly dirs: readonly string[];
  readonly changed: number;
}

const isUnnamed = (entry: TreeEntry): boolean => entry.unnamed === true;

const fileAction = (context: TargetContext, absolute: string, staged: string, cause: string): FileAction => {
  const { files } = context.ports;
  const after = files.state(staged);
  if (after.kind === 'file') context.provide(after.sha256, { from: 'file', path: staged });
  const path = toRooted(context.layout.roots, absolute);
  return { kind: 'file', component: 'package', path, before: files.state(absolute), after, cause };
};

/** One pack with what the clone lacks; none when a fetch has brought it already. */
const objectActions = async (context: TargetContext, clone: Clone): Promise<readonly FileAction[]> => {
  const { ports, run, main, project } = context;
  const { root, commonDir, head } = clone;
  const reach = ['rev-list', '--objects', '--quiet', run.commit, '--not', head];
  if ((await askGit(context, { cwd: root, args: reach })) !== undefined) return [];
  const boundary = join(commonDir, 'shallow');
  // What lies beyond the end of a shallow clone's history is not there, though its commit's descendants are.
  const shallow = ports.files.stat(boundary) === undefined ? [] : ports.files.readText(boundary).trim().split('\n');
  const scratch = ports.files.scratch('pack');
  const input = [...shallow.map((commit) => `--shallow ${commit}`), run.commit, `^${head}`, ''].join('\n');
  const args = ['pack-objects', '--revs', '-q', ...(shallow.length > 0 ? ['--shallow'] : []), join(scratch, 'pack')];
  await runGit(context, { cwd: main.repo.root || project.root, args, input });
  const made = ports.files.list(scratch).filter((name) => /^pack-[0-9a-f]+\.(?:pack|idx)$/.test(name));
  // The pack before its index, which is what makes git look at it.
  return made
    .sort((a, b) => (a < b ? 1 : -1))
    .map((name) =>
      fileAction(context, join(commonDir, 'objects', 'pack', basename(name)), join(scratch, name), "main's objects"),
    );
};

/** Throws `checkout-refused` for a clone that cannot be moved without loss, `process-failed`. Nothing is written but scratch. */
export const planFastForward = async (
  context: TargetContext,
  clone: Clone,
  now: readonly TreeEntry[],
): Promise<FastForward> => {
  const { main, run, ports } = context;
  const ref = await movableBranch(context, clone);
  const before = await main.repo.tree(clone.head);
  refuseUnnamed(clone, before.filter(isUnnamed), await main.unnamed(''));
  const changes = treeChanges(
    clone,
    before.filter((entry) => !isUnnamed(entry)),
    now,
  );
  const mainDir = (await main.repo.read(['rev-parse', '--git-path', 'objects'])).replace(/\n$/, '');
  const mainObjects = ports.files.real(mainDir.startsWith('/') ? mainDir : join(main.repo.root, mainDir)) ?? mainDir;
  const staged = await stageTree(context, { clone, changes, now, mainObjects });
  const tree = await workTreeActions(context, { clone, changes, staged });
  const objects = await objectActions(context, clone);
  const dirs = madeFolders(context, clone, changes);
  const index = fileAction(context, join(clone.gitDir, 'index'), staged.index, "git's index");
  const move: RefAction = {
    kind: 'ref',
    component: 'package',
    checkout: clone.root,
    ...shownPath(context.layout.roots, clone.root),
    ref,
    before: clone.head,
    after: run.commit,
    cause: 'fast-forward to main',
  };
  const files = changes.length === 1 ? '1 file' : `${changes.length} files`;
  const text = `${cloneStep(clone.head, run.commit)} on ${ref.slice('refs/heads/'.length)} (${files})`;
  return {
    actions: [{ kind: 'note', sign: '~', text }, ...objects, ...tree],
    last: [index, move],
    dirs,
    changed: changes.length,
  };
};
