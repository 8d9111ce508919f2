/** What the machine shows of its processes; nothing, rather than an error, where there is no /proc or one is over. */
import { readdirSync, readFileSync } from 'node:fs';

/** The variable that every process of a started group has in its environment: the mark of the group. */
export const markVariable = 'LOCKSTEP_GROUP';

/** What the first of the tries that does not throw answers; null when all do. */
export const firstOf = <T>(...tries: (() => T)[]): T | null => {
  for (const attempt of tries) {
    try {
      return attempt();
    } catch {
      // Not known on this platform; the next source may be.
    }
  }
  return null;
};

/** A file without the space around it. Throws as reading does. */
export const text = (path: string): string => readFileSync(path, 'utf8').trim();

/** Whether it runs, and since when, in the platform's own unit; null where that cannot be seen. */
export interface ProcessFacts {
  readonly running: boolean;
  readonly startTime: string | null;
}

/** A process as the machine shows it at one moment. */
export interface ProcessEntry extends ProcessFacts {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
}

/** proc_pid_stat(5): the name in parentheses may hold anything, so the fields count from the last one; 3 is the state, 4 the parent, 5 the group, 22 the start. */
export const readStat = (pid: number): ProcessEntry => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // A zombie holds its pid but runs nothing any more.
  const running = fields[0] !== 'Z' && fields[0] !== 'X';
  return { pid, running, parent: Number(fields[1]), group: Number(fields[2]), startTime: fields[19] ?? null };
};

/** When a process started, in the platform's own unit; null where that cannot be seen. */
export const startTimeOf = (pid: number): string | null => firstOf(() => readStat(pid).startTime);

/** Every process of this machine that can be seen; none without /proc. */
export const everyProcess = (): readonly ProcessEntry[] =>
  (firstOf(() => readdirSync('/proc')) ?? [])
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => firstOf(() => readStat(Number(name))) ?? []);

/** The mark in the environment that a process was started with (only of processes of this user, but for root). */
export const markOf = (pid: number): string | undefined =>
  firstOf(() => readFileSync(`/proc/${pid}/environ`, 'utf8'))
    ?.split('\0')
    .find((one) => one.startsWith(`${markVariable}=`))
    ?.slice(markVariable.length + 1);

/** The words that a process was started with; empty where that cannot be seen. */
export const commandLine = (pid: number): string =>
  firstOf(() => text(`/proc/${pid}/cmdline`))
    ?.split('\0')
    .join(' ')
    .trim() ?? '';
