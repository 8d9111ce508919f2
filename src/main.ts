#!/usr/bin/env node
/** The composition root: builds the adapters, hands the words to the command line, and alone ends the process. */
import { realpathSync, rmSync } from 'node:fs';
import packageFacts from '../package.json' with { type: 'json' };
import { askYesNo } from './adapters/ask.ts';
import { outletTo } from './adapters/outlet.ts';
import { groupBook } from './adapters/process-groups.ts';
import { runCommand } from './cli/program.ts';
import { paintFor } from './cli/render/colours.ts';
import { errorLines } from './cli/render/error-text.ts';
import type { World } from './cli/world.ts';
import { errorCodes } from './domain/errors.ts';
import { Interruption, type StopSignal, signalExits } from './domain/interruption.ts';
import type { Ports } from './ports.ts';

const scratch = new Set<string>();
const groups = groupBook();
const stop = new AbortController();

const cleanUp = (): void => {
  for (const dir of scratch) rmSync(dir, { recursive: true, force: true });
  scratch.clear();
};

let stopping = false;

for (const name of Object.keys(signalExits) as StopSignal[]) {
  process.on(name, () => {
    if (stopping) {
      // The second one ends at once; what is left waits for recover.
      groups.endAll();
      cleanUp();
      process.exit(signalExits[name]);
    }
    stopping = true;
    stop.abort(new Interruption(name));
  });
}
const output = outletTo(process.stdout);
const complaints = outletTo(process.stderr);

/** Loaded when a command asks for them: one that only explains itself needs none of it. */
const buildPorts = async (mode: 'real' | 'dry-run'): Promise<Ports> => {
  const [{ machinePorts }, { dryRunPorts }] = await Promise.all([
    import('./adapters/machine.ts'),
    import('./adapters/dry-run.ts'),
  ]);
  const ports = machinePorts({ env: process.env, groups, onScratch: (dir) => void scratch.add(dir) });
  return mode === 'dry-run' ? dryRunPorts(ports) : ports;
};

const interactive = process.stdout.isTTY === true && process.env.TERM !== 'dumb' && !process.env.CI;
const world: World = {
  ports: buildPorts,
  terminal: {
    out: output.line,
    err: complaints.line,
    interactive,
    colour: process.stdout.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb',
    columns: process.stdout.columns ?? 80,
    ...(interactive && process.stdin.isTTY === true
      ? { ask: askYesNo({ input: process.stdin, output: process.stdout, signal: stop.signal }) }
      : {}),
  },
  cwd: process.cwd(),
  env: Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  ),
  signal: stop.signal,
  version: packageFacts.version,
  input: async () => (await import('./adapters/read-input.ts')).readInput(process.stdin),
  // A link in node_modules/.bin is remade by every installation; the file itself lasts longer.
  launcher: { node: process.execPath, main: realpathSync(process.argv[1] ?? '') },
};

const exit = await runCommand(world, process.argv.slice(2));
cleanUp();
const lost = await output.finished();
if (lost !== undefined) for (const line of errorLines(lost, paintFor({ colour: false }))) complaints.line(line);
await complaints.finished();
// A signal that came too late to undo anything changes no verdict. Nothing that a library left open may keep a finished
// command waiting.
process.exit(exit === 0 && lost !== undefined ? errorCodes[lost.code] : exit);
