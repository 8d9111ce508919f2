/** What a lock file says of the process groups that its owner started: each is named before it can do anything, and ended with its owner. */
import { LockstepError } from '../domain/errors.ts';
import type { Identity, Owner, StartedGroup, Tree } from '../ports.ts';

type GroupState = 'live' | 'over';
type GroupLine = StartedGroup & { readonly state: GroupState };

const parseLine = (line: string): GroupLine | undefined => {
  try {
    return JSON.parse(line) as GroupLine;
  } catch {
    // Torn by a kill in the middle of writing it: what the line before said of that group still stands.
    return undefined;
  }
};

/** The groups that were not over when the owner last wrote. */
const groupsIn = (text: string): readonly StartedGroup[] => {
  const groups = new Map<string, StartedGroup>();
  for (const line of text.split('\n').slice(1)) {
    const parsed = line.startsWith('{') ? parseLine(line) : undefined;
    if (parsed === undefined) continue;
    const { state, mark, leader } = parsed;
    if (state === 'live') groups.set(mark, { mark, leader });
    else groups.delete(mark);
  }
  return [...groups.values()];
};

/**
 * Adds to a held lock that a group lives or is over. Not flushed: after a restart of the machine nothing of it runs.
 * A lock that somebody took away, or a full disk, stops no run: undoing it needs processes too.
 */
export const noteGroup = (
  { path, tree }: { readonly path: string; readonly tree: Tree },
  group: StartedGroup,
  state: GroupState,
): void => {
  const line: GroupLine = { ...group, state };
  try {
    // The line break comes first, so that what a torn line left behind spoils no line but its own.
    tree.append(path, Buffer.from(`\n${JSON.stringify(line)}`));
  } catch (error) {
    if (!(error instanceof LockstepError)) throw error;
  }
};

/** Ends all that a dead owner's lock names; answers with the leader of what cannot be ended. */
export const endGroups = (identity: Identity, owner: Owner, text: string): Owner | undefined => {
  const { host, machine, bootId, pidSpace } = owner;
  for (const { mark, leader } of groupsIn(text)) {
    // Killed while it started a process: that one may run, under a number that nobody could write down. And what left the
    // leader's group by `setsid` has a number of its own.
    const named = leader === null ? [] : [{ host, machine, bootId, pidSpace, ...leader } satisfies Owner];
    const leaders = [...named, ...identity.marked(mark)];
    const left = leaders.find((one) => identity.endGroup(one) === 'running');
    if (left !== undefined) return left;
  }
  return undefined;
};
