/** Runs a program as if it had been typed: it has this terminal, and ends as it will. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { LockstepError, messageOf } from '../domain/errors.ts';
import { cleanEnvironment, type Environment } from './environment.ts';

export interface AttachedRequest {
  readonly argv: readonly [string, ...string[]];
  readonly cwd: string;
  /** Added to the cleaned environment. */
  readonly env: Readonly<Record<string, string>>;
  /** `beside`: what it prints goes to standard error, for a program reads standard output. */
  readonly output: 'shown' | 'beside';
}

/** Its exit code; 128 and the signal's number for one that a signal ended, as shells have it. Throws `process-failed` when it cannot be started. */
export const runAttached =
  (base: Environment) =>
  async ({ argv: [program, ...args], cwd, env, output }: AttachedRequest): Promise<number> =>
    new Promise((resolve, reject) => {
      const child = spawn(program, args, {
        cwd,
        env: { ...cleanEnvironment(base), ...env },
        stdio: ['inherit', output === 'shown' ? 'inherit' : 2, 'inherit'],
      });
      child.once('error', (cause) => {
        const message = `${program} cannot be started in ${cwd}: ${messageOf(cause)}`;
        reject(new LockstepError('process-failed', message, { cause, hint: `check that ${program} is on PATH` }));
      });
      child.once('close', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
    });
