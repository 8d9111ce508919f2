/** Runs test files of a copy of the checkout, and tells a test that failed from tests that could not be run. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';

export interface TestRequest {
  readonly checkout: string;
  readonly files: readonly string[];
  /** Parts of names; all tests of the files when there are none. */
  readonly named: readonly string[];
  /** Milliseconds. */
  readonly timeout: number;
}

export type TestsEnd =
  | { readonly kind: 'passed'; readonly tests: number }
  /** The name of the first test that failed. */
  | { readonly kind: 'failed'; readonly test: string }
  | { readonly kind: 'could-not-run'; readonly why: string };

export interface Runner {
  readonly run: (request: TestRequest) => Promise<TestsEnd>;
  /** Ends all that runs, and resolves when it is gone. */
  readonly stop: () => Promise<void>;
}

interface Report {
  readonly numPassedTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

const firstLine = (text: string): string => text.split('\n').find((line) => line.trim() !== '') ?? 'it said nothing';

const endOf = (report: Report): TestsEnd => {
  const failed = report.testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .find(({ status }) => status === 'failed');
  if (failed !== undefined) return { kind: 'failed', test: failed.fullName.trim() };
  const unread = report.testResults.find(({ status }) => status === 'failed');
  if (unread !== undefined) return { kind: 'could-not-run', why: `${unread.name}: ${firstLine(unread.message)}` };
  if (report.numPassedTests === 0) return { kind: 'could-not-run', why: 'no test has that name' };
  return { kind: 'passed', tests: report.numPassedTests };
};

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Tests that start the built command need it built from the very source that is tested. */
const needsBuild = (file: string): boolean => file.startsWith('test/stories/');

export const openRunner = (): Runner => {
  const running = new Map<number, Promise<unknown>>();
  const start = async (cwd: string, argv: readonly [string, ...string[]], timeout: number) => {
    const [program, ...args] = argv;
    const child = execa(program, args, {
      cwd,
      stdin: 'ignore',
      all: true,
      reject: false,
      timeout,
      // A group of its own, so that what the tests started ends with it.
      detached: true,
    });
    const { pid } = child;
    if (pid !== undefined) running.set(pid, child);
    const result = await child;
    if (pid !== undefined) {
      running.delete(pid);
      endGroup(pid);
    }
    return result;
  };
  const run = async ({ checkout, files, named, timeout }: TestRequest): Promise<TestsEnd> => {
    if (files.some(needsBuild)) {
      const built = await start(checkout, ['npm', 'run', 'build'], timeout);
      if (built.exitCode !== 0) return { kind: 'could-not-run', why: `npm run build: ${firstLine(built.all ?? '')}` };
    }
    const output = `${checkout}.report.json`;
    rmSync(output, { force: true });
    const vitest = join(checkout, 'node_modules', 'vitest', 'vitest.mjs');
    // One word: a name may begin with a dash.
    const pattern = named.length === 0 ? [] : [`--testNamePattern=${named.map(escaped).join('|')}`];
    const options = ['run', '--config', 'test/vitest.config.ts', '--bail', '1', '--maxWorkers', '1'];
    const report = ['--reporter', 'json', '--outputFile', output];
    const ended = await start(
      checkout,
      [process.execPath, vitest, ...options, ...report, ...pattern, ...files],
      timeout,
    );
    if (ended.timedOut) return { kind: 'could-not-run', why: `no end after ${timeout / 1000} s` };
    if (!existsSync(output)) return { kind: 'could-not-run', why: firstLine(ended.all ?? '') };
    return endOf(JSON.parse(readFileSync(output, 'utf8')) as Report);
  };
  return {
    run,
    stop: async () => {
      for (const pid of running.keys()) endGroup(pid);
      await Promise.allSettled(running.values());
    },
  };
};

const endGroup = (pid: number): void => {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // All of it is over.
  }
};
