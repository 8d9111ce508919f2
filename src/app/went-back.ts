/** Says which parts of a target a rollback brought back, and to which commit, from what its receipt says of each. Reads only. */
import type { Receipt } from '../domain/receipt.ts';
import type { TargetStatus } from '../domain/target.ts';
import type { Repo } from '../ports.ts';

export interface WentBackFacts {
  readonly receipt: Receipt;
  /** The components that are not as main has them. */
  readonly parts: ReadonlySet<string>;
  /** As the registry has it. */
  readonly status: TargetStatus;
}

const isOlder = async (repo: Repo, commit: string, than: string): Promise<boolean> =>
  (await repo.commit(commit)) !== undefined && (await repo.commit(than)) !== undefined && repo.isAncestor(commit, than);

const were = (names: readonly string[]): string => `${names.join(', ')} ${names.length === 1 ? 'was' : 'were'}`;

/** One line; undefined when nothing went back. */
export const wentBack = async (repo: Repo, { receipt, parts, status }: WentBackFacts): Promise<string | undefined> => {
  const { commit, components } = receipt;
  if (commit === null) {
    const empty = Object.keys(components).length === 0;
    return status === 'rolled_back' && empty ? 'rolled back to before its first sync' : undefined;
  }
  const older = new Map<string, string[]>();
  for (const name of parts) {
    const at = components[name]?.commit;
    if (at === undefined || at === commit || !(await isOlder(repo, at, commit))) continue;
    older.set(at, [...(older.get(at) ?? []), name]);
  }
  const lines = [...older].map(([at, names]) => `${were(names)} rolled back to ${at.slice(0, 10)}`);
  const gone = [...parts].filter((name) => name !== 'config' && components[name] === undefined);
  if (status === 'rolled_back' && gone.length > 0) lines.push(`${were(gone)} rolled back to before the first sync`);
  if (lines.length > 0) return lines.join(', ');
  return status === 'rolled_back' ? `rolled back to ${commit.slice(0, 10)}` : undefined;
};
