/** Tells processes apart, across reused pids, reboots, containers and machines. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Identity, Owner } from '../ports.ts';
import { endGroupNow, groupRuns } from './process-group.ts';

/** The variable that every process of a started group has in its environment: the mark of the group. */
export const markVariable = 'LOCKSTEP_GROUP';

const firstOf = <T>(...tries: (() => T)[]): T | null => {
  for (const attempt of tries) {
    try {
      return attempt();
    } catch {
      // Not known on this platform; the next source may be.
    }
  }
  return null;
};

const text = (path: string): string => readFileSync(path, 'utf8').trim();

/** The machine's id is confidential (machine-id(5)): only a digest made for this purpose leaves the machine's files. */
const machine = (): string | null => {
  const id = firstOf(
    () => text('/etc/machine-id'),
    () => text('/var/lib/dbus/machine-id'),
  );
  return id === null || id === '' ? null : createHash('sha256').update(`lockstep ${id}`).digest('hex').slice(0, 16);
};

interface ProcessFacts {
  readonly running: boolean;
  readonly startTime: string | null;
}

interface StatFacts extends ProcessFacts {
  readonly group: number;
}

/** proc_pid_stat(5): the name in parentheses may hold anything, so the fields count from the last one; 3 is the state, 5 the group, 22 the start. */
const readStat = (pid: number): StatFacts => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // A zombie holds its pid but runs nothing any more.
  const running = fields[0] !== 'Z' && fields[0] !== 'X';
  return { running, group: Number(fields[2]), startTime: fields[19] ?? null };
};

/** When a process started, in the platform's own unit; null where that cannot be seen. */
export const startTimeOf = (pid: number): string | null => firstOf(() => readStat(pid).startTime);

/** Every process of this machine that can be seen, by pid; none without /proc. */
const everyProcess = (): readonly number[] =>
  (firstOf(() => readdirSync('/proc')) ?? []).filter((name) => /^\d+$/.test(name)).map(Number);

/** Whether anything in a group still runs: what only waits to be looked at by its parent does not. */
export const groupActs = (pid: number): boolean => {
  if (!groupRuns(pid)) return false;
  const members = everyProcess().flatMap((one) => firstOf(() => readStat(one)) ?? []);
  if (members.length === 0) return true;
  return members.some(({ group, running }) => group === pid && running);
};

/** How long a killed group may take to be over, and how often it is looked at, in milliseconds. */
const patience = 2_000;
const poll = 5;

/** Blocks: what takes a dead owner's lock over must not go on beside what that one started. */
const endGroupAndWait = (pid: number): 'over' | 'running' => {
  const deadline = performance.now() + patience;
  const never = new Int32Array(new SharedArrayBuffer(4));
  endGroupNow(pid);
  while (groupActs(pid)) {
    if (performance.now() > deadline) return 'running';
    Atomics.wait(never, 0, 0, poll);
  }
  return 'over';
};

/** Whether the environment that a process was started with has a mark (only of processes of this user, but for root). */
const hasMark = (pid: number, mark: string): boolean => {
  const environment = firstOf(() => readFileSync(`/proc/${pid}/environ`, 'utf8'));
  return environment?.split('\0').includes(`${markVariable}=${mark}`) === true;
};

/**
 * The group of each process that was started with a mark: also of those that left their leader's group by `setsid`. None
 * without /proc; a program that was given another environment cannot be told.
 */
export const groupsMarked = (mark: string): ReadonlySet<number> =>
  new Set(
    everyProcess()
      .filter((pid) => hasMark(pid, mark))
      .flatMap((pid) => firstOf(() => readStat(pid).group) ?? []),
  );

const commandLine = (pid: number): string =>
  firstOf(() => text(`/proc/${pid}/cmdline`))
    ?.split('\0')
    .join(' ')
    .trim() ?? '';

/** Command lines of what runs in a group or has its mark. */
export const namesOf = (group: number, mark: string): readonly string[] =>
  everyProcess().flatMap((pid) => {
    const stat = firstOf(() => readStat(pid));
    const ours = stat?.running === true && (stat.group === group || hasMark(pid, mark));
    return ours ? [commandLine(pid) || `process ${pid}`] : [];
  });

const signalled = (pid: number): ProcessFacts => {
  try {
    process.kill(pid, 0);
    return { running: true, startTime: null };
  } catch (error) {
    const denied = error instanceof Error && 'code' in error && error.code === 'EPERM';
    return { running: denied, startTime: null };
  }
};

/** Identity on this machine: exact on Linux, by pid alone where there is no /proc. */
export const processIdentity = (): Identity => {
  const hasProc = firstOf(() => readStat(process.pid)) !== null;
  const look = (pid: number): ProcessFacts =>
    hasProc ? (firstOf(() => readStat(pid)) ?? { running: false, startTime: null }) : signalled(pid);
  let here: Omit<Owner, 'pid' | 'startTime'> | undefined;
  const place = () => {
    here ??= {
      host: hostname(),
      machine: machine(),
      bootId: firstOf(() => text('/proc/sys/kernel/random/boot_id')),
      pidSpace: firstOf(() => readlinkSync('/proc/self/ns/pid')),
    };
    return here;
  };
  const alive = (owner: Owner): 'alive' | 'dead' | 'unknown' => {
    const mine = place();
    if (owner.host !== mine.host || owner.machine !== mine.machine) return 'unknown';
    if (owner.bootId !== mine.bootId) return owner.bootId !== null && mine.bootId !== null ? 'dead' : 'unknown';
    if (owner.pidSpace !== mine.pidSpace) return 'unknown';
    const now = look(owner.pid);
    if (!now.running) return 'dead';
    return owner.startTime !== null && now.startTime !== null && owner.startTime !== now.startTime ? 'dead' : 'alive';
  };
  return {
    self: () => ({ ...place(), pid: process.pid, startTime: look(process.pid).startTime }),
    of: (pid) => {
      const now = look(pid);
      return now.running ? { ...place(), pid, startTime: now.startTime } : undefined;
    },
    alive,
    endGroup: (leader) => {
      const mine = place();
      const elsewhere = leader.bootId !== mine.bootId || leader.pidSpace !== mine.pidSpace || leader.host !== mine.host;
      if (elsewhere) return 'over';
      // A group outlives its leader and keeps its number taken; another start time means that the number is a stranger's.
      const now = look(leader.pid);
      if (now.startTime === null ? now.running : now.startTime !== leader.startTime) return 'over';
      return endGroupAndWait(leader.pid);
    },
    marked: (mark) => [...groupsMarked(mark)].map((pid) => ({ ...place(), pid, startTime: look(pid).startTime })),
  };
};
