/** Finds the work tree around a folder, the main worktree of its repository and the folder that all worktrees share. */
import { isAbsolute, resolve } from 'node:path';
import type { GitPlaces } from '../../ports.ts';
import { type GitRunner, gitFailed } from './run.ts';

const questions = ['--show-toplevel', '--git-dir', '--git-common-dir'] as const;

/** The main worktree as a linked one sees it; the first that has files when the repository itself is bare. */
const mainOf = async (git: GitRunner, root: string, commonDir: string): Promise<string> => {
  const args = ['worktree', 'list', '--porcelain', '-z'];
  const { code, stdout, stderr } = await git(root, args);
  if (code !== 0) throw gitFailed(root, args, stderr);
  const trees = stdout.split('\0\0').map((entry) => entry.split('\0').filter((line) => line !== ''));
  const first = trees.find((lines) => lines.length > 0 && !lines.includes('bare'));
  const listed = first?.find((line) => line.startsWith('worktree '))?.slice('worktree '.length);
  if (listed !== undefined && listed !== commonDir) return listed;
  // Where the git folder stands apart (a submodule), git lists that folder in place of the work tree.
  const configured = await git(root, ['config', '--get', 'core.worktree']);
  return configured.code === 0 ? resolve(commonDir, configured.stdout.replace(/\n$/, '')) : root;
};

/**
 * Where a folder lies. undefined when it is no folder, lies in no work tree, in a bare repository or in `.git` itself.
 * Throws `process-failed` when git refuses to look, such as at a repository of another owner.
 */
export const findPlaces = async (git: GitRunner, dir: string): Promise<GitPlaces | undefined> => {
  const { code, stdout, stderr } = await git(dir, ['rev-parse', ...questions]);
  if (code !== 0) {
    if (/not a git repository|must be run in a work tree/i.test(stderr)) return undefined;
    throw gitFailed(dir, ['rev-parse'], stderr);
  }
  let answers = stdout.replace(/\n$/, '').split('\n');
  if (answers.length !== questions.length) {
    // A folder with a newline in its name: one question at a time.
    const one = async (question: string) => (await git(dir, ['rev-parse', question])).stdout.replace(/\n$/, '');
    answers = await Promise.all(questions.map(one));
  }
  const [root = dir, gitDir = '', common = ''] = answers;
  // Relative answers are relative to the folder that was asked about.
  const absolute = (path: string) => (isAbsolute(path) ? path : resolve(dir, path));
  const commonDir = absolute(common);
  if (absolute(gitDir) === commonDir) return { root, mainWorktree: root, commonDir };
  return { root, mainWorktree: await mainOf(git, root, commonDir), commonDir };
};
