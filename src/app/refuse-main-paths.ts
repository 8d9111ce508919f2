/** Why a path of the main project may not be written: it is tracked there, or it is git's own. */
import { relative, sep } from 'node:path';
import { isInside } from '../domain/paths.ts';
import type { Files } from '../ports.ts';
import type { MainProject } from './main-project.ts';

/** A predicate for TreeBounds: the reason for a refusal, undefined for a path that may be written. */
export const refuseMainPaths = async (
  main: Pick<MainProject, 'repo' | 'git'>,
  files: Pick<Files, 'real'>,
): Promise<(absolute: string) => string | undefined> => {
  const root = files.real(main.git.mainWorktree) ?? main.git.mainWorktree;
  const commonDir = files.real(main.git.commonDir) ?? main.git.commonDir;
  const tracked = new Set((await main.repo.read(['ls-files', '-z'])).split('\0'));
  return (absolute) => {
    if (isInside(commonDir, absolute)) return "it lies in the main project's git folder";
    if (!isInside(root, absolute)) return undefined;
    const path = relative(root, absolute).split(sep).join('/');
    return tracked.has(path) ? `${path} is tracked by the main project` : undefined;
  };
};
