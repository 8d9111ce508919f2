/** Tells whether another process is at work in a target's folder at this moment. Reads only. */
import type { TargetRecord } from '../domain/target.ts';
import { rootLockPaths } from '../store/lock.ts';
import { readHolder } from '../store/lock-file.ts';
import { targetPath } from './layouts.ts';
import type { MainProject } from './main-project.ts';

/** Who is at work, in words; undefined when nobody is. A lock whose owner is certainly dead counts as none. */
export const workUnderWay = (main: MainProject, record: Pick<TargetRecord, 'path'>): string | undefined => {
  const { files, identity } = main.ports;
  const target = files.real(targetPath(main, record));
  if (target === undefined) return undefined;
  for (const path of rootLockPaths({ target })) {
    const holder = readHolder(main.ports, path);
    if (holder === undefined) continue;
    if (holder.facts === undefined) return `it is locked, and the lock does not say by whom: ${path}`;
    const { pid, host, what } = holder.facts;
    if (identity.alive(holder.facts) !== 'dead') return `process ${pid} on ${host} is at work: ${what}`;
  }
  return undefined;
};
