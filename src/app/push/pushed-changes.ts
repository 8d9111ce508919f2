/** Tells what a pushed ref brings to the remote: the changes since what is there, or since where the branch left it. Writes nothing. */
import type { ChangeRecord, ChangeSet } from '../../domain/change.ts';
import type { RuleMatcher } from '../../domain/changes.ts';
import type { PushedRef } from '../../domain/push.ts';
import { recordsAbout, unionOfRecords } from '../../domain/union-changes.ts';
import type { Repo } from '../../ports.ts';
import { detectChanges } from '../detect.ts';
import type { MainProject } from '../main-project.ts';

export interface PushedChanges {
  readonly ref: PushedRef;
  /** The pushed commit; null for a ref to something that is no commit. */
  readonly tip: string | null;
  readonly records: readonly ChangeRecord[];
  /** What to know of the range; null when it is plain. */
  readonly note: string | null;
}

/** Changes from a commit to another one; from null, everything. Asked once for each pair. */
export type Compare = (from: string | null, to: string) => Promise<ChangeSet>;

export const comparing = (main: Pick<MainProject, 'repo' | 'project'>, matches: RuleMatcher): Compare => {
  const known = new Map<string, Promise<ChangeSet>>();
  return (from, to) => {
    const key = `${from}..${to}`;
    const { repo, project } = main;
    const found =
      known.get(key) ?? detectChanges({ repo, commit: to, project, matches, base: { receiptCommit: from } });
    known.set(key, found);
    return found;
  };
};

/** More places where a branch touches what the remote has are not compared one by one. */
const mostBoundaries = 16;

interface Outgoing {
  /** Commits that the remote does not have; 0 when it has the tip. */
  readonly count: number;
  /** Commits that the remote has and that these grew from. */
  readonly boundaries: readonly string[];
  /** The parent of the first of them; null when that is the first commit of all. */
  readonly start: string | null;
}

/** What the remote lacks of a commit, as far as the remote-tracking refs tell. */
const outgoing = async (repo: Repo, remote: string, tip: string): Promise<Outgoing> => {
  const listed = await repo.read([
    'rev-list',
    '--topo-order',
    '--boundary',
    '--parents',
    tip,
    '--not',
    `--remotes=${remote}`,
  ]);
  const lines = listed.split('\n').filter((line) => line !== '');
  const own = lines.filter((line) => !line.startsWith('-'));
  const boundaries = lines.filter((line) => line.startsWith('-')).map((line) => line.slice(1).split(' ')[0] ?? '');
  return { count: own.length, boundaries, start: own.at(-1)?.split(' ')[1] ?? null };
};

/** What differs from each of several commits that the remote has: what equals one of them is no news to it. */
const sinceAll = async (
  compare: Compare,
  boundaries: readonly string[],
  tip: string,
): Promise<readonly ChangeRecord[]> => {
  const [first = [], ...others] = await Promise.all(
    boundaries.map(async (boundary) => (await compare(boundary, tip)).records),
  );
  return others.reduce(
    (left, records) => recordsAbout(left, new Set(records.flatMap(({ files }) => files.map(({ path }) => path)))),
    first,
  );
};

const sinceRemote = async (
  { repo }: Pick<MainProject, 'repo'>,
  { remote, tip, compare }: { readonly remote: string; readonly tip: string; readonly compare: Compare },
): Promise<Pick<PushedChanges, 'records' | 'note'>> => {
  const { count, boundaries, start } = await outgoing(repo, remote, tip);
  if (count === 0) return { records: [], note: `${remote} has its commits already` };
  if (boundaries.length > 1 && boundaries.length <= mostBoundaries)
    return { records: await sinceAll(compare, boundaries, tip), note: null };
  const base = boundaries.length === 1 ? (boundaries[0] ?? null) : start;
  const { records } = await compare(base, tip);
  return {
    records,
    note: base === null ? `${remote} has nothing that it grew from: everything counts as changed` : null,
  };
};

/**
 * A branch that the remote has is compared with what stands there, also when that is replaced by force; a new one, and one
 * whose place there is not in this repository, with what the remote is known to have. Throws what git throws.
 */
export const pushedChanges = async (
  main: Pick<MainProject, 'repo'>,
  { ref, remote, compare }: { readonly ref: PushedRef; readonly remote: string; readonly compare: Compare },
): Promise<PushedChanges> => {
  const { repo } = main;
  const tip = ref.localId === null ? undefined : await repo.commit(ref.localId);
  if (tip === undefined) return { ref, tip: null, records: [], note: 'it is no commit' };
  const there = ref.remoteId === null ? undefined : await repo.commit(ref.remoteId);
  if (there !== undefined) {
    const changes = await compare(there, tip);
    return { ref, tip, records: changes.records, note: changes.note ?? null };
  }
  const found = await sinceRemote(main, { remote, tip, compare });
  const gone =
    ref.remoteId === null ? null : `what stands at ${remote} is not in this repository (git fetch ${remote})`;
  const note = [gone, found.note].filter((part) => part !== null).join('; ');
  return { ref, tip, records: found.records, note: note === '' ? null : note };
};

/** All that several refs bring. */
export const allPushed = (changes: readonly PushedChanges[]): readonly ChangeRecord[] =>
  unionOfRecords(changes.map(({ records }) => records));
