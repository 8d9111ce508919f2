/** Finds all that comes from one started program: by its group, by the mark in the environment, and by who started whom. */
import { everyProcess, markOf, type ProcessEntry } from './process-table.ts';

/** What runs of it now. */
export type Kin = () => readonly ProcessEntry[];

const idOf = ({ pid, startTime }: ProcessEntry): string => `${pid} ${startTime}`;

/**
 * Looks again at each call, and remembers: what was found through its parent is still known when that one is over. Not
 * found is a process that left the group, was given another environment, and lost its parent before the first look.
 * Nothing without /proc. The group is null where its number may be a stranger's.
 */
export const kinOf = (group: number | null, isMark: (mark: string) => boolean): Kin => {
  const known = new Set<string>();
  return () => {
    const all = everyProcess().filter(({ pid, running }) => running && pid !== process.pid);
    const kin = new Map<number, ProcessEntry>();
    const isMarked = ({ pid }: ProcessEntry): boolean => {
      const mark = markOf(pid);
      return mark !== undefined && isMark(mark);
    };
    const isKin = (one: ProcessEntry): boolean => one.group === group || known.has(idOf(one)) || isMarked(one);
    for (const one of all) if (isKin(one)) kin.set(one.pid, one);
    // Again as long as one more is found: a child may have a lower number than its parent.
    for (let before = 0; before < kin.size; ) {
      before = kin.size;
      for (const one of all) if (kin.has(one.parent)) kin.set(one.pid, one);
    }
    for (const one of kin.values()) known.add(idOf(one));
    return [...kin.values()];
  };
};

/** The groups that they are in. */
export const groupsOf = (kin: readonly ProcessEntry[]): ReadonlySet<number> => new Set(kin.map(({ group }) => group));
