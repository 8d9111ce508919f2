/** Runs test files of one copy of the checkout, and tells a test that failed from tests that could not be run. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { execa } from 'execa';
import type { ServerAnswer, ServerRequest } from './server-words.ts';

export type TestsEnd = ServerAnswer;

export interface Runner {
  readonly run: (request: ServerRequest) => Promise<TestsEnd>;
  /** Ends all that runs, at once, and resolves when it is gone. */
  readonly stop: () => Promise<void>;
}

export interface RunnerPlace {
  readonly checkout: string;
  /** The bundled `test-server.ts`. */
  readonly server: string;
  /** For what tests make in passing: they are ended in the middle of it. */
  readonly passing: string;
  /** Milliseconds for one request: a mutant that loops for ever must not hold up the others. */
  readonly patience: number;
}

/** Tests that start the built command need it built from the very source that is tested. */
const needsBuild = (file: string): boolean => file.startsWith('test/stories/');

const endGroup = async (child: ChildProcess): Promise<void> => {
  const { pid } = child;
  if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // All of it is over.
  }
  await gone;
};

/** One program that reads the tests once, started when it is first needed and again after a request that did not end. */
export const openRunner = ({ checkout, server, passing, patience }: RunnerPlace): Runner => {
  let child: ChildProcess | undefined;
  const started = (): ChildProcess => {
    // A group of its own, so that what the tests started ends with it.
    child ??= spawn(process.execPath, [server], {
      cwd: checkout,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      detached: true,
      env: { ...process.env, TMPDIR: passing },
    });
    return child;
  };
  const stop = async (): Promise<void> => {
    const [now] = [child];
    child = undefined;
    if (now !== undefined) await endGroup(now);
  };
  const ask = (request: ServerRequest): Promise<TestsEnd | undefined> =>
    new Promise((resolve) => {
      const asked = started();
      const timer = setTimeout(() => resolve(undefined), patience);
      const end = (answer: TestsEnd): void => {
        clearTimeout(timer);
        asked.removeAllListeners();
        resolve(answer);
      };
      asked.once('message', (answer) => end(answer as TestsEnd));
      asked.once('exit', (code, signal) => {
        if (child === asked) child = undefined;
        end({ kind: 'could-not-run', why: `the tests' own program ended (${code ?? signal})` });
      });
      asked.send(request);
    });
  return {
    stop,
    run: async (request) => {
      if (request.files.some(needsBuild)) {
        const { exitCode, stderr } = await execa('npm', ['run', 'build'], { cwd: checkout, reject: false });
        if (exitCode !== 0) return { kind: 'could-not-run', why: `npm run build: ${stderr.trim().split('\n')[0]}` };
      }
      const answer = await ask(request);
      if (answer !== undefined) return answer;
      await stop();
      return { kind: 'could-not-run', why: `no end after ${patience / 1000} s` };
    },
  };
};
