/** Runs the built command as a user does, in a sandbox. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const built = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

export interface Answer {
  readonly exit: number | null;
  readonly out: string;
  readonly err: string;
}

/** `lockstep <words>` in a folder. */
export const lockstep = (cwd: string, ...words: readonly string[]): Answer => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [built, ...words], {
    cwd,
    encoding: 'utf8',
    timeout: 120_000,
  });
  return { exit: status, out: stdout, err: stderr };
};

/** The last JSON line that a command with `--json` printed. */
export const lastObject = (answer: Answer): Record<string, unknown> =>
  JSON.parse(answer.out.trim().split('\n').at(-1) ?? '{}');
