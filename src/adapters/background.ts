/** Starts programs that outlive this process: in a session of their own, so that a terminal that closes does not end them. */
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { LockstepError } from '../domain/errors.ts';
import type { Background } from '../ports.ts';
import { cleanEnvironment, type Environment } from './environment.ts';

/** @param base what they get of an environment, once it is cleaned. */
export const startInBackground = (base: Environment): Background => ({
  start: ({ argv: [program, ...args], cwd, env, output }) => {
    mkdirSync(dirname(output), { recursive: true, mode: 0o700 });
    const log = openSync(output, 'a', 0o600);
    try {
      const child = spawn(program, args, {
        cwd,
        detached: true,
        stdio: ['ignore', log, log],
        env: { ...cleanEnvironment(base), ...env },
        windowsHide: true,
      });
      const ended = new Promise<number | null>((resolve) => {
        child.once('exit', resolve);
        child.once('error', () => resolve(null));
      });
      if (child.pid === undefined) {
        throw new LockstepError('process-failed', `${program} cannot be started in ${cwd}`, {
          hint: `check that ${program} and ${cwd} are there`,
        });
      }
      child.unref();
      return { pid: child.pid, ended };
    } finally {
      closeSync(log);
    }
  },
});
