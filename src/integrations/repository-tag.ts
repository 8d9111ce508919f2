/** Plans the annotated tag of a target that is a git repository itself. Reads only; another repository is never touched. */
import { join } from 'node:path';
import { isInside, type Roots, toRooted } from '../domain/paths.ts';
import { isNoObject, type RefAction, type TagAction } from '../domain/plan.ts';
import type { Ports } from '../ports.ts';
import { askGit } from './checkout/git.ts';

export interface TagGround {
  readonly ports: Pick<Ports, 'files' | 'git' | 'processes'>;
  readonly roots: Roots;
  readonly signal: AbortSignal;
}

export interface TagWish {
  /** What git takes for a tag. */
  readonly name: string;
  readonly message: string;
  readonly cause: string;
  /** Branches of the same repository that the run moves first. */
  readonly moves: readonly RefAction[];
  /** Whether a tag of that name that names another commit moves. */
  readonly existing: 'stays' | 'moves';
}

export type TagOutlook =
  /** The target's folder is no repository of its own. */
  | { readonly kind: 'no repository' }
  /** It is one, and cannot be tagged. */
  | { readonly kind: 'cannot'; readonly why: string }
  /** The tag is there already, at this commit. */
  | { readonly kind: 'there'; readonly commit: string }
  /** A tag of that name is there, at another commit. */
  | { readonly kind: 'elsewhere'; readonly at: string; readonly commit: string }
  | { readonly kind: 'tag'; readonly action: TagAction };

const none = '0'.repeat(40);

/** The repository's folders; a text says why it is none of the target's own. */
const ownRepository = async ({ ports, roots }: TagGround): Promise<undefined | string | { root: string }> => {
  const root = roots.target;
  // Around the folder may lie another repository, such as main's: only what stands in the folder itself counts.
  if (ports.files.stat(join(root, '.git')) === undefined) return undefined;
  const places = await ports.git.places(root);
  const top = places === undefined ? undefined : (ports.files.real(places.root) ?? places.root);
  if (places === undefined || top !== root) return undefined;
  const data = ports.files.real(places.commonDir) ?? places.commonDir;
  return isInside(root, data) ? { root } : `its git data lies outside of the target, in ${data}`;
};

const headOf = async (ground: TagGround, root: string, moves: readonly RefAction[]): Promise<string | undefined> => {
  const answer = await askGit(ground, { cwd: root, args: ['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'] });
  const head = answer?.trim();
  const own = moves.filter(({ checkout }) => checkout === root);
  if (own.length === 0) return head;
  const branch = (await askGit(ground, { cwd: root, args: ['symbolic-ref', '--quiet', 'HEAD'] }))?.trim();
  return own.find(({ ref }) => ref === branch)?.after ?? head;
};

/** What a tag of that name stands at: its object, and the commit that it leads to. */
const standing = async (ground: TagGround, root: string, ref: string) => {
  const args = ['for-each-ref', '--format=%(refname) %(objectname) %(*objectname)', ref];
  const lines = ((await askGit(ground, { cwd: root, args })) ?? '').split('\n').map((line) => line.split(' '));
  const [, object = none, peeled = ''] = lines.find(([name]) => name === ref) ?? [];
  return { object, commit: peeled === '' ? object : peeled };
};

/** Throws `process-failed` where git refuses to read the repository. */
export const planRepositoryTag = async (ground: TagGround, wish: TagWish): Promise<TagOutlook> => {
  const own = await ownRepository(ground);
  if (own === undefined) return { kind: 'no repository' };
  if (typeof own === 'string') return { kind: 'cannot', why: own };
  const { root } = own;
  const commit = await headOf(ground, root, wish.moves);
  if (commit === undefined) return { kind: 'cannot', why: 'it has no commit yet' };
  const ref = `refs/tags/${wish.name}`;
  const { object, commit: at } = await standing(ground, root, ref);
  if (at === commit) return { kind: 'there', commit };
  if (!isNoObject(object) && wish.existing === 'stays') return { kind: 'elsewhere', at, commit };
  const { message, cause } = wish;
  return {
    kind: 'tag',
    action: {
      kind: 'tag',
      repository: root,
      path: toRooted(ground.roots, root),
      ref,
      before: object,
      commit,
      message,
      cause,
    },
  };
};
