/** All ports, filled for this machine: its disk, its programs, its git, its Pythons, its clock. */
import type { Files, Ports, Processes } from '../ports.ts';
import { startInBackground } from './background.ts';
import { systemClock } from './clock.ts';
import type { Environment } from './environment.ts';
import { diskFiles } from './files.ts';
import { installedGit } from './git.ts';
import type { GroupBook } from './process-groups.ts';
import { processIdentity } from './process-identity.ts';
import { spawnProcesses } from './processes.ts';
import { askPython } from './python.ts';
import { clearAbandoned } from './scratch.ts';
import { diskState } from './state-files.ts';
import { thisMachine } from './this-machine.ts';
import { diskTree } from './tree.ts';

export interface Machine {
  /** What programs get, once it is cleaned. */
  readonly env: Environment;
  /** Where the groups of started programs are kept. */
  readonly groups: GroupBook;
  /** Told of the folder that all scratch folders lie in, which whoever asked removes at the end. */
  readonly onScratch: (dir: string) => void;
  /** In place of the real disk, for reading. */
  readonly files?: Files;
  /** In place of real programs. */
  readonly processes?: Processes;
}

/** Ports that really read and write. Nothing is read or started yet. */
export const machinePorts = (machine: Machine): Ports => {
  const { env, groups, onScratch } = machine;
  const { files = diskFiles(onScratch), processes = spawnProcesses(env, groups) } = machine;
  const identity = processIdentity();
  return {
    files,
    openTree: diskTree,
    state: diskState(),
    processes,
    git: installedGit(processes, env),
    python: askPython(processes, files),
    clock: systemClock,
    identity,
    clearAbandoned: () => clearAbandoned(identity),
    groups,
    background: startInBackground(env),
    machine: thisMachine,
  };
};
