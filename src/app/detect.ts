/** Detects what changed in main since a commit. Writes nothing; without an exact base, everything counts as changed, and is said to. */
import { type ChangeSet, type FileChange, highest } from '../domain/change.ts';
import { classify, type RuleMatcher } from '../domain/changes.ts';
import { parseCommit } from '../domain/commits.ts';
import type { Project } from '../domain/project.ts';
import type { Receipt } from '../domain/receipt.ts';
import { versionJump } from '../domain/versions.ts';
import type { RawChange, Repo } from '../ports.ts';
import { resolveRevision } from './revisions.ts';

export interface DetectRequest {
  readonly repo: Repo;
  readonly base: {
    /** Any revision, as a person typed it. Wins over the receipt. */
    readonly since?: string | undefined;
    /** The commit of the last complete sync; absent or null when there was none. */
    readonly receiptCommit?: string | null | undefined;
  };
  /** The run's commit, as a full id. */
  readonly commit: string;
  readonly project: Pick<Project, 'categories' | 'commitRules'>;
  readonly matches: RuleMatcher;
}

const statuses: Readonly<Record<string, FileChange['status']>> = {
  A: 'added',
  C: 'added',
  D: 'deleted',
  M: 'modified',
  R: 'renamed',
  T: 'type-changed',
};

const toChange = ({ status, path, from }: RawChange): FileChange => {
  const known = statuses[status] ?? 'modified';
  return { path, status: known, ...(from === undefined || known !== 'renamed' ? {} : { from }) };
};

const short = (id: string): string => id.slice(0, 10);

const changeSet = (
  request: DetectRequest,
  facts: Pick<ChangeSet, 'base' | 'unknown' | 'note'> & Pick<Parameters<typeof classify>[0], 'changes' | 'commits'>,
): ChangeSet => {
  const { changes, commits, base, unknown, note } = facts;
  const { categories, commitRules } = request.project;
  const records = classify({ changes, commits, categories, commitRules, matches: request.matches });
  return {
    base,
    commit: request.commit,
    unknown,
    records,
    priority: records.length === 0 ? null : highest(records.map((record) => record.priority)),
    ...(note === undefined ? {} : { note }),
  };
};

/** Every file of the commit, with the reason why nothing smaller can be said. Commits say nothing here: their range is not known. */
const everything = async (request: DetectRequest, unknown: string): Promise<ChangeSet> => {
  const entries = await request.repo.tree(request.commit);
  const changes = entries.map(({ path }): FileChange => ({ path, status: 'added' }));
  return changeSet(request, { base: null, unknown, changes, commits: [] });
};

/** What a person should know of a base that the commit does not simply follow; undefined when it does. */
const noteOf = async (repo: Repo, base: string, commit: string): Promise<string | undefined> => {
  if (base === commit || (await repo.isAncestor(base, commit))) return undefined;
  if (await repo.isAncestor(commit, base))
    return `${short(commit)} is older than ${short(base)}: the difference goes back`;
  return `${short(base)} is not in the history of ${short(commit)} (another branch, or rewritten history): their difference is exact, the commits are those of ${short(commit)} alone`;
};

const missingBase = async (repo: Repo, base: string): Promise<string> => {
  const shallow = (await repo.read(['rev-parse', '--is-shallow-repository'])).trim() === 'true';
  const why = shallow
    ? 'this clone is shallow (git fetch --unshallow brings the rest)'
    : 'its history was rewritten, or it is not fetched here';
  return `the last synced commit ${short(base)} is not in this repository: ${why}; everything counts as changed`;
};

/**
 * The changes from a base to the run's commit, renames and deletions included.
 * No receipt, or a base that is not here: `base` is null and `unknown` says why everything counts as changed.
 * Throws `unknown-revision`, with the nearest name, for a `since` that is no commit.
 */
export const detectChanges = async (request: DetectRequest): Promise<ChangeSet> => {
  const { repo, commit } = request;
  const { since, receiptCommit } = request.base;
  if (since === undefined && (receiptCommit === undefined || receiptCommit === null)) {
    return everything(request, 'no receipt of a complete sync: everything counts as changed');
  }
  const base = since === undefined ? await repo.commit(receiptCommit ?? '') : await resolveRevision(repo, since);
  if (base === undefined) return everything(request, await missingBase(repo, receiptCommit ?? ''));
  if (base === commit) return changeSet(request, { base, unknown: null, changes: [], commits: [] });
  const [note, changes] = await Promise.all([noteOf(repo, base, commit), repo.diff(base, commit)]);
  // Nothing changed between them: what the commits say raises nothing.
  const log = changes.length === 0 ? [] : await repo.log(base, commit);
  return changeSet(request, {
    base,
    unknown: null,
    changes: changes.map(toChange),
    commits: log.map(parseCommit),
    ...(note === undefined ? {} : { note }),
  });
};

export interface FullSyncRequest {
  readonly receipt: Receipt | undefined;
  /** The version of the run's commit (`git describe`); null when no tag reaches it. */
  readonly version: string | null;
  readonly previousVersion: string | null;
  /** What was given with `--reason`. */
  readonly reason: string | null;
}

/** Both reasons, when neither says the other: why a sync is a full one is recorded also beside what a person said of it. */
export const reasonOf = (said: string | null, full: string | null): string | null => {
  if (said === null || full === null || full.includes(said.trim())) return said ?? full;
  return `${full} (${said})`;
};

/** Why this sync must be a full one: the request's manual triggers. null when it need not be. */
export const fullSyncReason = ({ receipt, version, previousVersion, reason }: FullSyncRequest): string | null => {
  if (reason !== null && /^security\b/i.test(reason.trim())) return `security advisory: ${reason.trim()}`;
  if (receipt === undefined || receipt.commit === null) return 'new target: never completely synced';
  const jump = versionJump(previousVersion, version);
  return jump === null ? null : `${jump} version change: ${previousVersion} to ${version}`;
};
