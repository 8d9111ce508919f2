/** Makes change records: changed files sorted into categories, each with a priority and with what made it so. */
import { openCategories } from './categories.ts';
import {
  type CategoryRule,
  type ChangeRecord,
  type Commit,
  type CommitRule,
  type FileChange,
  highest,
  type Priority,
  priorities,
} from './change.ts';

/** Whether a rule's `if` holds for a commit. Given from above: expressions live on the pipeline's floor. */
export type RuleMatcher = (rule: CommitRule, commit: Commit) => boolean;

export interface ClassifyRequest {
  readonly changes: readonly FileChange[];
  readonly commits: readonly Commit[];
  readonly categories: readonly CategoryRule[];
  readonly commitRules: readonly CommitRule[];
  readonly matches: RuleMatcher;
}

/** What a file of no category counts as. */
export const uncategorised: Priority = 'medium';

interface Raise {
  readonly commit: Commit;
  readonly rule: CommitRule;
}

const rank = (priority: Priority): number => priorities.indexOf(priority);

/** The highest rule that holds for each commit; of equals, the first in the configuration. */
const raisesOf = ({ commits, commitRules, matches }: ClassifyRequest): readonly Raise[] =>
  commits.flatMap((commit) => {
    const rules = commitRules.filter((rule) => matches(rule, commit));
    const top = highest(rules.map((rule) => rule.priority));
    const rule = rules.find(({ priority }) => priority === top);
    return rule === undefined ? [] : [{ commit, rule }];
  });

const byPath = (a: FileChange, b: FileChange): number => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0);

/** The paths that a change is about: where it is, and where it was. */
export const pathsOf = (change: FileChange): readonly string[] =>
  change.from === undefined ? [change.path] : [change.from, change.path];

/**
 * One record per category that has changed files, in the order of the configuration, and a last one (`category: null`)
 * for files that no category names. A file of two categories is in both records; a renamed file is in the categories
 * of both of its names. A commit that touched a file may raise its record, and never lowers it.
 */
export const classify = (request: ClassifyRequest): readonly ChangeRecord[] => {
  const categories = openCategories(request.categories);
  const groups = new Map<CategoryRule | null, FileChange[]>(request.categories.map((rule) => [rule, []]));
  groups.set(null, []);
  for (const change of request.changes) {
    const rules = new Set(pathsOf(change).flatMap((path) => categories.of(path)));
    for (const rule of rules.size === 0 ? [null] : rules) groups.get(rule)?.push(change);
  }
  const raises = new Map(raisesOf(request).map((raise) => [raise.commit.id, raise]));
  const touching = new Map<string, Commit[]>();
  for (const commit of request.commits) {
    for (const path of commit.files) {
      const list = touching.get(path);
      if (list === undefined) touching.set(path, [commit]);
      else list.push(commit);
    }
  }
  const order = new Map(request.commits.map((commit, index) => [commit.id, index]));

  return [...groups].flatMap(([rule, files]) => {
    if (files.length === 0) return [];
    const own = rule?.priority ?? uncategorised;
    const commits = [...new Set(files.flatMap(pathsOf).flatMap((path) => touching.get(path) ?? []))].sort(
      (a, b) => (order.get(a.id) ?? 0) - (order.get(b.id) ?? 0),
    );
    const raising = commits.flatMap((commit) => raises.get(commit.id) ?? []);
    const priority = highest([own, ...raising.map((raise) => raise.rule.priority)]);
    const raise = rank(priority) > rank(own) ? raising.find((each) => each.rule.priority === priority) : undefined;
    const cause =
      raise !== undefined
        ? `${raise.commit.id.slice(0, 10)} ${raise.commit.subject} (${raise.rule.if})`
        : rule === null
          ? `no category names it: ${own}`
          : `category ${rule.name} is ${own}`;
    return [
      {
        category: rule?.name ?? null,
        priority,
        cause,
        files: [...files].sort(byPath),
        commits: commits.map(({ id, subject }) => ({ id, subject })),
      },
    ];
  });
};

/** How many files changed, each counted once. */
export const countFiles = (records: readonly ChangeRecord[]): number =>
  new Set(records.flatMap((record) => record.files.map((file) => file.path))).size;
