/** Whether a lock is left of a process that is no more, or one that tells of nobody. */
import { join } from 'node:path';
import { LockstepError } from '../../../domain/errors.ts';
import { acquireLock, rootLockPaths } from '../../../store/lock.ts';
import { type Holder, readHolder } from '../../../store/lock-file.ts';
import { targetPath } from '../../layouts.ts';
import type { MainProject } from '../../main-project.ts';
import { broken, type DoctorCheck, type Finding, fine, warning } from '../doctor-check.ts';

interface HeldLock {
  readonly path: string;
  readonly holder: Holder;
  readonly owner: 'dead' | 'alive' | 'unknown' | 'nobody';
}

/** Of the state, and of every folder that a registered target has. */
const lockPaths = (main: MainProject): readonly string[] => {
  const { files } = main.ports;
  const ofState = files
    .list(main.state.locks)
    .filter((name) => name.endsWith('.lock'))
    .map((name) => join(main.state.locks, name));
  const roots = main.registry
    .read()
    .targets.flatMap((record) => [record.path, ...(record.roots ?? [])].map((path) => targetPath(main, { path })));
  const real = roots.map((root) => files.real(root)).filter((root) => root !== undefined);
  return [...new Set([...ofState, ...real.flatMap((target) => rootLockPaths({ target }))])];
};

const held = (main: MainProject): readonly HeldLock[] =>
  lockPaths(main).flatMap((path) => {
    const holder = readHolder(main.ports, path);
    if (holder === undefined) return [];
    const owner = holder.facts === undefined ? 'nobody' : main.ports.identity.alive(holder.facts);
    return [{ path, holder, owner }];
  });

const findingOf = ({ path, holder, owner }: HeldLock): Finding => {
  const by = `process ${holder.facts?.pid} on ${holder.facts?.host}: ${holder.facts?.what}`;
  const remove = `when no lockstep runs on any machine: rm '${path}'`;
  switch (owner) {
    case 'alive':
      return fine(`held by ${by}`, { subject: path });
    case 'dead':
      return warning(`left by ${by}, which is gone`, { subject: path, mend: 'lockstep doctor --fix', mendable: true });
    case 'unknown':
      return warning(`held by ${by}, which cannot be seen from here`, { subject: path, mend: remove });
    case 'nobody':
      return broken('it does not say whose it is', { subject: path, mend: remove });
  }
};

/** Taken over as a run would take it, so that nothing which the dead owner started goes on; then given back. */
const giveBack = async (main: MainProject, path: string): Promise<string> => {
  try {
    (await acquireLock(main.ports, [path], { what: 'remove the lock of a process that is gone' })).release();
    return `removed ${path}`;
  } catch (error) {
    if (!(error instanceof LockstepError)) throw error;
    return `${path} could not be removed: ${error.message}`;
  }
};

export const locks: DoctorCheck = {
  name: 'locks',
  summary: 'locks of the state and of targets',
  look: async ({ main }) => {
    const all = held(await main());
    return all.length === 0 ? [fine('none is held')] : all.map(findingOf);
  },
  mend: async ({ main: open }) => {
    const main = await open();
    const lines: string[] = [];
    for (const { path } of held(main).filter(({ owner }) => owner === 'dead')) lines.push(await giveBack(main, path));
    return lines;
  },
};
