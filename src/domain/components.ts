/** Says which files of main a component wants in a target, and where; claims that collide or leave the component's grounds are refused. */
import { isAbsolute, join, posix, resolve } from 'node:path';
import picomatch from 'picomatch';
import { LockstepError } from './errors.ts';
import { foldersAbove } from './folders.ts';
import type { Refusal } from './grounds.ts';
import { cleanRelative, type RootedPath, type Roots, toRooted } from './paths.ts';
import type { ComponentSource, ComponentSpec, Into } from './project.ts';

/** One file of main's commit. */
export interface MainEntry {
  readonly path: string;
  /** Git's mode: 100644, 100755, 120000, 160000. */
  readonly mode: string;
  readonly blob: string;
  /** Bytes; null for a submodule or an object that is not here. */
  readonly size: number | null;
  /** The name is not UTF-8: `path` is git's quoting of it, and leads to no file. */
  readonly unnamed?: true;
}

export interface ComponentFile {
  readonly mainPath: string;
  readonly blob: string;
  readonly mode: string;
  readonly size: number | null;
  /** A symbolic link's text. */
  readonly link?: string;
}

export interface ResolvedComponent {
  readonly name: string;
  /** Sorted by path. */
  readonly files: ReadonlyMap<RootedPath, ComponentFile>;
  /** False when no source of it is meant for this type of target. */
  readonly applies: boolean;
  /** Why it does not apply; null when it does. */
  readonly cause: string | null;
  readonly warnings: readonly string[];
}

export interface ResolveRequest {
  readonly spec: ComponentSpec;
  /** The target's integration type. */
  readonly type: string;
  readonly roots: Roots;
  /** The run's commit, for messages. */
  readonly commit: string;
  readonly fill: (template: string) => string;
  /** Files at or below a path of main. */
  readonly entries: (path: string) => readonly MainEntry[];
  /** The text of a symbolic link's blob. */
  readonly linkText: (blob: string) => string | undefined;
  /** Why an absolute path may not be claimed (see `groundsOf`). */
  readonly refused: (absolute: string) => Refusal | undefined;
}

export const executable = (mode: string): boolean => (Number.parseInt(mode, 8) & 0o100) !== 0;

/** The template for a type; undefined when the type does not get it. */
export const intoFor = (into: Into, type: string): string | undefined => (typeof into === 'string' ? into : into[type]);

/** The absolute folder or file that an `into` means: relative to the target's folder. Throws `target-invalid` when it is empty. */
export const placeOf = (into: string, roots: Roots, fill: (template: string) => string): string => {
  const filled = fill(into);
  if (filled.trim() === '')
    throw new LockstepError('target-invalid', `\`into: ${into}\` comes out empty for this target`);
  return isAbsolute(filled) ? resolve(filled) : resolve(roots.target, filled);
};

/**
 * Where a link leads, relative to its source folder; undefined when it leaves it or might. `..` after a name is refused:
 * that name may itself be a link, so only the disk would know where it goes.
 */
const linkTarget = (path: string, text: string): string | undefined => {
  if (text === '' || text.startsWith('/') || /[\\\0]/.test(text)) return undefined;
  const parts = text.split('/').filter((part) => part !== '' && part !== '.');
  const climbs = parts.findIndex((part) => part !== '..');
  if (climbs !== -1 && parts.indexOf('..', climbs) !== -1) return undefined;
  const target = posix.normalize(posix.join(posix.dirname(path), ...parts));
  if (target === '..' || target.startsWith('../')) return undefined;
  return target === '.' ? '' : target;
};

interface Found {
  /** Below `into`. */
  readonly to: string;
  readonly file: ComponentFile;
}

const filesFrom = (
  from: string,
  source: ComponentSource,
  request: ResolveRequest,
  warnings: string[],
): readonly Found[] => {
  const root = cleanRelative(from);
  const entries = request.entries(root);
  if (entries.length === 0) {
    warnings.push(`${from} is not in main at ${request.commit.slice(0, 10)}`);
    return [];
  }
  const single = entries.length === 1 && entries[0]?.path === root;
  const place = (entry: MainEntry): string =>
    single ? posix.basename(root) : root === '' ? entry.path : entry.path.slice(root.length + 1);
  const excluded = picomatch([...source.exclude], { dot: true });
  const wanted = entries.filter((entry) => source.exclude.length === 0 || !excluded(place(entry)));
  const stands = (path: string): boolean =>
    path === '' || wanted.some((entry) => place(entry) === path || place(entry).startsWith(`${path}/`));
  const found: Found[] = [];
  for (const entry of wanted) {
    const { path: mainPath, blob, mode, size } = entry;
    if (entry.unnamed) {
      // Decoded, two such names could become one, and neither would be main's.
      warnings.push(`"${mainPath}" of main has a name that is not UTF-8: left out`);
      continue;
    }
    if (mode === '160000') {
      warnings.push(`${mainPath} is a submodule: left out`);
      continue;
    }
    if (mode !== '120000') {
      found.push({ to: place(entry), file: { mainPath, blob, mode, size } });
      continue;
    }
    const link = request.linkText(blob);
    const target = single || link === undefined ? undefined : linkTarget(place(entry), link);
    if (link === undefined || target === undefined || !stands(target)) {
      warnings.push(
        `${mainPath} is a symbolic link to ${link ?? 'an object that is not here'}, out of what is copied: left out`,
      );
    } else {
      found.push({ to: place(entry), file: { mainPath, blob, mode, size, link } });
    }
  }
  return found;
};

const claimedTwice = (path: string, first: string, second: string): LockstepError =>
  new LockstepError('target-invalid', `${path} is claimed twice: by ${first} and by ${second}`, {
    hint: 'give one of them another `into`, or exclude the file from one',
  });

/** Main's files come sorted, and mostly stay so: sorting thousands again is most of the work here. */
const sortedByPath = (files: ReadonlyMap<RootedPath, ComponentFile>): ReadonlyMap<RootedPath, ComponentFile> => {
  let last = '';
  for (const path of files.keys()) {
    if (path < last) return new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
    last = path;
  }
  return files;
};

/** Throws `path-refused` for a place that the component may not have, `target-invalid` for a path that two sources claim. */
export const resolveComponent = (request: ResolveRequest): ResolvedComponent => {
  const { spec, type, roots, refused } = request;
  const warnings: string[] = [];
  const files = new Map<RootedPath, ComponentFile>();
  const meant = spec.sources.filter((source) => intoFor(source.into, type) !== undefined);
  for (const source of meant) {
    const folder = placeOf(intoFor(source.into, type) ?? '', roots, request.fill);
    for (const from of source.from) {
      for (const { to, file } of filesFrom(from, source, request, warnings)) {
        const absolute = join(folder, to);
        const refusal = refused(absolute);
        if (refusal !== undefined) {
          throw new LockstepError(
            'path-refused',
            `${spec.name} may not put ${file.mainPath} at ${absolute}: ${refusal.cause}`,
            {
              hint: refusal.hint,
            },
          );
        }
        const path = toRooted(roots, absolute);
        const other = files.get(path);
        if (other !== undefined && other.mainPath !== file.mainPath) {
          throw claimedTwice(path, `${spec.name} (${other.mainPath})`, `${spec.name} (${file.mainPath})`);
        }
        files.set(path, file);
      }
    }
  }
  return {
    name: spec.name,
    files: sortedByPath(files),
    applies: meant.length > 0,
    cause: meant.length > 0 ? null : `${spec.name} has no \`into\` for targets of type ${type}`,
    warnings: [...new Set(warnings)],
  };
};

/**
 * Checks components against each other: every path belongs to one, and no file stands where another needs a folder.
 * @returns warnings for names that differ only in case, which some disks cannot tell apart.
 * Throws `target-invalid`, naming both sides.
 */
export const checkClaims = (components: readonly ResolvedComponent[]): readonly string[] => {
  const claims = new Map<RootedPath, string>();
  for (const { name, files } of components) {
    for (const [path, { mainPath }] of files) {
      const first = claims.get(path);
      if (first !== undefined) throw claimedTwice(path, first, `${name} (${mainPath})`);
      claims.set(path, `${name} (${mainPath})`);
    }
  }
  const warnings: string[] = [];
  const folded = new Map<string, RootedPath>();
  const free = new Set<RootedPath>();
  for (const [path, owner] of claims) {
    for (const parent of foldersAbove(path)) {
      // What lies above it was looked at with it.
      if (free.has(parent)) break;
      free.add(parent);
      const file = claims.get(parent);
      if (file !== undefined) throw claimedTwice(parent, `${file} as a file`, `${owner} as a folder`);
    }
    const key = path.normalize('NFC').toLowerCase();
    const twin = folded.get(key);
    if (twin !== undefined) warnings.push(`${twin} and ${path} are one file on disks that ignore case`);
    folded.set(key, path);
  }
  return warnings;
};
