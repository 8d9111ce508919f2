/** Runs the built command as a user does, in a sandbox. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const built = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

export interface Answer {
  readonly exit: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a whole command line to its end. */
export const ran = (cwd: string, [program, ...args]: readonly [string, ...string[]]): Answer => {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8', timeout: 120_000 });
  return { exit: status, out: stdout, err: stderr };
};

/** `lockstep <words>` in a folder. */
export const lockstep = (cwd: string, ...words: readonly string[]): Answer =>
  ran(cwd, [process.execPath, built, ...words]);

/** A command that runs while the test goes on. */
export interface Running {
  readonly send: (signal: NodeJS.Signals) => void;
  /** Resolves once a file stands at a path; throws when the command ends without making it. */
  readonly made: (path: string) => Promise<void>;
  readonly ended: Promise<Answer>;
}

/** Starts `lockstep <words>` in a folder. */
export const started = (cwd: string, ...words: readonly string[]): Running => {
  const child = spawn(process.execPath, [built, ...words], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  let over = false;
  const ended = new Promise<Answer>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exit) => {
      over = true;
      resolve({ exit, out, err });
    });
  });
  return {
    send: (signal) => void child.kill(signal),
    made: async (path) => {
      while (!existsSync(path)) {
        if (over) throw new Error(`it ended before it made ${path}:\n${out}${err}`);
        await sleep(10);
      }
    },
    ended,
  };
};

/** What a command with `--json` printed, an object a line. Throws when a line is no JSON. */
export const objects = (answer: Pick<Answer, 'out'>): readonly Record<string, unknown>[] =>
  answer.out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

/** The last JSON line that a command with `--json` printed. */
export const lastObject = (answer: Answer): Record<string, unknown> => objects(answer).at(-1) ?? {};
