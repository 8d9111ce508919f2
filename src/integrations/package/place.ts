/** Where a target's package may lie: everything that reads or plans a package file asks here first. */
import { dirname, join } from 'node:path';
import { LockstepError } from '../../domain/errors.ts';
import { isInside, type RootedPath, rootOf, toRooted } from '../../domain/paths.ts';
import type { TargetContext } from '../target-context.ts';

export interface PackagePlace {
  /** The site-packages folder, real path. */
  readonly site: string;
  /** Folder of console scripts; null when the target's Python did not say. */
  readonly scripts: string | null;
  readonly prefix: string | null;
  /** The rooted form of a path. Throws `path-refused` outside of these places. */
  readonly rooted: (absolute: string) => RootedPath;
}

export type PlaceContext = Pick<TargetContext, 'layout' | 'ports'>;

/**
 * The places of a target's package; undefined when it has no site-packages folder. A RECORD may name any path, and
 * what it names is later replaced or removed: so only its own Python's places count, inside the target's roots.
 */
export const packagePlace = ({ layout, ports }: PlaceContext): PackagePlace | undefined => {
  if (layout.site === null) return undefined;
  const real = (path: string): string => ports.files.real(path) ?? path;
  const site = real(layout.site);
  const scripts = layout.python === null ? null : real(layout.python.scripts);
  const prefix = layout.python === null ? null : real(layout.python.prefix);
  const places = [site, scripts, prefix].filter((place) => place !== null);
  return {
    site,
    scripts,
    prefix,
    rooted: (absolute) => {
      if (!places.some((place) => isInside(place, absolute)) || rootOf(layout.roots, absolute) === undefined) {
        throw new LockstepError(
          'path-refused',
          `${absolute} is named as a file of the package, but lies outside of the target's Python`,
          {
            hint: `look at the RECORD files in ${site}`,
          },
        );
      }
      return toRooted(layout.roots, absolute);
    },
  };
};

/** Throws `path-refused` when a symbolic link on the way to a path leads elsewhere. */
export const refuseLinkedFolder = ({ files }: Pick<PlaceContext['ports'], 'files'>, absolute: string): void => {
  let folder = dirname(absolute);
  while (files.stat(folder) === undefined && dirname(folder) !== folder) folder = dirname(folder);
  const real = files.real(folder);
  if (real === folder) return;
  throw new LockstepError(
    'path-refused',
    `${absolute} is reached through a symbolic link: ${folder} leads to ${real ?? 'nowhere'}`,
    {
      hint: 'replace the link by a folder, or leave this target out',
    },
  );
};

/** Bytecode is outside every comparison, backup and receipt. */
export const isBytecode = (path: string): boolean => /(^|[\\/])__pycache__([\\/]|$)|\.py[co]$/.test(path);

/** The folder of bytecode that belongs to a `.py`. */
export const cacheFolder = (path: string): string => join(dirname(path), '__pycache__');
