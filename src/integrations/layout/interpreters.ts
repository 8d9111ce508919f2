/** Where a target's folder may hold its Python, in the order in which the places are tried. */
import { basename, dirname, join } from 'node:path';
import type { Files } from '../../ports.ts';

/** A folder that looks like a Python's prefix. */
export interface Candidate {
  readonly prefix: string;
  /** Absolute; may be a link that leads nowhere. null when the folder holds libraries but no interpreter. */
  readonly executable: string | null;
  /** What made it a candidate, for people. */
  readonly why: string;
}

const executables = ['bin/python', 'bin/python3', 'Scripts/python.exe', 'python.exe'];
const environments = ['.venv', 'venv', 'env'];
const portable = ['python_embeded', 'python_embedded', 'python', 'runtime'];

const has = (files: Files, ...path: [string, ...string[]]): boolean => files.stat(join(...path)) !== undefined;

const isDir = (files: Files, dir: string): boolean => {
  const real = files.real(dir);
  return real !== undefined && files.stat(real)?.kind === 'dir';
};

/** The name in a folder that equals one but for case: Windows trees are copied to systems that tell `Lib` from `lib`. */
const named = (files: Files, dir: string, name: string): string | undefined =>
  files.list(dir).find((entry) => entry.toLowerCase() === name);

/** The site-packages folders below a prefix: the Windows one, then those of `lib` and `lib64`, newest version first. */
export const siteFolders = (files: Files, prefix: string): readonly string[] => {
  const windows = named(files, prefix, 'lib');
  const direct = windows === undefined ? undefined : named(files, join(prefix, windows), 'site-packages');
  const posix = ['lib', 'lib64'].flatMap((lib) =>
    files
      .list(join(prefix, lib))
      .filter((name) => /^python3\.\d+$/.test(name))
      .sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
      .map((name) => join(prefix, lib, name, 'site-packages')),
  );
  const all = [...(windows && direct ? [join(prefix, windows, direct)] : []), ...posix];
  return all.filter((dir) => isDir(files, dir));
};

/** What a folder holds that makes it a Python's prefix; undefined when there is no sign of one. */
const candidateAt = (files: Files, prefix: string, why: string): Candidate | undefined => {
  if (!isDir(files, prefix)) return undefined;
  const executable = executables.map((name) => join(prefix, name)).find((path) => has(files, path));
  const isPrefix =
    executable !== undefined || has(files, prefix, 'pyvenv.cfg') || siteFolders(files, prefix).length > 0;
  return isPrefix ? { prefix, executable: executable ?? null, why } : undefined;
};

/** Folders below `dir` that hold a file of a name, at most three levels down; what git and npm keep is not looked into. */
const holders = (files: Files, dir: string, file: string, depth: number): string[] =>
  files
    .glob(
      [
        ...Array.from({ length: depth }, (_, level) => `${'*/'.repeat(level + 1)}${file}`),
        '!**/node_modules/**',
        '!**/.git/**',
        '!**/.lockstep/**',
      ],
      dir,
    )
    .map((path) => dirname(path));

/**
 * Candidates below a target's folder, likeliest first: `.venv`, `venv`, `env`; a portable Python in `python_embeded`,
 * `python_embedded`, `python`, `runtime`; conda (`conda-meta`) in the folder or in one below it; the folder itself;
 * any environment (`pyvenv.cfg`) up to three levels down, looked for only when nothing else was found.
 */
export const findInterpreters = (files: Files, dir: string): readonly Candidate[] => {
  const at = (prefix: string, why: string): Candidate[] => {
    const found = candidateAt(files, prefix, why);
    return found === undefined ? [] : [found];
  };
  const usual = [
    ...environments.flatMap((name) => at(join(dir, name), `a virtual environment in ${name}`)),
    ...portable.flatMap((name) => at(join(dir, name), `a portable Python in ${name}`)),
    ...(has(files, dir, 'conda-meta') ? at(dir, 'a conda environment') : []),
    ...holders(files, dir, 'conda-meta', 1).flatMap((prefix) =>
      at(prefix, `a conda environment in ${basename(prefix)}`),
    ),
    ...at(dir, 'the folder itself is a Python'),
  ];
  const distinct = usual.filter((one, index) => usual.findIndex((other) => other.prefix === one.prefix) === index);
  if (distinct.length > 0) return distinct;
  return holders(files, dir, 'pyvenv.cfg', 3).flatMap((prefix) =>
    at(prefix, `a virtual environment in ${prefix.slice(dir.length + 1)}`),
  );
};

/** The candidate that an interpreter belongs to, by where it lies. */
export const candidateOf = (executable: string): Candidate => {
  const dir = dirname(executable);
  const inPrefix = ['bin', 'scripts'].includes(basename(dir).toLowerCase());
  return { executable, prefix: inPrefix ? dirname(dir) : dir, why: 'named with --python' };
};
