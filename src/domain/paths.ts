/** Paths of a target: absolute on disk, and *rooted* (portable, in receipts and plans). Pure; no disk is read. */
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { LockstepError } from './errors.ts';

/** Where Lockstep may write in one target: absolute real paths. The Python prefix and the checkout may lie outside the folder. */
export interface Roots {
  readonly target: string;
  readonly python?: string;
  readonly checkout?: string;
}

export type RootName = keyof Roots;

/**
 * A path of a target that survives moving the target: `docs/a.md` under the target's folder,
 * `@python/…` and `@checkout/…` under the other roots, always with forward slashes.
 * A file of the target's folder whose own name starts with `@` is written `./@name`.
 */
export type RootedPath = string;

/** An absolute path with no part that has to be worked out: no `.`, no `..`, nothing empty. */
const isPlain = (path: string): boolean => sep === '/' && path[0] === '/' && !/\/\.{0,2}(?:\/|$)/.test(path);

/**
 * `path` relative to `root`, with forward slashes: empty for `root` itself, undefined when it does not lie there. Both
 * absolute. Never by string prefix alone: `/repo-evil` is not in `/repo`.
 */
export const below = (root: string, path: string): string | undefined => {
  // The same answer as below, a tenth of the work: it is asked for every file of a target.
  if (isPlain(path) && isPlain(root)) {
    if (!path.startsWith(root)) return undefined;
    if (path.length === root.length) return '';
    return path[root.length] === '/' ? path.slice(root.length + 1) : undefined;
  }
  const rel = relative(root, path);
  if (rel === '..' || rel.startsWith(`..${sep}`) || isAbsolute(rel)) return undefined;
  return rel.split(sep).join('/');
};

/** Whether `path` is `root` or lies below it. Both absolute. */
export const isInside = (root: string, path: string): boolean => below(root, path) !== undefined;

const rootOrder: readonly RootName[] = ['target', 'checkout', 'python'];

/** The root that holds an absolute path: the target's folder first. undefined when it lies in none. */
export const rootOf = (roots: Roots, absolute: string): RootName | undefined =>
  rootOrder.find((name) => {
    const root = roots[name];
    return root !== undefined && isInside(root, absolute);
  });

/** The rooted form of an absolute path. Throws `path-refused` when it lies in no root. */
export const toRooted = (roots: Roots, absolute: string): RootedPath => {
  const name = rootOf(roots, absolute);
  const rel = name === undefined ? undefined : below(roots[name] ?? '', absolute);
  if (name === undefined || rel === undefined) {
    throw new LockstepError('path-refused', `${absolute} lies outside the target's roots`);
  }
  if (name !== 'target') return `@${name}/${rel}`;
  return rel.startsWith('@') ? `./${rel}` : rel;
};

/** The rooted form of a folder that is shown; nothing where it lies in no root. */
export const shownPath = (roots: Roots, absolute: string): { readonly path?: RootedPath } =>
  rootOf(roots, absolute) === undefined ? {} : { path: toRooted(roots, absolute) };

/** The absolute path of a rooted one. Throws `path-refused` when it climbs out or names a root that the target lacks. */
export const toAbsolute = (roots: Roots, path: RootedPath): string => {
  const other = /^@(python|checkout)\/(.*)$/s.exec(path);
  const root = other ? roots[other[1] as RootName] : roots.target;
  const rel = other ? (other[2] ?? '') : path;
  const absolute = root === undefined ? undefined : resolve(root, rel);
  if (root === undefined || absolute === undefined || isAbsolute(rel) || !isInside(root, absolute)) {
    throw new LockstepError('path-refused', `${path} does not lie under the target's roots`);
  }
  return absolute;
};

/** `a//b/./c/` as `a/b/c`. Throws `path-refused` for an absolute path or one that climbs out with `..`. */
export const cleanRelative = (path: string): string => {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (path.startsWith('/') || parts.includes('..')) {
    throw new LockstepError('path-refused', `${path} is not a path below the project`);
  }
  return parts.join('/');
};
