/** Runs programs by argument list, in a process group of their own that ends as a whole. */
import { devNull } from 'node:os';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as sleep } from 'node:timers/promises';
import { LockstepError, messageOf } from '../domain/errors.ts';
import type { Processes, ProcessRequest, ProcessResult } from '../ports.ts';
import { cleanEnvironment, type Environment } from './environment.ts';
import { type Ending, endGroup, endGroupNow } from './process-group.ts';
import { type GroupBook, groupBook } from './process-groups.ts';
import { groupsOf, type Kin, kinOf } from './process-kin.ts';
import { commandLine, markVariable } from './process-table.ts';

const maximumOutput = 2 ** 30;

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

const launch = async (
  request: ProcessRequest,
  { base, groups }: { readonly base: Readonly<Record<string, string>>; readonly groups: GroupBook },
) => {
  const { execa } = await import('execa');
  // The import took its time: an abort meanwhile must not start anything.
  if (request.signal?.aborted) return undefined;
  const [program, ...args] = request.argv;
  const start = (mark: string) =>
    execa(program, args, {
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
      env: { ...environmentOf(request, base), [markVariable]: mark },
      ...(request.cwd === undefined ? {} : { cwd: request.cwd }),
      ...(request.input === undefined ? { stdin: 'ignore' } : { input: request.input }),
    });
  const mark = groups.announce();
  let child: ReturnType<typeof start> | undefined;
  try {
    child = start(mark);
    if (child.pid !== undefined) groups.started(mark, child.pid);
  } finally {
    if (child?.pid === undefined) groups.ended(mark);
  }
  // Wrapped: a bare child would be awaited by the async function itself.
  return { child, mark };
};

type Child = NonNullable<Awaited<ReturnType<typeof launch>>>['child'];

interface Listener {
  readonly onOutput: NonNullable<ProcessRequest['onOutput']>;
  /** Told once: a listener that threw hears no more. Thrown in a stream, an error would be nobody's and end this process. */
  readonly onFailure: (error: unknown) => void;
}

const forward = (child: Child, { onOutput, onFailure }: Listener): void => {
  let failed = false;
  const tell = (text: string, from: 'stdout' | 'stderr'): void => {
    if (text === '' || failed) return;
    try {
      onOutput(text, from);
    } catch (error) {
      failed = true;
      onFailure(error);
    }
  };
  for (const from of ['stdout', 'stderr'] as const) {
    // A character may be cut in two by the pipe's block size.
    const decoder = new StringDecoder('utf8');
    child[from]?.on('data', (chunk: Buffer) => tell(decoder.write(chunk), from));
    child[from]?.on('end', () => tell(decoder.end(), from));
  }
};

interface Started {
  readonly child: Child;
  readonly pid: number;
  readonly kin: Kin;
}

/** Ends the group with all that left it; a descendant that cannot be found may hold the pipes for ever: nobody waits for it. */
const endAllOf = ({ child, pid, kin }: Started): Ending =>
  endGroup(pid, {
    others: () => groupsOf(kin()),
    giveUp: () => {
      child.stdout?.destroy();
      child.stderr?.destroy();
    },
  });

/** How long what a program started may outlive it, in milliseconds: the last of a pipe is over a moment later. */
const afterlife = 300;
const look = 20;

/** Once the first process is over: ends what it left running, and answers with its command lines. */
const endLeftovers = async (started: Started): Promise<readonly string[]> => {
  const until = performance.now() + afterlife;
  const names = (): readonly string[] => started.kin().map(({ pid }) => commandLine(pid) || `process ${pid}`);
  let left = names();
  while (left.length > 0 && performance.now() < until) {
    await sleep(look);
    left = names();
  }
  if (left.length > 0) await endAllOf(started).over();
  return left;
};

/** Resolves with the leftovers, whenever the first process is over. */
const leftoversOf = (started: Started): Promise<readonly string[]> =>
  new Promise((resolve, reject) => {
    started.child.once('exit', () => void endLeftovers(started).then(resolve, reject));
  });

/** Ends the group after the timeout, on abort, or on `end`; `done` waits until it is over and says whether it was the timeout. */
const watchOver = (started: Started, { timeout, signal }: ProcessRequest) => {
  let timedOut = false;
  let ending: Ending | undefined;
  const end = () => {
    ending ??= endAllOf(started);
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
    end,
    done: async (): Promise<boolean> => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      await ending?.over();
      return timedOut;
    },
  };
};

/** Every program that runs now, whoever started it. */
const live = new Map<number, Kin>();
let listening = false;

/** Once for this process: each listener more would be one that Node warns of, in the end. */
const endThemAtExit = (): void => {
  if (listening) return;
  listening = true;
  process.once('exit', () => {
    for (const [pid, kin] of live) for (const group of [...groupsOf(kin()), pid]) endGroupNow(group);
  });
};

/**
 * Processes of this machine. A child inherits the cleaned environment, has no standard input unless one is given,
 * and is the head of its own group: a timeout, an abort or the end of this process ends all of its descendants.
 */
export const spawnProcesses = (baseEnv: Environment, groups: GroupBook = groupBook()): Processes => {
  const base = cleanEnvironment(baseEnv);
  const counts = new Map<string, number>();

  const run = async (request: ProcessRequest): Promise<ProcessResult> => {
    const launched = request.signal?.aborted
      ? undefined
      : await launch(request, { base, groups }).catch((cause) => {
          // Arguments that no program can be given, such as one with a NUL byte.
          throw cannotStart(request, cause);
        });
    if (launched === undefined) return ended('SIGTERM');
    const { child, mark } = launched;
    const { pid } = child;
    if (pid === undefined) throw cannotStart(request, (await child).cause ?? (await child).originalMessage);
    counts.set(request.as, (counts.get(request.as) ?? 0) + 1);
    endThemAtExit();
    const started = { child, pid, kin: kinOf(pid, (one) => one === mark) };
    live.set(pid, started.kin);
    const guard = watchOver(started, request);
    const leftovers = request.leftovers === 'end' ? leftoversOf(started) : undefined;
    // Told below; till then a failure of it is nobody's.
    leftovers?.catch(() => {});
    try {
      const failures: unknown[] = [];
      const onFailure = (error: unknown): void => {
        failures.push(error);
        guard.end();
      };
      if (request.onOutput !== undefined) forward(child, { onOutput: request.onOutput, onFailure });
      const result = await child;
      const timedOut = await guard.done();
      const leftBehind = await leftovers;
      for (const error of failures) throw error;
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
        ...(leftBehind === undefined ? {} : { leftBehind }),
      };
    } finally {
      await guard.done();
      live.delete(pid);
      groups.ended(mark);
    }
  };
  return { run, counts: () => Object.fromEntries(counts) };
};
