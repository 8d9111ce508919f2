/** Runs one reading git command: no network, no lock, no pager, no user's language, and an answer for every exit code. */
import { existsSync } from 'node:fs';
import { LockstepError, messageOf } from '../../domain/errors.ts';
import { maskText } from '../../domain/mask-text.ts';
import { defaultSecrets } from '../../domain/secrets.ts';
import { cleanEnvironment, type Environment } from '../environment.ts';

export interface GitAnswer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs git in a folder. Throws `process-failed` only when git itself cannot be started. */
export type GitRunner = (dir: string, args: readonly string[]) => Promise<GitAnswer>;

/**
 * What reading adds to the environment. A partial clone must answer "not here" at once instead of asking its remote:
 * GIT_NO_LAZY_FETCH for a git that knows it, and no allowed transport for an older one.
 */
export const readingEnvironment: Readonly<Record<string, string>> = {
  GIT_NO_LAZY_FETCH: '1',
  GIT_ALLOW_PROTOCOL: 'none',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_TERMINAL_PROMPT: '0',
  LC_ALL: 'C',
  LANGUAGE: 'C',
};

/** simple-git drops every GIT_* that is not named here, and refuses to run when one that it guards is passed all the same. */
const allowed = [
  ...Object.keys(readingEnvironment),
  'GIT_CEILING_DIRECTORIES',
  'GIT_CONFIG_GLOBAL',
  'GIT_CONFIG_NOSYSTEM',
  'GIT_CONFIG_SYSTEM',
  'GIT_DISCOVERY_ACROSS_FILESYSTEM',
];
const guarded = /^(?:GIT_.*|EDITOR|VISUAL|PAGER|PREFIX|SSH_ASKPASS)$/i;

const environmentFor = (base: Environment): Record<string, string> => ({
  ...Object.fromEntries(
    Object.entries(cleanEnvironment(base)).filter(
      ([name]) => !guarded.test(name) || allowed.includes(name.toUpperCase()),
    ),
  ),
  ...readingEnvironment,
});

/** A runner with simple-git underneath, loaded at the first call. */
export const gitRunner = (baseEnv: Environment): GitRunner => {
  const env = environmentFor(baseEnv);
  return async (dir, args) => {
    if (!existsSync(dir)) return { code: 128, stdout: '', stderr: `fatal: not a git repository: ${dir} is not there` };
    const { simpleGit } = await import('simple-git');
    let failure: { code: number; stdout: string; stderr: string } | undefined;
    // One instance a call: after a failure an instance drops the calls that are queued behind it.
    const git = simpleGit({
      baseDir: dir,
      allowEnvironment: allowed,
      // The caller's own choice of configuration files, and reading commands only.
      unsafe: { allowUnsafeConfigPaths: true },
      errors: (error, { exitCode, stdOut, stdErr }) => {
        if (exitCode === 0 && error === undefined) return undefined;
        // Without this, an exit of 1 with nothing said counts as success.
        const stderr = Buffer.concat(stdErr).toString('utf8').trim();
        // No exit code means that a signal ended it, such as SIGPIPE when a forbidden transport refuses to start.
        const code = typeof exitCode === 'number' ? exitCode : 128;
        failure = { code, stdout: Buffer.concat(stdOut).toString('utf8'), stderr };
        return error ?? new Error(stderr);
      },
    }).env(env);
    try {
      return { code: 0, stdout: await git.raw([...args]), stderr: '' };
    } catch (error) {
      // A negative code means that there was no process at all.
      if (failure !== undefined && failure.code > 0) return failure;
      throw new LockstepError('process-failed', `git cannot be run in ${dir}: ${messageOf(error).split('\n')[0]}`, {
        hint: 'install git and see that it is on PATH',
        cause: error,
      });
    }
  };
};

/** The error of a git command that should have worked. */
export const gitFailed = (dir: string, args: readonly string[], stderr: string): LockstepError => {
  const lines = maskText(stderr, defaultSecrets)
    .split('\n')
    .filter((line) => line !== '');
  const dubious = /dubious ownership/.test(stderr);
  return new LockstepError(
    'process-failed',
    `git ${args[0] ?? ''} failed in ${dir}: ${lines[0] ?? 'it said nothing'}`,
    {
      details: lines.slice(1, 10),
      ...(dubious ? { hint: `git config --global --add safe.directory ${dir}` } : {}),
    },
  );
};
