/** The composition root: builds the adapters, hands the words to the command line, and alone ends the process. */
import { realpathSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import packageFacts from '../package.json' with { type: 'json' };
import { askYesNo } from './adapters/ask.ts';
import { outletTo } from './adapters/outlet.ts';
import type { GroupBook } from './adapters/process-groups.ts';
import { clackPrompts } from './adapters/prompts.ts';
import { removeFolder } from './adapters/remove-folder.ts';
import { paintFor } from './cli/render/colours.ts';
import { errorLines, errorObject } from './cli/render/error-text.ts';
import type { World } from './cli/world.ts';
import { errorCodes } from './domain/errors.ts';
import { Interruption, type StopSignal, signalExits } from './domain/interruption.ts';
import type { Ports } from './ports.ts';

const scratch = new Set<string>();
/** Only a command that may start something has one. */
let groups: GroupBook | undefined;
const stop = new AbortController();

const cleanUp = (): void => {
  // What cannot be removed changes no verdict.
  for (const dir of scratch) removeFolder(dir);
  scratch.clear();
};

let stopping = false;

for (const name of Object.keys(signalExits) as StopSignal[]) {
  process.on(name, () => {
    if (stopping) {
      // The second one ends at once; what is left waits for recover.
      groups?.endAll();
      cleanUp();
      process.exit(signalExits[name]);
    }
    stopping = true;
    stop.abort(new Interruption(name));
  });
}
// A bug that no command can catch, in a callback. Left to Node it would print the line of the built program, hundreds of kB
// long; waited for, what is half done would go on.
process.on('uncaughtException', (error: unknown) => {
  groups?.endAll();
  cleanUp();
  const json = process.argv.includes('--json');
  const lines = json ? [JSON.stringify(errorObject(error))] : errorLines(error, paintFor({ colour: false }));
  try {
    writeSync(json ? 1 : 2, `${lines.join('\n')}\n`);
  } finally {
    process.exit(1);
  }
});
const output = outletTo(process.stdout);
const complaints = outletTo(process.stderr);

/** Loaded when a command asks for them: one that only explains itself needs none of it. */
const buildPorts = async (mode: 'real' | 'dry-run'): Promise<Ports> => {
  const [{ machinePorts }, { dryRunPorts }, { groupBook }] = await Promise.all([
    import('./adapters/machine.ts'),
    import('./adapters/dry-run.ts'),
    import('./adapters/process-groups.ts'),
  ]);
  groups ??= groupBook();
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
      ? {
          ask: askYesNo({ input: process.stdin, output: process.stdout, signal: stop.signal }),
          prompts: clackPrompts({ input: process.stdin, output: process.stdout, signal: stop.signal }),
        }
      : {}),
  },
  cwd: process.cwd(),
  env: Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  ),
  signal: stop.signal,
  version: packageFacts.version,
  attached: async (request) => (await import('./adapters/attached.ts')).runAttached(process.env)(request),
  watchdog: async (ms) => (await import('./adapters/watchdog.ts')).startWatchdog(ms),
  input: () => readOnce(),
  // A link in node_modules/.bin is remade by every installation; the file itself lasts longer.
  launcher: { node: process.execPath, main: realpathSync(process.argv[1] ?? '') },
};

/** Asked twice: by the quick look, and by the proper one after it. */
let written: Promise<string> | undefined;
const readOnce = (): Promise<string> => {
  written ??= import('./adapters/read-input.ts').then(({ readInput }) => readInput(process.stdin));
  return written;
};

/** The usual push, without loading what other commands need; undefined for all else. */
const quickly = async (argv: readonly string[]): Promise<number | undefined> => {
  const [command, name, ...args] = argv;
  if (command !== 'hook' || name !== 'pre-push') return undefined;
  const since = Date.now() - performance.now();
  const [{ quick }, { quickPush }] = await Promise.all([
    import('./adapters/quick.ts'),
    import('./hooks/quick-push.ts'),
  ]);
  try {
    const { env } = process;
    // Whoever keeps the input open is waited for by the proper look, which keeps its time.
    const input = await Promise.race([readOnce(), sleep(1_000, undefined, { ref: false })]);
    if (input === undefined) return undefined;
    const lines = quickPush({ ...quick(process.cwd(), env), cwd: process.cwd(), env, args, input, since });
    for (const line of lines ?? []) world.terminal.err(line);
    return lines === undefined ? undefined : 0;
  } catch {
    // A proper look says what is wrong.
    return undefined;
  }
};

const main = async (): Promise<never> => {
  const argv = process.argv.slice(2);
  const exit = (await quickly(argv)) ?? (await (await import('./cli/program.ts')).runCommand(world, argv));
  cleanUp();
  const lost = await output.finished();
  if (lost !== undefined) {
    for (const line of errorLines(lost, paintFor({ colour: false }))) complaints.line(line);
  }
  await complaints.finished();
  // A signal that came too late to undo anything changes no verdict. Nothing that a library left open may keep a finished
  // command waiting.
  process.exit(exit === 0 && lost !== undefined ? errorCodes[lost.code] : exit);
};

void main();
