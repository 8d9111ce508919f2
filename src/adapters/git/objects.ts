/** Reads trees and blobs by id; an object that is not here is said to be missing, never fetched. */
import { LockstepError } from '../../domain/errors.ts';
import type { Processes, TreeEntry } from '../../ports.ts';
import { type GitRunner, gitFailed, readingEnvironment } from './run.ts';

const missingShown = 20;

const byPath = (a: TreeEntry, b: TreeEntry): number => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0);

/** One line of `ls-tree`, with or without `-l`. */
const toEntry = (line: string): TreeEntry => {
  const tab = line.indexOf('\t');
  const [mode = '', , blob = '', size = '-'] = line.slice(0, tab).split(/ +/);
  // `-` stands for a submodule, `BAD` for an object that is not here.
  return { path: line.slice(tab + 1), mode, blob, size: /^\d+$/.test(size) ? Number(size) : null };
};

/** All files of a commit, or those at and below some paths, sorted by path. Throws `process-failed`. */
export const readTree = async (
  git: GitRunner,
  root: string,
  where: { readonly commit: string; readonly paths: readonly string[] },
): Promise<readonly TreeEntry[]> => {
  const list = (...sizes: string[]) =>
    git(root, ['ls-tree', '-r', '-z', ...sizes, '--full-tree', where.commit, '--', ...where.paths]);
  let answer = await list('-l');
  // Some versions stop at the first missing object when they are asked for sizes.
  if (answer.code !== 0) answer = await list();
  if (answer.code !== 0) throw gitFailed(root, ['ls-tree', where.commit], answer.stderr);
  return answer.stdout
    .split('\0')
    .filter((line) => line !== '')
    .map(toEntry)
    .sort(byPath);
};

const objectMissing = (root: string, missing: readonly string[]): LockstepError =>
  new LockstepError(
    'object-missing',
    missing.length === 1
      ? `the object ${missing[0]} is not in the repository ${root}`
      : `${missing.length} objects are not in the repository ${root}`,
    {
      details: missing.slice(0, missingShown),
      hint: `the clone is partial or damaged: fetch what is missing (git -C ${root} fetch --refetch --no-filter), or check it (git fsck)`,
    },
  );

/** Splits what `cat-file --batch` wrote: `<id> <type> <size>`, the bytes and a newline, or `<id> missing`. */
const splitBatch = (output: Buffer): { readonly found: Map<string, Buffer>; readonly missing: string[] } => {
  const found = new Map<string, Buffer>();
  const missing: string[] = [];
  let at = 0;
  while (at < output.length) {
    const end = output.indexOf(10, at);
    if (end === -1) break;
    const [id = '', kind = '', size = ''] = output.toString('latin1', at, end).split(' ');
    at = end + 1;
    if (!/^\d+$/.test(size)) {
      missing.push(kind === 'missing' ? id : `${id} (${kind})`);
      continue;
    }
    const next = at + Number(size);
    // Cut short: git stopped in the middle of this object.
    if (next > output.length) break;
    found.set(id, output.subarray(at, next));
    at = next + 1;
  }
  return { found, missing };
};

/** Contents by blob id, in one process. Throws `object-missing`, naming what is not here or cannot be read. */
export const readBlobs = async (
  processes: Processes,
  root: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Buffer>> => {
  const wanted = [...new Set(ids)];
  const malformed = wanted.filter((id) => !/^[0-9a-f]{40,64}$/.test(id));
  if (malformed.length > 0) throw objectMissing(root, malformed);
  if (wanted.length === 0) return new Map();
  const catFile = (input: string | undefined, ...args: string[]) =>
    processes.run({
      argv: ['git', 'cat-file', ...args],
      cwd: root,
      env: readingEnvironment,
      as: 'git',
      ...(input === undefined ? {} : { input }),
    });
  const { code, stdout, stderr } = await catFile(wanted.map((id) => `${id}\n`).join(''), '--batch');
  const { found, missing } = splitBatch(stdout);
  if (missing.length > 0) throw objectMissing(root, missing);
  const unread = wanted.filter((id) => !found.has(id));
  if (unread.length === 0) return found;
  // In a partial clone git stops at the first object that is not here; which others are not, the list of all says.
  const all = await catFile(undefined, '--batch-all-objects', '--batch-check=%(objectname)', '--unordered');
  const here = new Set(all.stdout.toString('latin1').split('\n'));
  const absent = unread.filter((id) => !here.has(id));
  if (absent.length > 0) throw objectMissing(root, absent);
  throw new LockstepError('object-missing', `git cannot read the object ${unread[0]} in ${root} (exit ${code})`, {
    details: stderr
      .split('\n')
      .filter((line) => line !== '')
      .slice(0, 10),
    hint: `git -C ${root} fsck`,
  });
};
