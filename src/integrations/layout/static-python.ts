/** What a Python's files alone say of it, for an interpreter that cannot run on this machine. */
import { basename, dirname, join, resolve } from 'node:path';
import { findInstallations } from '../../domain/installations.ts';
import { dirAt, pthFolders, textAt } from '../../domain/sites.ts';
import type { PythonFacts } from '../../domain/target.ts';
import type { Files } from '../../ports.ts';
import { type Candidate, siteFolders } from './interpreters.ts';

export interface StaticPython {
  readonly facts: PythonFacts;
  /** What its `sys.path` would hold of third-party folders, in order. */
  readonly path: readonly string[];
  /** What a person should know of it. */
  readonly notes: readonly string[];
}

interface Clues {
  readonly config: ReadonlyMap<string, string>;
  /** `python311._pth` and its text; such a file replaces the whole search path of a Windows Python. */
  readonly pth: { readonly name: string; readonly text: string } | undefined;
  readonly names: readonly string[];
}

const cluesOf = (files: Files, prefix: string): Clues => {
  const names = files.list(prefix);
  const pth = names.find((name) => /^python\d*\._pth$/i.test(name));
  const lines = (textAt(files, join(prefix, 'pyvenv.cfg')) ?? '').split(/\r?\n/);
  const pairs = lines.flatMap((line) => {
    const pair = /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(line);
    return pair === null ? [] : [[(pair[1] ?? '').toLowerCase(), pair[2] ?? ''] as const];
  });
  return {
    names,
    config: new Map(pairs),
    pth: pth === undefined ? undefined : { name: pth, text: textAt(files, join(prefix, pth)) ?? '' },
  };
};

/** From the most to the least exact: `pyvenv.cfg`, conda's record, the dll or `._pth` file's name, the library folder's name. */
const versionOf = (files: Files, prefix: string, clues: Clues, site: string): string => {
  const configured = clues.config.get('version') ?? clues.config.get('version_info');
  const exact = configured === undefined ? undefined : /^3(?:\.\d+){1,2}/.exec(configured)?.[0];
  if (exact !== undefined) return exact;
  const conda = files
    .list(join(prefix, 'conda-meta'))
    .flatMap((name) => /^python-(3\.\d+\.\d+)-[^-]*\.json$/.exec(name)?.[1] ?? [])[0];
  if (conda !== undefined) return conda;
  const short = clues.names.flatMap((name) => /^python3(\d{1,2})\.(?:dll|_pth|zip)$/i.exec(name)?.[1] ?? [])[0];
  if (short !== undefined) return `3.${short}`;
  return /^python(3\.\d+)$/.exec(basename(dirname(site)))?.[1] ?? '';
};

/** Folders that a `._pth` file names, and whether it lets `site` add site-packages. */
const readPth = (prefix: string, text: string): { readonly folders: string[]; readonly site: boolean } => {
  const lines = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((line) => line.replace(/#.*$/, '').trim())
    .filter((line) => line !== '');
  return {
    site: lines.some((line) => /^import\s+site$/.test(line)),
    folders: lines.filter((line) => !/^import\s/.test(line)).map((line) => resolve(prefix, line.replaceAll('\\', '/'))),
  };
};

/** undefined when the folder holds no sign of where packages go. */
export const readPython = (files: Files, { prefix, executable }: Candidate): StaticPython | undefined => {
  const clues = cluesOf(files, prefix);
  const found = siteFolders(files, prefix);
  const isWindows =
    executable?.endsWith('.exe') === true ||
    clues.pth !== undefined ||
    clues.names.some((name) => name === 'Scripts' || /^python3\d*\.dll$/i.test(name));
  const wanted = clues.config.get('version') ?? clues.config.get('version_info') ?? '';
  const fitting = found.find((dir) => wanted.startsWith(`${basename(dirname(dir)).replace(/^python/, '')}.`));
  const site = fitting ?? found[0] ?? (isWindows ? join(prefix, 'Lib', 'site-packages') : undefined);
  if (site === undefined) return undefined;

  const pth = clues.pth === undefined ? undefined : readPth(prefix, clues.pth.text);
  const sees = pth === undefined || pth.site || pth.folders.some((dir) => dir.toLowerCase() === site.toLowerCase());
  const sites = [site, ...found.filter((dir) => dir !== site && basename(dirname(dir)) === basename(dirname(site)))];
  const fromSite = pth === undefined || pth.site ? sites.flatMap((dir) => [dir, ...pthFolders(files, dir)]) : [];
  const path = [...new Set([...(pth?.folders ?? []), ...fromSite])];
  const managed = [join(prefix, 'Lib'), dirname(site)].some(
    (dir) => textAt(files, join(dir, 'EXTERNALLY-MANAGED')) !== undefined,
  );
  const real = dirAt(files, site) ?? site;
  return {
    path,
    notes: sees
      ? []
      : [
          `${clues.pth?.name} does not say \`import site\`: this Python sees nothing of ${basename(dirname(site))}/site-packages`,
        ],
    facts: {
      executable: executable ?? join(prefix, isWindows ? 'python.exe' : 'bin/python'),
      version: versionOf(files, prefix, clues, site),
      prefix,
      purelib: real,
      platlib: real,
      scripts: join(prefix, isWindows ? 'Scripts' : 'bin'),
      data: prefix,
      pip: findInstallations(files, path, { packageName: 'pip', importName: 'pip' })[0]?.version ?? null,
      externallyManaged: managed && clues.config.size === 0,
      platform: isWindows ? 'windows' : 'posix',
    },
  };
};
