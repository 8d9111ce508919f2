/** Tells processes apart, across reused pids, reboots, containers and machines. */
import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Identity, Owner } from '../ports.ts';
import { endGroupNow } from './process-group.ts';

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

/** proc_pid_stat(5): the name in parentheses may hold anything, so the fields count from the last one; 3 is the state, 22 the start. */
const readStat = (pid: number): ProcessFacts => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // A zombie holds its pid but runs nothing any more.
  return { running: fields[0] !== 'Z' && fields[0] !== 'X', startTime: fields[19] ?? null };
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
  return {
    self: () => ({ ...place(), pid: process.pid, startTime: look(process.pid).startTime }),
    of: (pid) => {
      const now = look(pid);
      return now.running ? { ...place(), pid, startTime: now.startTime } : undefined;
    },
    alive,
    endGroup: (leader) => {
      const mine = place();
      if (leader.bootId !== mine.bootId || leader.pidSpace !== mine.pidSpace || leader.host !== mine.host) return;
      // A group outlives its leader and keeps its number taken; another start time means that the number is a stranger's.
      const now = look(leader.pid);
      if (now.startTime === null ? now.running : now.startTime !== leader.startTime) return;
      endGroupNow(leader.pid);
    },
  };
};
