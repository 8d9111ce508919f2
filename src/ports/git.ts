/** Git repositories, as they are read. */
import type { CommitText } from '../domain/commits.ts';

export interface TreeEntry {
  readonly path: string;
  /** Git's mode: 100644, 100755, 120000, 160000. */
  readonly mode: string;
  readonly blob: string;
  /** Bytes; null for a submodule or an object that is not here. */
  readonly size: number | null;
  /** The name is not UTF-8: `path` is what git writes between quotes, such as `docs/bad\\377.md`, and leads to no file. */
  readonly unnamed?: true;
}

export interface RawChange {
  readonly status: string;
  readonly path: string;
  readonly from?: string;
}

/** One git repository, read. All ids are full object ids. */
export interface Repo {
  readonly root: string;
  /** The full commit id of a revision; undefined when there is none. */
  commit(revision: string): Promise<string | undefined>;
  /** The id of a path at a commit (`commit:path`); undefined when it is not there. */
  object(commit: string, path: string): Promise<string | undefined>;
  /** All files of a commit, or of some paths in it, sorted by path. */
  tree(commit: string, paths?: readonly string[]): Promise<readonly TreeEntry[]>;
  /** `git diff --name-status -z -M`. */
  diff(from: string, to: string): Promise<readonly RawChange[]>;
  /** Commits of `from..to` (all of `to` when from is null), newest first, with the paths each touched. */
  log(from: string | null, to: string): Promise<readonly CommitText[]>;
  /** Contents by blob id, in one process. Throws `object-missing`, naming the blobs that are not here. */
  blobs(ids: readonly string[]): Promise<ReadonlyMap<string, Buffer>>;
  /** Every blob that each path ever had, newest first: one `git log --raw`. */
  history(commit: string, paths: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>>;
  isAncestor(ancestor: string, descendant: string): Promise<boolean>;
  /** Any other reading command; stdout as text. Throws `process-failed`. */
  read(args: readonly string[], input?: string): Promise<string>;
}

export interface GitPlaces {
  /** Top of the work tree, real path. */
  readonly root: string;
  /** The main worktree of the repository (differs from `root` in a linked worktree). */
  readonly mainWorktree: string;
  /** `git rev-parse --git-common-dir`, absolute. */
  readonly commonDir: string;
}

export interface Git {
  /** undefined when the folder lies in no work tree. */
  places(dir: string): Promise<GitPlaces | undefined>;
  open(root: string): Repo;
}
