/** Tells processes apart, across reused pids, reboots, containers and machines. */
import { createHash } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Identity, MarkedGroup, Owner } from '../ports.ts';
import { endGroupNow, groupRuns } from './process-group.ts';
import { groupsOf, kinOf } from './process-kin.ts';
import { isMarkOf } from './process-marks.ts';
import { commandLine, everyProcess, firstOf, type ProcessFacts, readStat, text } from './process-table.ts';

/** The machine's id is confidential (machine-id(5)): only a digest made for this purpose leaves the machine's files. */
const machine = (): string | null => {
  const id = firstOf(
    () => text('/etc/machine-id'),
    () => text('/var/lib/dbus/machine-id'),
  );
  return id === null || id === '' ? null : createHash('sha256').update(`lockstep ${id}`).digest('hex').slice(0, 16);
};

/** Whether anything in a group still runs: what only waits to be looked at by its parent does not. */
export const groupActs = (pid: number): boolean => {
  if (!groupRuns(pid)) return false;
  const members = everyProcess();
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
  /** Of this process and of all above it: whoever ends one of these ends itself, or the shell that it was typed in. */
  const ownGroups = (): ReadonlySet<number> => {
    const own = new Set<number>();
    for (let pid = process.pid; pid > 1; ) {
      const one = firstOf(() => readStat(pid));
      if (one === null) break;
      own.add(one.group);
      pid = one.parent;
    }
    return own;
  };
  const marked = (isMark: (mark: string) => boolean): readonly MarkedGroup[] => {
    const kin = kinOf(null, isMark)();
    const own = ownGroups();
    const groups = [...groupsOf(kin)].filter((pid) => !own.has(pid));
    return groups.map((pid) => ({
      leader: { ...place(), pid, startTime: look(pid).startTime },
      commands: kin.filter(({ group }) => group === pid).map((one) => commandLine(one.pid) || `process ${one.pid}`),
    }));
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
    marked: (mark) => marked((one) => one === mark).map(({ leader }) => leader),
    markedBy: (maker) => marked((one) => isMarkOf(one, maker)),
  };
};
