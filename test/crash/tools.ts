/** The programs of a lane: the real ones, without the wrappers of version managers, each of which costs a trial half a second. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

/** What a sync and its trials start by name. */
const names = ['git', 'sh', 'env', 'cp', 'mkdir', 'rm', 'strace'];

const onPath = (name: string): string | undefined =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .map((dir) => join(dir, name))
    .find((path) => existsSync(path));

/** The interpreter behind `python3`. Throws when there is none. */
export const realPython = (): string => {
  const asked = spawnSync('python3', ['-c', 'import os, sys; print(os.path.realpath(sys.executable))'], {
    encoding: 'utf8',
  });
  if (asked.status !== 0) throw new Error(`python3 cannot be started: ${asked.stderr}`);
  return asked.stdout.trim();
};

/** Makes a folder of links to the programs, and answers with the PATH that holds them and Python. */
export const toolsIn = (dir: string): string => {
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  const python = realPython();
  for (const [name, path] of [
    ...names.map((one) => [one, onPath(one)] as const),
    ['node', process.execPath] as const,
  ]) {
    if (path !== undefined) symlinkSync(realpathSync(path), join(dir, name));
  }
  return [dir, dirname(python)].join(delimiter);
};
