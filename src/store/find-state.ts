/** Finds a main project and its state by reading files alone, for what has no time to start a git process. */
import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { Files as AllFiles } from '../ports.ts';

type Files = Pick<AllFiles, 'stat' | 'real' | 'readText'>;

export interface FoundMain {
  /** The work tree that holds the configuration. */
  readonly root: string;
  /** Of this work tree: a linked one has its own. */
  readonly gitDir: string;
  readonly commonDir: string;
}

/** What `.git` leads to: itself, or for a linked worktree and a submodule the folder that it names. */
const gitDirAt = (files: Files, root: string): string | undefined => {
  const path = join(root, '.git');
  const kind = files.stat(path)?.kind;
  if (kind === 'dir' || kind === 'link') return files.real(path);
  if (kind !== 'file') return undefined;
  const named = /^gitdir: (.+?)\s*$/.exec(files.readText(path))?.[1];
  return named === undefined ? undefined : resolve(root, named);
};

const commonDirOf = (files: Files, gitDir: string): string => {
  const path = join(gitDir, 'commondir');
  if (files.stat(path)?.kind !== 'file') return gitDir;
  const named = files.readText(path).trim();
  return isAbsolute(named) ? named : resolve(gitDir, named);
};

/** Where git would find it too, but for repositories that the environment names. undefined when there is none. */
export const findMainFiles = (files: Files, dir: string, configName: string): FoundMain | undefined => {
  for (let at = files.real(dir) ?? dir; ; at = dirname(at)) {
    const gitDir = gitDirAt(files, at);
    if (gitDir !== undefined) {
      const config = files.stat(join(at, configName));
      return config === undefined ? undefined : { root: at, gitDir, commonDir: commonDirOf(files, gitDir) };
    }
    if (dirname(at) === at) return undefined;
  }
};
