/** Finds the commit that a person's word means, or tells them the nearest name there is; and the words for a commit. */
import { LockstepError } from '../domain/errors.ts';
import { nearestName } from '../domain/nearest.ts';
import type { Repo } from '../ports.ts';

const refPrefix = /^refs\/(?:heads|tags|remotes)\//;

/** Short names of branches and tags, the newest first. */
const refNames = async (repo: Repo): Promise<readonly string[]> => {
  const refs = await repo.read([
    'for-each-ref',
    '--sort=-creatordate',
    '--format=%(refname)',
    'refs/heads',
    'refs/tags',
    'refs/remotes',
  ]);
  return refs
    .split('\n')
    .filter((ref) => ref !== '')
    .map((ref) => ref.replace(refPrefix, ''));
};

const isShallow = async (repo: Repo): Promise<boolean> =>
  (await repo.read(['rev-parse', '--is-shallow-repository'])).trim() === 'true';

/** What to type instead of a revision that does not exist. */
const hintFor = async (repo: Repo, revision: string): Promise<string> => {
  const names = await refNames(repo);
  // A commit that was cut off has no name that it could be mistaken for.
  const cutOff = (await isShallow(repo))
    ? 'this clone is shallow: git fetch --unshallow brings the whole history'
    : null;
  // `v1.2.O~3`: only the name is compared, what follows it is kept.
  const [name = '', suffix = ''] = /^([^~^@:]*)(.*)$/s.exec(revision)?.slice(1) ?? [];
  const near = nearestName(name, [...names, 'HEAD']);
  if (near !== undefined && near !== name) return `did you mean ${near}${suffix}?`;
  if (near !== undefined && /^[~^@\d]+$/.test(suffix))
    return cutOff ?? `${near} is there, but ${revision} goes further back than its history`;
  if (near !== undefined) return `name a commit, such as ${near}`;
  if (cutOff !== null) return cutOff;
  const some = names.slice(0, 3);
  return some.length === 0
    ? 'git log --oneline shows the commits there are'
    : `there is ${some.join(', ')}; git log --oneline shows the commits`;
};

/**
 * The full id of the commit that a revision names.
 * Throws `unknown-revision`, with the nearest branch or tag as hint, when there is none.
 */
export const resolveRevision = async (repo: Repo, revision: string): Promise<string> => {
  const id = await repo.commit(revision);
  if (id !== undefined) return id;
  const hint = revision === 'HEAD' ? 'make a first commit' : await hintFor(repo, revision);
  throw new LockstepError('unknown-revision', `${JSON.stringify(revision)} is no commit of ${repo.root}`, { hint });
};

/** The version of a commit, as `git describe --tags` says it; null when no tag reaches the commit. */
export const versionOf = async (repo: Repo, commit: string): Promise<string | null> => {
  try {
    return (await repo.read(['describe', '--tags', commit])).trim();
  } catch {
    // git fails where there is no version to tell, which is no error here.
    return null;
  }
};
