#!/usr/bin/env node
/** The composition root: builds the adapters, hands the words to the command line, and alone ends the process. */
import { rmSync } from 'node:fs';
import packageFacts from '../package.json' with { type: 'json' };
import { systemClock } from './adapters/clock.ts';
import { dryRunPorts } from './adapters/dry-run.ts';
import { diskFiles } from './adapters/files.ts';
import { installedGit } from './adapters/git.ts';
import { endGroupNow } from './adapters/process-group.ts';
import { processIdentity } from './adapters/process-identity.ts';
import { spawnProcesses } from './adapters/processes.ts';
import { askPython } from './adapters/python.ts';
import { diskState } from './adapters/state-files.ts';
import { diskTree } from './adapters/tree.ts';
import { runCommand } from './cli/program.ts';
import type { World } from './cli/world.ts';
import type { Ports } from './ports.ts';

const scratch = new Set<string>();
const groups = new Set<number>();
const stop = new AbortController();

const cleanUp = (): void => {
  for (const dir of scratch) rmSync(dir, { recursive: true, force: true });
  scratch.clear();
};

/** Exit status of a process that a signal ends. */
const signalExits = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
let signalled: keyof typeof signalExits | undefined;

for (const name of Object.keys(signalExits) as (keyof typeof signalExits)[]) {
  process.on(name, () => {
    if (signalled !== undefined) {
      // The second one ends at once; what is left waits for recover.
      for (const pid of groups) endGroupNow(pid);
      process.exit(signalExits[name]);
    }
    signalled = name;
    stop.abort();
  });
}
// A closed pipe (`| head`) is a reader that has seen enough, not a failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

const buildPorts = (): Ports => {
  const processes = spawnProcesses(process.env, {
    onGroup: (pid, what) => void (what === 'started' ? groups.add(pid) : groups.delete(pid)),
  });
  const files = diskFiles((dir) => void scratch.add(dir));
  return {
    files,
    openTree: diskTree,
    state: diskState(),
    processes,
    git: installedGit(processes, process.env),
    python: askPython(processes, files),
    clock: systemClock,
    identity: processIdentity(),
  };
};

const interactive = process.stdout.isTTY === true && !process.env.CI;
const world: World = {
  ports: (mode) => (mode === 'dry-run' ? dryRunPorts(buildPorts()) : buildPorts()),
  terminal: {
    out: (text) => void process.stdout.write(`${text}\n`),
    err: (text) => void process.stderr.write(`${text}\n`),
    interactive,
    colour: process.stdout.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb',
    columns: process.stdout.columns ?? 80,
  },
  cwd: process.cwd(),
  env: Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  ),
  signal: stop.signal,
  version: packageFacts.version,
};

const exit = await runCommand(world, process.argv.slice(2));
cleanUp();
process.exitCode = signalled === undefined ? exit : signalExits[signalled];
// Nothing that a library left open may keep a finished command waiting; output is flushed first.
process.stdout.write('', () => process.exit());
