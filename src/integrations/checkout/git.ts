/** Runs git for one clone: without hooks, locks, network or a monitor, and with an error for every failure. */
import { LockstepError } from '../../domain/errors.ts';
import { maskText } from '../../domain/mask-text.ts';
import { defaultSecrets } from '../../domain/secrets.ts';
import type { Ports } from '../../ports.ts';
import type { TargetContext } from '../target-context.ts';

export type GitContext = Pick<TargetContext, 'signal'> & { readonly ports: Pick<Ports, 'processes'> };

export interface GitCall {
  readonly cwd: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** What the clone's own configuration must not start: its hooks and monitors are pulled code. */
const quiet = ['core.hooksPath=/dev/null', 'core.fsmonitor=false', 'core.splitIndex=false', 'pack.threads=1'];

const environment = {
  GIT_OPTIONAL_LOCKS: '0',
  GIT_NO_LAZY_FETCH: '1',
  GIT_TERMINAL_PROMPT: '0',
  LC_ALL: 'C',
  LANGUAGE: 'C',
};

const run = (context: GitContext, { cwd, args, env, input }: GitCall) =>
  context.ports.processes.run({
    argv: ['git', ...quiet.flatMap((setting) => ['-c', setting]), ...args],
    cwd,
    env: { ...environment, ...env },
    ...(input === undefined ? {} : { input }),
    signal: context.signal,
    as: 'git',
  });

/** What git printed; undefined when it ended with any other code than 0. */
export const askGit = async (context: GitContext, call: GitCall): Promise<string | undefined> => {
  const { code, stdout } = await run(context, call);
  context.signal.throwIfAborted();
  return code === 0 ? stdout.toString('utf8') : undefined;
};

/** What git printed. Throws `process-failed`. */
export const runGit = async (context: GitContext, call: GitCall): Promise<string> => {
  const { code, stdout, stderr } = await run(context, call);
  context.signal.throwIfAborted();
  if (code === 0) return stdout.toString('utf8');
  const lines = maskText(stderr, defaultSecrets)
    .split('\n')
    .filter((line) => line !== '');
  throw new LockstepError(
    'process-failed',
    `git ${call.args[0] ?? ''} failed in ${call.cwd}: ${lines[0] ?? 'it said nothing'}`,
    { details: lines.slice(1, 10) },
  );
};
