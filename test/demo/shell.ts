/** Runs commands one at a time in a fixed environment, keeps all that they print, and leaves none behind when stopped. */
import { execa } from 'execa';
import { isolatedEnvironment } from '../fixtures/isolated-environment.ts';

export interface Ran {
  readonly code: number;
  /** Standard output and error, in the order they came. */
  readonly text: string;
  /** Standard output alone, for `--json`. */
  readonly out: string;
}

export interface Shell {
  /** Ends with whatever exit status; only a program that cannot be started, or a stop, throws. */
  readonly run: (cwd: string, argv: readonly string[]) => Promise<Ran>;
  /** Like `run`; throws what was printed when the exit status is not 0. Returns trimmed standard output. */
  readonly must: (cwd: string, argv: readonly string[]) => Promise<string>;
  /** All that every command printed so far. */
  readonly transcript: () => string;
  /** Ends what runs and resolves when it is gone. Commands started later throw. */
  readonly stop: () => Promise<void>;
}

/** A child leads a group of its own, so that what it started (pip below venv) ends with it. */
const endGroup = (pid: number | undefined): void => {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGTERM');
  } catch {
    // It ended by itself in the meantime.
  }
};

/** @param own variables of its own for everything that it runs */
export const openShell = (own: Readonly<Record<string, string>>): Shell => {
  const env = { ...isolatedEnvironment(), ...own };
  const running = new Set<{ readonly end: () => void; readonly ended: Promise<unknown> }>();
  const printed: string[] = [];
  let stopped = false;

  const run = async (cwd: string, argv: readonly string[]): Promise<Ran> => {
    if (stopped) throw new Error('the demo was stopped');
    const [program = '', ...args] = argv;
    const child = execa(program, args, {
      cwd,
      env,
      extendEnv: false,
      stdin: 'ignore',
      all: true,
      reject: false,
      detached: true,
    });
    const live = { end: () => endGroup(child.pid), ended: child };
    running.add(live);
    const result = await child;
    running.delete(live);
    if (stopped) throw new Error('the demo was stopped');
    if (result.exitCode === undefined) throw new Error(result.message ?? `${program} ended without an exit status`);
    printed.push(result.all);
    return { code: result.exitCode, text: result.all, out: result.stdout };
  };

  return {
    run,
    must: async (cwd, argv) => {
      const ran = await run(cwd, argv);
      if (ran.code === 0) return ran.out.trim();
      throw new Error(`${argv.join(' ')} (in ${cwd}) ended with ${ran.code}:\n${ran.text}`);
    },
    transcript: () => printed.join('\n'),
    stop: async () => {
      stopped = true;
      const live = [...running];
      for (const child of live) child.end();
      await Promise.allSettled(live.map((child) => child.ended));
    },
  };
};
