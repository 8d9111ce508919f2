/** Sorts paths into categories. A path belongs to every category whose globs match it, and is listed under each. */
import picomatch from 'picomatch';
import type { CategoryRule } from './change.ts';

/**
 * How globs are read everywhere: `*` stops at a slash, `**` does not, names with a leading dot are no exception,
 * and a newline is a character like another. Paths of git have forward slashes on every platform.
 */
const options = { dot: true, windows: false, flags: 's' } as const;

/** A test of paths against globs, compiled once. No globs match nothing. */
export const compileGlobs = (globs: readonly string[]): ((path: string) => boolean) => {
  if (globs.length === 0) return () => false;
  const matches = picomatch([...globs], options);
  return (path) => matches(path);
};

export interface Categories {
  /** The rules that claim a path, in the order of the configuration. */
  of(path: string): readonly CategoryRule[];
}

/** Compiles the rules; each path is looked at once. */
export const openCategories = (rules: readonly CategoryRule[]): Categories => {
  const compiled = rules.map((rule) => ({ rule, matches: compileGlobs(rule.paths) }));
  const known = new Map<string, readonly CategoryRule[]>();
  return {
    of: (path) => {
      const found = known.get(path) ?? compiled.filter(({ matches }) => matches(path)).map(({ rule }) => rule);
      known.set(path, found);
      return found;
    },
  };
};
