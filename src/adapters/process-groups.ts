/** Knows every process group that this process started, from just before its start until nothing of it runs. */
import type { ProcessGroups, StartedGroup } from '../ports.ts';
import { endGroupNow } from './process-group.ts';
import { groupActs } from './process-identity.ts';
import { groupsOf, kinOf } from './process-kin.ts';
import { newMark } from './process-marks.ts';
import { startTimeOf } from './process-table.ts';

export interface GroupBook extends ProcessGroups {
  /** Call before a group is started; its processes have to get the answer as `markVariable`. */
  announce(): string;
  started(mark: string, pid: number): void;
  /** Call when the first process is over, or was never started. A group that others still run in stays in the book. */
  ended(mark: string): void;
  /** Kills all that runs. Synchronous, for the last moment of this process. */
  endAll(): void;
}

type Listener = Parameters<ProcessGroups['watch']>[0];

/** Of a group whose first process is over: its number may be a stranger's by now. */
const isOver = ({ leader }: StartedGroup): boolean => {
  if (leader === null || !groupActs(leader.pid)) return true;
  const now = startTimeOf(leader.pid);
  return now !== null && now !== leader.startTime;
};

export const groupBook = (): GroupBook => {
  const groups = new Map<string, StartedGroup>();
  const finished = new Set<string>();
  const listeners = new Set<Listener>();
  const tell: Listener = (group, state) => {
    for (const listener of listeners) listener(group, state);
  };
  const enter = (group: StartedGroup): void => {
    groups.set(group.mark, group);
    tell(group, 'live');
  };
  const leaveIfOver = (mark: string): void => {
    const group = groups.get(mark);
    if (group !== undefined && !isOver(group)) return;
    finished.delete(mark);
    groups.delete(mark);
    if (group !== undefined) tell(group, 'over');
  };
  const sweep = (): void => {
    for (const mark of finished) leaveIfOver(mark);
  };
  return {
    announce: () => {
      const mark = newMark();
      enter({ mark, leader: null });
      return mark;
    },
    // Asked at once: a number that is looked at later may be another process's.
    started: (mark, pid) => enter({ mark, leader: { pid, startTime: startTimeOf(pid) } }),
    ended: (mark) => {
      finished.add(mark);
      leaveIfOver(mark);
    },
    live: () => {
      sweep();
      return [...groups.values()];
    },
    watch: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    endAll: () => {
      sweep();
      for (const { leader, mark } of groups.values()) {
        // Looked for first: a child whose parent is over may not be found any more.
        const others = groupsOf(kinOf(leader?.pid ?? null, (one) => one === mark)());
        if (leader !== null) endGroupNow(leader.pid);
        for (const group of others) endGroupNow(group);
      }
    },
  };
};
