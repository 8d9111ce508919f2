/** Reads git repositories with the installed git: by full ids, over no network, changing nothing. */
import { LockstepError } from '../domain/errors.ts';
import type { Git, Processes, Repo } from '../ports.ts';
import type { Environment } from './environment.ts';
import { readDiff } from './git/diff.ts';
import { keptBlobs } from './git/kept-blobs.ts';
import { readHistory, readLog } from './git/log.ts';
import { readTree } from './git/objects.ts';
import { findPlaces } from './git/places.ts';
import { type GitRunner, gitFailed, gitRunner, readingEnvironment } from './git/run.ts';

const fullId = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;

/** No name of git starts with a dash, and none holds a NUL: what does must never reach a command line. */
const canBeRevision = (revision: string): boolean =>
  revision !== '' && !revision.startsWith('-') && !revision.includes('\0');

const checked = (revision: string): string => {
  if (canBeRevision(revision)) return revision;
  throw new LockstepError('unknown-revision', `${JSON.stringify(revision)} is not a revision`);
};

const openRepo = (root: string, git: GitRunner, processes: Processes): Repo => {
  const idOf = async (revision: string): Promise<string | undefined> => {
    if (!canBeRevision(revision)) return undefined;
    const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', revision];
    const id = (await git(root, args)).stdout.trim();
    return fullId.test(id) ? id : undefined;
  };
  return {
    root,
    commit: async (revision) => {
      // `:/text` takes all that follows for its text: it is resolved first, and peeled then.
      const start = revision.startsWith(':') ? await idOf(revision) : revision;
      // Peels annotated tags; fails for what is no commit or is not here.
      return start === undefined || !canBeRevision(start) ? undefined : idOf(`${start}^{commit}`);
    },
    object: async (commit, path) => idOf(`${checked(commit)}:${path === '.' ? '' : path}`),
    tree: async (commit, paths = []) =>
      readTree({ git, processes }, root, {
        commit: checked(commit),
        paths: paths.filter((path) => path !== '' && path !== '.'),
      }),
    diff: async (from, to) => readDiff(git, root, { from: checked(from), to: checked(to) }),
    log: async (from, to) => readLog(git, root, from === null ? checked(to) : `${checked(from)}..${checked(to)}`),
    blobs: keptBlobs(processes, root),
    history: async (commit, paths) => readHistory(git, root, { commit: checked(commit), paths }),
    isAncestor: async (ancestor, descendant) => {
      const args = ['merge-base', '--is-ancestor', checked(ancestor), checked(descendant)];
      const { code, stderr } = await git(root, args);
      if (code > 1) throw gitFailed(root, args, stderr);
      return code === 0;
    },
    read: async (args, input) => {
      const answer =
        input === undefined
          ? await git(root, args)
          : await processes.run({ argv: ['git', ...args], cwd: root, env: readingEnvironment, input, as: 'git' });
      if (answer.code !== 0) throw gitFailed(root, args, answer.stderr);
      return answer.stdout.toString();
    },
  };
};

/** The git on PATH. `processes` serves what is binary or needs input, simple-git the rest. */
export const installedGit = (processes: Processes, baseEnv: Environment): Git => {
  const git = gitRunner(baseEnv);
  return {
    places: (dir) => findPlaces(git, dir),
    open: (root) => openRepo(root, git, processes),
  };
};
