/** Reads history by trees alone: works in shallow and partial clones, and counts what merges brought in. */
import { randomUUID } from 'node:crypto';
import type { CommitText } from '../../domain/commits.ts';
import { type GitRunner, gitFailed } from './run.ts';

/** A person's settings that would change what `git log` prints. */
const plain = [
  '--literal-pathspecs',
  '-c',
  'log.showRoot=true',
  '-c',
  'log.showSignature=false',
  '-c',
  'log.follow=false',
  '-c',
  'log.diffMerges=separate',
  '-c',
  'log.mailmap=false',
] as const;

/** Above this many characters of path names a command line may become too long: all paths are read, and sifted here. */
const longestPaths = 60_000;

const run = async (git: GitRunner, root: string, args: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await git(root, [...plain, 'log', ...args]);
  if (code !== 0) throw gitFailed(root, ['log'], stderr);
  return stdout;
};

const toCommit = (tokens: readonly string[]): CommitText => {
  const [id = '', author = '', seconds = '', subject = '', body = '', ...rest] = tokens;
  // git ends the format with an empty token, and puts a newline before the first path.
  const files = rest.filter((token) => token !== '');
  const first = files[0]?.replace(/^\n/, '');
  const time = new Date(Number(seconds) * 1000).toISOString().replace('.000Z', 'Z');
  return { id, author, time, subject, body, files: first === undefined ? [] : [first, ...files.slice(1)] };
};

/** Commits of a range, newest first, with the paths each touched; for a merge, those that differ from all of its parents. */
export const readLog = async (git: GitRunner, root: string, range: string): Promise<readonly CommitText[]> => {
  // A path or a message cannot imitate what is made up for one call.
  const mark = randomUUID();
  const stdout = await run(git, root, [
    '-z',
    '--date-order',
    '--cc',
    '--name-only',
    '--no-renames',
    '--no-color',
    '--encoding=UTF-8',
    `--format=${mark}%H%x00%an%x00%ct%x00%s%x00%b%x00`,
    range,
    '--',
  ]);
  return stdout
    .split(mark)
    .slice(1)
    .map((part) => toCommit(part.split('\0')));
};

/** Every blob that each path ever had, newest first. Needs no blob's content. */
export const readHistory = async (
  git: GitRunner,
  root: string,
  where: { readonly commit: string; readonly paths: readonly string[] },
): Promise<ReadonlyMap<string, readonly string[]>> => {
  const { commit, paths } = where;
  if (paths.length === 0) return new Map();
  const fits = paths.reduce((sum, path) => sum + path.length + 1, 0) <= longestPaths;
  const stdout = await run(git, root, [
    '--raw',
    '-z',
    '-m',
    '--no-renames',
    '--no-abbrev',
    '--full-history',
    '--date-order',
    '--format=',
    commit,
    '--',
    ...(fits ? paths : []),
  ]);
  const named = new Set(paths);
  const isWanted = (path: string): boolean => {
    if (named.has(path) || named.has('') || named.has('.')) return true;
    for (let cut = path.lastIndexOf('/'); cut > 0; cut = path.lastIndexOf('/', cut - 1)) {
      if (named.has(path.slice(0, cut))) return true;
    }
    return false;
  };
  const blobs = new Map<string, Set<string>>();
  const tokens = stdout.split('\0');
  for (let at = 0; at + 1 < tokens.length; at += 1) {
    const [, mode = '', , blob = ''] = (tokens[at] ?? '').replace(/^\n/, '').split(' ');
    if (!tokens[at]?.replace(/^\n/, '').startsWith(':')) continue;
    at += 1;
    const path = tokens[at] ?? '';
    // A deletion and a submodule have no blob.
    if (mode === '000000' || mode === '160000' || !isWanted(path)) continue;
    const known = blobs.get(path);
    if (known === undefined) blobs.set(path, new Set([blob]));
    else known.add(blob);
  }
  return new Map([...blobs].map(([path, ids]) => [path, [...ids]]));
};
