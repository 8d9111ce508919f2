/** Reads the paths that somebody names of a target: absolute, relative to its folder, or as plans write them. */
import { isAbsolute } from 'node:path';
import { LockstepError } from '../../domain/errors.ts';
import { type RootedPath, type Roots, toAbsolute, toRooted } from '../../domain/paths.ts';

/** Throws `path-refused` for one outside of the target's roots, `usage` for an empty one. */
export const pathsNamed = (roots: Roots, words: readonly string[]): readonly RootedPath[] => [
  ...new Set(
    words.map((word) => {
      if (word === '') throw new LockstepError('usage', '--path is empty', { hint: 'for example --path docs/a.md' });
      const path = toRooted(roots, isAbsolute(word) ? word : toAbsolute(roots, word));
      if (path !== '' && !/^@(?:python|checkout)\/$/.test(path)) return path;
      throw new LockstepError('usage', `--path ${word} is a whole root of the target`, {
        hint: 'leave --path out to restore all of it',
      });
    }),
  ),
];
