/** Knows which compiled files belong to a Python source; they may appear and change at any moment, by any Python. */
import { basename, dirname, join } from 'node:path';

const cache = '__pycache__';

/** Whether a path is a bytecode cache folder or a compiled file in one. */
export const isBytecode = (path: string): boolean =>
  basename(path) === cache || (basename(dirname(path)) === cache && /\.py[co]$/.test(path));

export const isPythonSource = (path: string): boolean => path.endsWith('.py');

/** The folder that holds the compiled files of a source. */
export const cacheOf = (source: string): string => join(dirname(source), cache);

/** The names among `names` that were compiled from a source, whichever Python did it. */
export const compiledFrom = (source: string, names: readonly string[]): readonly string[] => {
  const stem = basename(source).replace(/py$/, '');
  return names.filter((name) => name.startsWith(stem) && name.endsWith('.pyc'));
};
