/** Runs programs by argument list, in a process group of their own that ends as a whole. */
import { devNull } from 'node:os';
import { StringDecoder } from 'node:string_decoder';
import { LockstepError, messageOf } from '../domain/errors.ts';
import type { Processes, ProcessRequest, ProcessResult } from '../ports.ts';
import { cleanEnvironment, type Environment } from './environment.ts';
import { type Ending, endGroup, endGroupNow } from './process-group.ts';

const maximumOutput = 2 ** 30;

export interface ProcessWatch {
  /** Told at once when a process group begins and when it is over, so that a lock file can name those that live. */
  readonly onGroup?: (pid: number, state: 'started' | 'ended') => void;
}

/** Python writes no bytecode into a target, and a machine-wide pip.conf cannot add links to an installation. */
const pythonEnvironment: Readonly<Record<string, string>> = {
  PYTHONDONTWRITEBYTECODE: '1',
  PIP_CONFIG_FILE: devNull,
  PIP_DISABLE_PIP_VERSION_CHECK: '1',
};

const ended = (signal: string): ProcessResult => ({
  code: null,
  stdout: Buffer.alloc(0),
  stderr: '',
  timedOut: false,
  signal,
});

const asBuffer = (bytes: unknown): Buffer =>
  bytes instanceof Uint8Array ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) : Buffer.alloc(0);

const cannotStart = (request: ProcessRequest, cause: unknown): LockstepError => {
  const [program] = request.argv;
  const where = request.cwd === undefined ? '' : ` in ${request.cwd}`;
  return new LockstepError('process-failed', `${program} cannot be started${where}: ${messageOf(cause)}`, {
    hint: `check that ${program} is installed and on PATH${request.cwd === undefined ? '' : `, and that ${request.cwd} is a folder`}`,
    cause,
  });
};

const environmentOf = (request: ProcessRequest, base: Readonly<Record<string, string>>): Record<string, string> => ({
  ...base,
  ...(request.as === 'python' || request.as === 'pip' ? pythonEnvironment : {}),
  ...request.env,
});

const launch = async (request: ProcessRequest, base: Readonly<Record<string, string>>) => {
  const { execa } = await import('execa');
  // The import took its time: an abort meanwhile must not start anything.
  if (request.signal?.aborted) return undefined;
  const [program, ...args] = request.argv;
  const child = execa(program, args, {
    encoding: 'buffer',
    reject: false,
    extendEnv: false,
    stripFinalNewline: false,
    // Ending the group is done here; execa would end the first process only.
    cleanup: false,
    forceKillAfterDelay: false,
    windowsHide: true,
    maxBuffer: maximumOutput,
    detached: process.platform !== 'win32',
    env: environmentOf(request, base),
    ...(request.cwd === undefined ? {} : { cwd: request.cwd }),
    ...(request.input === undefined ? { stdin: 'ignore' } : { input: request.input }),
  });
  // Wrapped: a bare child would be awaited by the async function itself.
  return { child };
};

type Child = NonNullable<Awaited<ReturnType<typeof launch>>>['child'];

const forward = (child: Child, onOutput: (text: string) => void): void => {
  for (const stream of [child.stdout, child.stderr]) {
    // A character may be cut in two by the pipe's block size.
    const decoder = new StringDecoder('utf8');
    stream?.on('data', (chunk: Buffer) => {
      const text = decoder.write(chunk);
      if (text !== '') onOutput(text);
    });
    stream?.on('end', () => {
      const rest = decoder.end();
      if (rest !== '') onOutput(rest);
    });
  }
};

/** Ends the group after the timeout or on abort; `done` waits until it is over and says whether it was the timeout. */
const watchOver = (child: Child, pid: number, { timeout, signal }: ProcessRequest) => {
  let timedOut = false;
  let ending: Ending | undefined;
  const end = () => {
    ending ??= endGroup(pid, () => {
      // A descendant that left the group may hold the pipes for ever: nobody waits for it.
      child.stdout?.destroy();
      child.stderr?.destroy();
    });
  };
  const timer =
    timeout === undefined
      ? undefined
      : setTimeout(() => {
          timedOut = true;
          end();
        }, timeout);
  signal?.addEventListener('abort', end, { once: true });
  return {
    done: async (): Promise<boolean> => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      await ending?.over();
      return timedOut;
    },
  };
};

/**
 * Processes of this machine. A child inherits the cleaned environment, has no standard input unless one is given,
 * and is the head of its own group: a timeout, an abort or the end of this process ends all of its descendants.
 */
export const spawnProcesses = (baseEnv: Environment, watch: ProcessWatch = {}): Processes => {
  const base = cleanEnvironment(baseEnv);
  const counts = new Map<string, number>();
  const live = new Set<number>();
  let listening = false;
  const listen = () => {
    if (listening) return;
    listening = true;
    process.once('exit', () => {
      for (const pid of live) endGroupNow(pid);
    });
  };

  const run = async (request: ProcessRequest): Promise<ProcessResult> => {
    const launched = request.signal?.aborted
      ? undefined
      : await launch(request, base).catch((cause) => {
          // Arguments that no program can be given, such as one with a NUL byte.
          throw cannotStart(request, cause);
        });
    if (launched === undefined) return ended('SIGTERM');
    const { child } = launched;
    const { pid } = child;
    if (pid === undefined) throw cannotStart(request, (await child).cause ?? (await child).originalMessage);
    counts.set(request.as, (counts.get(request.as) ?? 0) + 1);
    listen();
    live.add(pid);
    watch.onGroup?.(pid, 'started');
    const guard = watchOver(child, pid, request);
    try {
      if (request.onOutput !== undefined) forward(child, request.onOutput);
      const result = await child;
      const timedOut = await guard.done();
      if (result.isMaxBuffer) {
        endGroupNow(pid);
        throw new LockstepError('process-failed', `${request.argv[0]} wrote more than ${maximumOutput} bytes`);
      }
      return {
        code: result.exitCode ?? null,
        stdout: asBuffer(result.stdout),
        stderr: asBuffer(result.stderr).toString('utf8'),
        timedOut,
        signal: result.signal ?? null,
      };
    } finally {
      await guard.done();
      live.delete(pid);
      watch.onGroup?.(pid, 'ended');
    }
  };
  return { run, counts: () => Object.fromEntries(counts) };
};
