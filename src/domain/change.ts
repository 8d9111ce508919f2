/** Change records: what moved in the main project, by category and priority. */

/** From least to most urgent. */
export const priorities = ['low', 'medium', 'high', 'critical'] as const;
export type Priority = (typeof priorities)[number];

export const highest = (list: Iterable<Priority>): Priority =>
  priorities[Math.max(0, ...[...list].map((priority) => priorities.indexOf(priority)))] ?? 'low';

export interface FileChange {
  readonly path: string;
  /** The former name, when it was renamed or copied. */
  readonly from?: string;
  readonly status: 'added' | 'modified' | 'deleted' | 'renamed' | 'type-changed';
}

/** One commit, read the Conventional Commits 1.0 way; `type` is `other` when the subject does not follow it. */
export interface Commit {
  readonly id: string;
  readonly subject: string;
  readonly type: string;
  readonly scope: string;
  readonly breaking: boolean;
  readonly author: string;
  /** ISO 8601. */
  readonly time: string;
  readonly files: readonly string[];
}

/** One category's changed files since a commit. `category` is null for files that no category names. */
export interface ChangeRecord {
  readonly category: string | null;
  readonly priority: Priority;
  /** What made the priority: the category's own, or the commit that raised it. */
  readonly cause: string;
  readonly files: readonly FileChange[];
  readonly commits: readonly Pick<Commit, 'id' | 'subject'>[];
}

export interface ChangeSet {
  /** The commit it was compared with; null when everything counts as changed. */
  readonly base: string | null;
  readonly commit: string;
  /** Why everything counts as changed (no receipt, missing base); null when the diff is exact. */
  readonly unknown: string | null;
  readonly records: readonly ChangeRecord[];
  readonly priority: Priority | null;
  /** What to know of an exact diff: the base is no ancestor of the commit, or newer than it. */
  readonly note?: string;
}

export interface CategoryRule {
  readonly name: string;
  readonly paths: readonly string[];
  readonly priority: Priority;
}

/** Raises the priority of what a commit changed: a CEL expression over `type`, `scope`, `breaking`, `subject`. */
export interface CommitRule {
  readonly if: string;
  readonly priority: Priority;
}
