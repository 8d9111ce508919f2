/** Reads the clone of a `source` target and refuses one that cannot be fast-forwarded without loss. Writes nothing. */
import { join } from 'node:path';
import { LockstepError } from '../../domain/errors.ts';
import { rootOf } from '../../domain/paths.ts';
import type { TargetContext } from '../target-context.ts';
import { dirtyPaths } from './edits.ts';
import { askGit } from './git.ts';

export interface Clone {
  /** Top of the work tree, real path. */
  readonly root: string;
  /** Holds HEAD and the index; that of a linked worktree differs from `commonDir`. */
  readonly gitDir: string;
  /** Holds objects and branches. */
  readonly commonDir: string;
  /** The commit that it stands at. */
  readonly head: string;
}

const short = (commit: string): string => commit.slice(0, 10);

export const refused = (
  message: string,
  facts: { readonly hint: string; readonly details?: readonly string[] },
): LockstepError => new LockstepError('checkout-refused', message, facts);

/** The clone's place and commit. Throws `checkout-refused` where there is none. */
export const readClone = async (context: Pick<TargetContext, 'layout' | 'ports' | 'target'>): Promise<Clone> => {
  const { layout, ports, target } = context;
  const hint = `clone main there, or name the clone: lockstep target update ${target.name} --checkout <folder>`;
  if (layout.checkout === null) throw refused(`${target.name} has no checkout of main`, { hint });
  const places = await ports.git.places(layout.checkout);
  if (places === undefined || places.root !== layout.checkout) {
    throw refused(`${layout.checkout} is not the top of a git clone`, { hint });
  }
  const repo = ports.git.open(places.root);
  const head = await repo.commit('HEAD');
  if (head === undefined) throw refused(`${layout.checkout} has no commit yet`, { hint });
  const gitDir = (await repo.read(['rev-parse', '--absolute-git-dir'])).replace(/\n$/, '');
  return { root: places.root, gitDir, commonDir: places.commonDir, head };
};

/** Throws `checkout-refused` unless the clone's commit leads to the run's by main's own history. */
const refuseDiverged = async ({ main, run }: TargetContext, { root, head }: Clone): Promise<void> => {
  const known = (await main.repo.commit(head)) !== undefined;
  if (known && (await main.repo.isAncestor(head, run.commit))) return;
  if (known && (await main.repo.isAncestor(run.commit, head))) {
    throw refused(`${root} stands at ${short(head)}, which is newer than ${short(run.commit)}`, {
      hint: 'sync a newer commit of main, or move the clone back by hand',
    });
  }
  throw refused(`${root} stands at ${short(head)}, which does not lead to ${short(run.commit)} of main`, {
    hint: `the clone has commits of its own: bring them into main, or move them away (git -C ${root} branch mine; git -C ${root} reset --keep <a commit of main>)`,
  });
};

/** What git keeps in its folder while something unfinished goes on. */
const unfinished = ['MERGE_HEAD', 'CHERRY_PICK_HEAD', 'REVERT_HEAD', 'BISECT_LOG', 'rebase-merge', 'rebase-apply'];

const refuseKind = async (context: TargetContext, clone: Clone): Promise<void> => {
  const { ports, layout, project } = context;
  const { root, gitDir, commonDir } = clone;
  const mainPlaces = await ports.git.places(project.root);
  if (mainPlaces?.commonDir === commonDir) {
    throw refused(`${root} is a worktree of the main project: Lockstep does not move main's own branches`, {
      hint: `update it by hand: git -C ${root} merge --ff-only <commit>`,
    });
  }
  for (const dir of [gitDir, commonDir]) {
    if (rootOf(layout.roots, dir) !== undefined && ports.files.real(dir) === dir) continue;
    throw refused(`the git folder of ${root} lies elsewhere (${dir}), outside of what this target may write`, {
      hint: 'use a clone of its own in place of a linked worktree',
    });
  }
  const setting = async (key: string) =>
    (await askGit(context, { cwd: root, args: ['config', '--get', key] }))?.trim().toLowerCase();
  const storage = await setting('extensions.refStorage');
  if (storage !== undefined && storage !== 'files') {
    throw refused(`${root} keeps its branches as ${storage}, which Lockstep cannot put back byte for byte`, {
      hint: 'use a clone with ordinary refs',
    });
  }
  const sparse = (await setting('core.sparseCheckout')) === 'true';
  const partial = (await setting('extensions.partialClone')) !== undefined;
  if (sparse || partial) {
    throw refused(`${root} is a ${sparse ? 'sparse checkout' : 'partial clone'}: not all of main is there`, {
      hint: sparse ? `git -C ${root} sparse-checkout disable` : 'use a whole clone (git clone without --filter)',
    });
  }
  const busy = [...unfinished, 'index.lock'].find((name) => ports.files.stat(join(gitDir, name)) !== undefined);
  if (busy !== undefined) {
    throw refused(`something is unfinished in ${root}: ${join(gitDir, busy)} is there`, {
      hint: `see: git -C ${root} status`,
    });
  }
};

const refuseDirty = async (context: TargetContext, { root }: Clone): Promise<void> => {
  const paths = await dirtyPaths(context, { root });
  if (paths.length === 0) return;
  throw refused(`${root} has changes that are not committed: ${paths.slice(0, 5).join(', ')}`, {
    hint: `commit or stash them: git -C ${root} stash`,
    details: paths.length > 5 ? paths : [],
  });
};

/**
 * The branch that may be fast-forwarded to the run's commit. Throws `checkout-refused`, with what stands against it:
 * own commits, no branch, edits, something unfinished, a kind of clone that cannot be put back.
 */
export const movableBranch = async (context: TargetContext, clone: Clone): Promise<string> => {
  const { root } = clone;
  await refuseKind(context, clone);
  await refuseDiverged(context, clone);
  const ref = (await askGit(context, { cwd: root, args: ['symbolic-ref', '-q', 'HEAD'] }))?.trim();
  if (ref === undefined || !ref.startsWith('refs/heads/')) {
    throw refused(`${root} is on no branch (detached HEAD at ${short(clone.head)})`, {
      hint: `git -C ${root} switch main`,
    });
  }
  await refuseDirty(context, clone);
  return ref;
};

/** `clone at abc → def` */
export const cloneStep = (from: string, to: string): string => `clone at ${short(from)} → ${short(to)}`;
