/** Runs one program to its end in a fixed environment, and can tell which processes of a lane still live. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isolatedEnvironment } from '../fixtures/isolated-environment.ts';

export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  /** Standard output and error, in the order they came. */
  readonly text: string;
  /** Standard output alone. */
  readonly out: string;
  /** Milliseconds. */
  readonly took: number;
  /** When each line of standard output came, in milliseconds since the start. */
  readonly beats: readonly number[];
}

/** A moment that is told by what a program has done, not by how fast the machine was. */
export interface Moment {
  /** Lines that it has printed by then. */
  readonly lines: number;
  /** Milliseconds since the last of them. */
  readonly after: number;
}

export interface Command {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly argv: readonly string[];
  /** Sends SIGKILL to the program itself, and to nothing that it started. */
  readonly killAt?: Moment;
}

/** Marks every process of a lane, whoever started it. */
const mark = 'CRASH_LANE';

/** Nothing of the person's git, pip and Python settings reaches a trial; scratch folders go to `scratch`. */
export const laneEnvironment = (lane: string, scratch: string): Readonly<Record<string, string>> => {
  const { NODE_OPTIONS: _own, ...env } = isolatedEnvironment();
  // What a trial trusts is forgotten with its lane.
  return { ...env, TZ: 'UTC', TMPDIR: scratch, XDG_STATE_HOME: join(lane, 'person'), [mark]: lane };
};

/** Ends with whatever exit status; throws only when the program cannot be started. */
export const runCommand = ({ cwd, env, argv, killAt }: Command): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const [program = '', ...args] = argv;
    const started = performance.now();
    const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const all: Buffer[] = [];
    const out: Buffer[] = [];
    const beats: number[] = [];
    let timer: NodeJS.Timeout | undefined;
    const killWhenTime = (): void => {
      if (killAt === undefined || timer !== undefined || beats.length < killAt.lines) return;
      timer = setTimeout(() => child.kill('SIGKILL'), killAt.after);
    };
    killWhenTime();
    child.stdout.on('data', (bytes: Buffer) => {
      all.push(bytes);
      out.push(bytes);
      const now = performance.now() - started;
      for (const byte of bytes) if (byte === 0x0a) beats.push(now);
      killWhenTime();
    });
    child.stderr.on('data', (bytes: Buffer) => void all.push(bytes));
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      const took = performance.now() - started;
      const end = (): void => {
        clearTimeout(patience);
        child.stdout.destroy();
        child.stderr.destroy();
        resolve({ code, signal, text: Buffer.concat(all).toString(), out: Buffer.concat(out).toString(), took, beats });
      };
      // The last of what it printed may still be on its way. What a killed program started may hold its pipes for as
      // long as it likes: nobody waits for that.
      const killed = signal !== null || code === 137;
      const patience = setTimeout(end, killed ? 100 : 10_000);
      child.on('close', end);
    });
  });

/** Like `runCommand`; throws what was printed when the exit status is not 0. */
export const mustRun = async (command: Command): Promise<Ended> => {
  const ended = await runCommand(command);
  if (ended.code === 0) return ended;
  throw new Error(
    `${command.argv.join(' ')} (in ${command.cwd}) ended with ${ended.code ?? ended.signal}:\n${ended.text}`,
  );
};

const readOrNothing = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // It ended between the look and the reading.
    return '';
  }
};

/** Processes of a lane that still live, as `pid command line`; empty where there is no /proc. */
export const livingOf = (lane: string): readonly string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .filter((pid) => readOrNothing(`/proc/${pid}/environ`).split('\0').includes(`${mark}=${lane}`))
    .filter((pid) => !/^State:\s+[ZX]/m.test(readOrNothing(`/proc/${pid}/status`)))
    .map((pid) => `${pid} ${readOrNothing(`/proc/${pid}/cmdline`).split('\0').join(' ').slice(0, 160)}`);
