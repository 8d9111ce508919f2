/** Finds what changed under a target's roots while a program ran and that it did not declare, by stat data alone. */
import { join, relative, sep } from 'node:path';
import { isInside, type Roots, toRooted } from '../../domain/paths.ts';
import { declaredWrites, isNeverDeclared } from '../../domain/write-globs.ts';
import type { Files, Stat } from '../../ports.ts';

export type RootsSight = ReadonlyMap<string, Stat>;

/** Of each file, link and folder below the roots; what is compiled, git's and Lockstep's own are left out. */
export const lookAtRoots = (files: Pick<Files, 'walk'>, roots: Roots): RootsSight => {
  const all = [...new Set(Object.values(roots).filter((root): root is string => root !== undefined))];
  const tops = all.filter((root) => !all.some((other) => other !== root && isInside(other, root)));
  const skip = (path: string): boolean => isNeverDeclared(path.slice(path.lastIndexOf('/') + 1));
  return new Map(
    tops.flatMap((root) => files.walk(root, skip).map(({ path, stat }): [string, Stat] => [join(root, path), stat])),
  );
};

/** Folders change whenever something in them does: that is told of the thing itself. */
const differs = (a: Stat, b: Stat): boolean =>
  a.kind !== b.kind ||
  a.mode !== b.mode ||
  (a.kind !== 'dir' && (a.size !== b.size || a.ino !== b.ino || a.mtimeNs !== b.mtimeNs || a.ctimeNs !== b.ctimeNs));

/** Paths that came, went or changed, sorted; a new or gone folder is told by what is in it, if anything is. */
export const undeclared = (
  before: RootsSight,
  after: RootsSight,
  { roots, globs }: { readonly roots: Roots; readonly globs: readonly string[] },
): readonly string[] => {
  const { covers, leadsTo } = declaredWrites(globs);
  const isDeclared = (absolute: string, { kind }: Stat): boolean => {
    if (!isInside(roots.target, absolute)) return false;
    const path = relative(roots.target, absolute).split(sep).join('/');
    return covers(path) || (kind === 'dir' && leadsTo(path));
  };
  const found: { readonly path: string; readonly stat: Stat; readonly sign: string }[] = [];
  for (const [path, stat] of after) {
    const old = before.get(path);
    if (old === undefined) found.push({ path, stat, sign: '+' });
    else if (differs(old, stat)) found.push({ path, stat, sign: '~' });
  }
  for (const [path, stat] of before) if (!after.has(path)) found.push({ path, stat, sign: '-' });
  const mine = found.filter(({ path, stat }) => !isDeclared(path, stat));
  const holds = (folder: string): boolean => mine.some(({ path }) => path !== folder && isInside(folder, path));
  return mine
    .filter(({ path, stat, sign }) => stat.kind !== 'dir' || sign === '~' || !holds(path))
    .map(({ path, sign }) => `${sign} ${toRooted(roots, path)}`)
    .sort((a, b) => (a.slice(2) < b.slice(2) ? -1 : 1));
};

const shownPaths = 10;

/** One line for all of them; undefined for none. */
export const undeclaredText = (id: string, paths: readonly string[]): string | undefined => {
  if (paths.length === 0) return undefined;
  const more = paths.length - shownPaths;
  const list = [...paths.slice(0, shownPaths), ...(more > 0 ? [`and ${more} more`] : [])].join(', ');
  return `${id}: while it ran, what it does not declare under \`writes\` changed, and is not undone with it: ${list}`;
};
