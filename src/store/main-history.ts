/** Finds the version of main that a file is an untouched copy of, line endings aside. */
import { createHash } from 'node:crypto';
import { LockstepError } from '../domain/errors.ts';
import type { MainTree } from './main-tree.ts';

export interface Suspect {
  /** What the answer is kept under. */
  readonly key: string;
  /** The file's path in main. */
  readonly mainPath: string;
  /** What stands in the target. */
  readonly bytes: Buffer;
}

/** Git's own rule: a NUL among the first 8,000 bytes. */
const isBinary = (bytes: Buffer): boolean => bytes.subarray(0, 8000).includes(0);

/** CRLF as LF; binary content as it is. */
const normalised = (bytes: Buffer): Buffer =>
  isBinary(bytes) || !bytes.includes('\r\n')
    ? bytes
    : Buffer.from(bytes.toString('latin1').replaceAll('\r\n', '\n'), 'latin1');

/** The id that git gives to a blob with this content; its length tells SHA-1 repositories from SHA-256 ones. */
const blobId = (bytes: Buffer, like: string): string =>
  createHash(like.length === 64 ? 'sha256' : 'sha1')
    .update(`blob ${bytes.length}\0`)
    .update(bytes)
    .digest('hex');

/** Those blobs that are here: a partial or shallow clone may lack some. */
export const presentBlobs = async (main: MainTree, blobs: readonly string[]): Promise<readonly string[]> => {
  const answer = await main.repo.read(
    ['cat-file', '--batch-check=%(objectname) %(objecttype)'],
    `${blobs.join('\n')}\n`,
  );
  return answer.split('\n').flatMap((line) => (line.endsWith(' blob') ? [line.slice(0, line.indexOf(' '))] : []));
};

const readPresent = async (main: MainTree, blobs: readonly string[]): Promise<ReadonlyMap<string, Buffer>> => {
  try {
    return await main.read(blobs);
  } catch (error) {
    if (!(error instanceof LockstepError) || error.code !== 'object-missing') throw error;
    return main.read(await presentBlobs(main, blobs));
  }
};

/** By key, the newest blob of its history that the suspect equals. One `git log`; blobs are read only for files that no id settles. */
export const untouchedCopies = async (
  main: MainTree,
  suspects: readonly Suspect[],
): Promise<ReadonlyMap<string, string>> => {
  const found = new Map<string, string>();
  if (suspects.length === 0) return found;
  const history = await main.history(suspects.map((suspect) => suspect.mainPath));
  const open: { key: string; text: Buffer; versions: readonly string[] }[] = [];
  for (const { key, mainPath, bytes } of suspects) {
    const versions = history.get(mainPath) ?? [];
    const text = normalised(bytes);
    const blob = versions.find((id) => id === blobId(text, id) || id === blobId(bytes, id));
    if (blob !== undefined) found.set(key, blob);
    else if (versions.length > 0) open.push({ key, text, versions });
  }
  if (open.length === 0) return found;
  const blobs = await readPresent(main, [...new Set(open.flatMap(({ versions }) => versions))]);
  for (const { key, text, versions } of open) {
    const blob = versions.find((id) => {
      const content = blobs.get(id);
      return content !== undefined && normalised(content).equals(text);
    });
    if (blob !== undefined) found.set(key, blob);
  }
  return found;
};
