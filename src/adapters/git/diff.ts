/** What differs between two commits, by their trees; renames are found as far as the contents are here. */
import type { RawChange } from '../../ports.ts';
import { type GitRunner, gitFailed } from './run.ts';

const parse = (stdout: string): readonly RawChange[] => {
  const tokens = stdout.split('\0');
  const changes: RawChange[] = [];
  for (let at = 0; at + 1 < tokens.length; ) {
    // The score of a rename (`R087`) is of no use to anybody.
    const status = (tokens[at] ?? '').slice(0, 1);
    const [first = '', second = ''] = tokens.slice(at + 1, at + 3);
    const named = status === 'R' || status === 'C';
    changes.push(named ? { status, from: first, path: second } : { status, path: first });
    at += named ? 3 : 2;
  }
  return changes;
};

/**
 * `git diff --name-status -z -M` of two commits, with one letter as status. Where a blob is missing, renames with
 * equal contents are still found, and others are a deletion and an addition. Throws `process-failed`.
 */
export const readDiff = async (
  git: GitRunner,
  root: string,
  between: { readonly from: string; readonly to: string },
): Promise<readonly RawChange[]> => {
  let stderr = '';
  // The plumbing command: no setting of a person changes what it says.
  for (const renames of ['-M', '-M100%', '--no-renames']) {
    const answer = await git(root, ['diff-tree', '-r', '-z', '--name-status', renames, between.from, between.to, '--']);
    if (answer.code === 0) return parse(answer.stdout);
    stderr ||= answer.stderr;
  }
  throw gitFailed(root, ['diff-tree', between.from, between.to], stderr);
};
