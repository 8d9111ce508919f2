/** Decides where Lockstep may write beside a target's folder: never in a system's Python, never in the main project. */
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { isInside } from '../../domain/paths.ts';
import { textAt } from '../../domain/sites.ts';
import type { PythonFacts } from '../../domain/target.ts';
import type { Files } from '../../ports.ts';

/** Absolute real paths. */
export interface Surroundings {
  readonly target: string;
  readonly mainRoot: string;
}

/** Prefixes that belong to the machine: whatever runs there is not one target's own. */
const systemPrefixes = new Set(['/', '/usr', '/usr/local', '/opt', '/opt/homebrew', '/opt/local']);

export type PythonRoot =
  /** The prefix lies inside the target's folder and needs no root of its own. */
  | { readonly kind: 'inside' }
  | { readonly kind: 'outside'; readonly root: string }
  | { readonly kind: 'refused'; readonly why: string };

/** Whether a Python's prefix, a real path, may be written to for this target. */
export const pythonRoot = (
  facts: Pick<PythonFacts, 'prefix' | 'externallyManaged'>,
  { target, mainRoot }: Surroundings,
): PythonRoot => {
  const { prefix } = facts;
  if (isInside(target, prefix)) return { kind: 'inside' };
  const refused = (why: string): PythonRoot => ({
    kind: 'refused',
    why: `${prefix} ${why}: Lockstep writes nothing there`,
  });
  if (facts.externallyManaged) return refused("is the system's own Python (externally managed)");
  if (systemPrefixes.has(prefix) || dirname(prefix) === prefix) return refused("is the system's own Python");
  if (isInside(prefix, target)) return refused("holds the target's folder itself");
  if (isInside(prefix, mainRoot)) return refused('holds the main project');
  return { kind: 'outside', root: prefix };
};

export interface Checkout {
  /** Real path: the top of the clone, or the installed folder itself when no clone of its own holds it. */
  readonly path: string;
  /** It is the main root, or another worktree of the main repository: never pulled, never written. */
  readonly linkedToMain: boolean;
  readonly isClone: boolean;
}

/** A linked worktree of the main repository shares its branches: moving one there moves it in main. */
const isWorktreeOf = (files: Files, top: string, mainRoot: string): boolean => {
  const git = join(top, '.git');
  if (files.stat(git)?.kind !== 'file') return false;
  const gitDir = /^gitdir:\s*(.+?)\s*$/m.exec(textAt(files, git) ?? '')?.[1];
  if (gitDir === undefined) return false;
  const real = files.real(resolve(top, gitDir));
  return real !== undefined && isInside(join(mainRoot, '.git', 'worktrees'), real);
};

const clonesAbove = (files: Files, location: string, last: string | undefined): string | undefined => {
  for (let dir = location; ; dir = dirname(dir)) {
    if (files.stat(join(dir, '.git')) !== undefined) return dir;
    if (dir === last || dirname(dir) === dir) return undefined;
  }
};

/**
 * The clone that an editable installation lives in; undefined when its folder is not on this machine.
 * A repository that merely happens to hold both the folder and the target (a home folder kept in git, the main
 * project around an ignored target) is not that clone; naming it with --checkout makes it so.
 */
export const findCheckout = (
  files: Files,
  location: string,
  { target, mainRoot }: Surroundings,
): Checkout | undefined => {
  const real = isAbsolute(location) ? files.real(location) : undefined;
  if (real === undefined) return undefined;
  const top = clonesAbove(files, real, isInside(target, real) ? target : undefined);
  if (top === undefined) return { path: real, linkedToMain: false, isClone: false };
  if (top === mainRoot || isWorktreeOf(files, top, mainRoot)) return { path: top, linkedToMain: true, isClone: true };
  const surrounds = top !== target && [target, mainRoot].some((dir) => isInside(top, dir));
  if (surrounds && top !== real) return { path: real, linkedToMain: false, isClone: false };
  return { path: top, linkedToMain: false, isClone: true };
};
