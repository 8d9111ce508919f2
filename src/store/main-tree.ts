/** The main project as one commit: every file of it, its bytes, its digests. Never the working tree. */
import { createHash } from 'node:crypto';
import { isLfsPointer } from '../domain/lfs-pointer.ts';
import type { Repo, TreeEntry } from '../ports.ts';

export interface MainTree {
  readonly repo: Repo;
  readonly commit: string;
  /** Files at or below a path of the commit, sorted; empty when it is not there. */
  under(path: string): Promise<readonly TreeEntry[]>;
  /** The same for files whose names are not UTF-8: nothing reads or copies them, and whoever leaves them out says so. */
  unnamed(path: string): Promise<readonly TreeEntry[]>;
  /** Bytes by blob id. Throws `object-missing`. */
  read(blobs: readonly string[]): Promise<ReadonlyMap<string, Buffer>>;
  /** sha256 by blob id. Throws `object-missing`. */
  digests(blobs: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Those of the blobs that are pointers of Git LFS. Throws `object-missing`. */
  lfsPointers(blobs: readonly string[]): Promise<ReadonlySet<string>>;
  /** Every blob that each path ever had, up to this commit. */
  history(paths: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>>;
  /** The id of a path's tree or blob at this commit. */
  id(path: string): Promise<string | undefined>;
}

export const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');

/** Reads each object of the commit at most once. */
export const openMainTree = (repo: Repo, commit: string): MainTree => {
  let entries: Promise<readonly TreeEntry[]> | undefined;
  const digests = new Map<string, string>();
  const pointers = new Set<string>();
  const digestsOf = async (blobs: readonly string[]): Promise<ReadonlyMap<string, string>> => {
    const missing = [...new Set(blobs)].filter((blob) => !digests.has(blob));
    if (missing.length > 0) {
      for (const [blob, bytes] of await repo.blobs(missing)) {
        digests.set(blob, sha256(bytes));
        if (isLfsPointer(bytes)) pointers.add(blob);
      }
    }
    return digests;
  };
  const all = () => {
    entries ??= repo.tree(commit);
    return entries;
  };
  const allUnder = async (path: string): Promise<readonly TreeEntry[]> => {
    const clean = path.replace(/^\.(?:\/|$)/, '').replace(/\/+$/, '');
    return (await all()).filter((entry) => clean === '' || entry.path === clean || entry.path.startsWith(`${clean}/`));
  };
  return {
    repo,
    commit,
    under: async (path) => (await allUnder(path)).filter((entry) => entry.unnamed === undefined),
    unnamed: async (path) => (await allUnder(path)).filter((entry) => entry.unnamed),
    read: (blobs) => repo.blobs([...new Set(blobs)]),
    digests: digestsOf,
    lfsPointers: async (blobs) => {
      await digestsOf(blobs);
      return new Set(blobs.filter((blob) => pointers.has(blob)));
    },
    history: (paths) => repo.history(commit, paths),
    id: (path) => repo.object(commit, path.replace(/^\.(?:\/|$)/, '').replace(/\/+$/, '')),
  };
};
