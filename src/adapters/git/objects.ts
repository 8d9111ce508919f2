/** Reads trees and blobs by id; an object that is not here is said to be missing, never fetched. */
import { isUtf8 } from 'node:buffer';
import { LockstepError } from '../../domain/errors.ts';
import type { Processes, TreeEntry } from '../../ports.ts';
import { type GitRunner, gitFailed, readingEnvironment } from './run.ts';

const missingShown = 20;

const byPath = (a: TreeEntry, b: TreeEntry): number => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0);

/** As git writes a name between quotes: what is no plain ASCII in octal, one escape a byte. */
const quoted = (name: Buffer): string =>
  [...name]
    .map((byte) => {
      if (byte === 0x22 || byte === 0x5c) return `\\${String.fromCharCode(byte)}`;
      return byte > 0x1f && byte < 0x7f ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, '0')}`;
    })
    .join('');

/** The bytes of every line, as text: decoded where they are UTF-8, else with the name as git quotes it. */
const toText = (output: Buffer): readonly { readonly line: string; readonly decoded: boolean }[] => {
  const lines: { line: string; decoded: boolean }[] = [];
  for (let at = 0; at < output.length; ) {
    const end = output.indexOf(0, at);
    const bytes = output.subarray(at, end === -1 ? output.length : end);
    const decoded = isUtf8(bytes);
    const name = bytes.indexOf(9) + 1;
    lines.push({
      line: decoded ? bytes.toString('utf8') : bytes.toString('latin1', 0, name) + quoted(bytes.subarray(name)),
      decoded,
    });
    at += bytes.length + 1;
  }
  return lines;
};

/** One line of `ls-tree`, with or without `-l`. */
const toEntry = (line: string): TreeEntry => {
  const tab = line.indexOf('\t');
  const [mode = '', , blob = '', size = '-'] = line.slice(0, tab).split(/ +/);
  // `-` stands for a submodule, `BAD` for an object that is not here.
  return { path: line.slice(tab + 1), mode, blob, size: /^\d+$/.test(size) ? Number(size) : null };
};

/** All files of a commit, or those at and below some paths, sorted by path. Throws `process-failed`. */
export const readTree = async (
  { git, processes }: { readonly git: GitRunner; readonly processes: Processes },
  root: string,
  where: { readonly commit: string; readonly paths: readonly string[] },
): Promise<readonly TreeEntry[]> => {
  const listing = (sizes: readonly string[]) =>
    ['ls-tree', '-r', '-z', ...sizes, '--full-tree', where.commit, '--', ...where.paths] as const;
  let args = listing(['-l']);
  let answer = await git(root, args);
  if (answer.code !== 0) {
    // Some versions stop at the first missing object when they are asked for sizes.
    args = listing([]);
    answer = await git(root, args);
  }
  if (answer.code !== 0) throw gitFailed(root, ['ls-tree', where.commit], answer.stderr);
  if (!answer.stdout.includes('\ufffd')) {
    return answer.stdout
      .split('\0')
      .filter((line) => line !== '')
      .map(toEntry)
      .sort(byPath);
  }
  // What stands for bytes that are not UTF-8 was read; it may also be a name's own: the bytes tell.
  const raw = await processes.run({ argv: ['git', ...args], cwd: root, env: readingEnvironment, as: 'git' });
  if (raw.code !== 0) throw gitFailed(root, ['ls-tree', where.commit], raw.stderr);
  return toText(raw.stdout)
    .map(({ line, decoded }): TreeEntry => (decoded ? toEntry(line) : { ...toEntry(line), unnamed: true }))
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
