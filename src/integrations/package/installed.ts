/** Reads what is installed of one distribution in a target's site-packages, from its dist-info folders alone. */
import { join, resolve } from 'node:path';
import {
  type Identity,
  normaliseName,
  parseInfoName,
  parseMetadata,
  parseRecord,
  type RecordRow,
} from '../../domain/distributions.ts';
import { LockstepError } from '../../domain/errors.ts';
import type { RootedPath } from '../../domain/paths.ts';
import type { Files } from '../../ports.ts';
import type { TargetContext } from '../target-context.ts';
import { isBytecode, type PackagePlace } from './place.ts';

export interface InstalledFile {
  readonly absolute: string;
  readonly path: RootedPath;
  /** The sha256 that RECORD names, as hex; null when it names none. */
  readonly base: string | null;
  readonly metadata: boolean;
}

export interface InstalledCopy {
  readonly version: string;
  readonly distInfo: string;
  /** sha256 of the wheel that it was installed from, as `direct_url.json` says; null when it does not. */
  readonly wheel: string | null;
  readonly files: readonly InstalledFile[];
}

const textAt = (files: Files, path: string): string | undefined =>
  files.stat(path)?.kind === 'file' ? files.readText(path) : undefined;

/** RECORD's `sha256=…` (URL-safe base64) as hex; null for none or another algorithm. */
export const digestOfRow = ({ hash }: Pick<RecordRow, 'hash'>): string | null => {
  const encoded = /^sha256=([\w-]{43})=?$/.exec(hash ?? '')?.[1];
  return encoded === undefined ? null : Buffer.from(encoded, 'base64url').toString('hex');
};

const wheelOf = (text: string | undefined): string | null => {
  if (text === undefined) return null;
  try {
    const info = (JSON.parse(text) as { archive_info?: { hash?: unknown; hashes?: { sha256?: unknown } } })
      .archive_info;
    if (typeof info?.hashes?.sha256 === 'string') return info.hashes.sha256;
    return typeof info?.hash === 'string' ? (/^sha256=([0-9a-f]{64})$/.exec(info.hash)?.[1] ?? null) : null;
  } catch {
    // Not JSON: whatever it is, it proves nothing.
    return null;
  }
};

const readCopy = (files: Files, place: PackagePlace, folder: string): InstalledCopy => {
  const distInfo = join(place.site, folder);
  const record = parseRecord(textAt(files, join(distInfo, 'RECORD')) ?? '');
  const found = new Map<string, InstalledFile>();
  const add = (relative: string, base: string | null): void => {
    const absolute = resolve(place.site, relative);
    if (isBytecode(absolute) || found.has(absolute)) return;
    const metadata = relative.startsWith(`${folder}/`);
    found.set(absolute, { absolute, path: place.rooted(absolute), base, metadata });
  };
  for (const row of record) add(row.path, digestOfRow(row));
  // A torn or hand-made copy may lack RECORD: its dist-info is pip's own all the same.
  for (const entry of files.walk(distInfo)) if (entry.stat.kind !== 'dir') add(`${folder}/${entry.path}`, null);
  return {
    version: parseMetadata(textAt(files, join(distInfo, 'METADATA')) ?? '')?.version ?? parseInfoName(folder).version,
    distInfo,
    wheel: wheelOf(textAt(files, join(distInfo, 'direct_url.json'))),
    files: [...found.values()],
  };
};

/** All that is installed in a site-packages folder, by the names of its metadata folders, sorted. */
export const installedList = (files: Files, site: string): readonly Identity[] =>
  files
    .list(site)
    .filter((entry) => /\.(?:dist|egg)-info$/.test(entry))
    .map((entry) => {
      const { name, version } = parseInfoName(entry);
      return { name: normaliseName(name), version };
    })
    .sort((a, b) => (a.name === b.name ? (a.version < b.version ? -1 : 1) : a.name < b.name ? -1 : 1));

/** Distributions whose metadata is among some files, such as those of a receipt. */
export const distributionsAmong = (paths: Iterable<string>): readonly string[] => [
  ...new Set(
    [...paths].flatMap((path) => {
      const folder = /([^/]+\.dist-info)\/RECORD$/.exec(path)?.[1];
      return folder === undefined ? [] : [normaliseName(parseInfoName(folder).name)];
    }),
  ),
];

/**
 * Every file of the package, of what an earlier sync brought along with it, and of the distributions named, by their
 * RECORD. Throws `path-refused` for a RECORD that leads out.
 */
export const recordedFiles = (
  { ports, project, receipt }: Pick<TargetContext, 'ports' | 'project' | 'receipt'>,
  place: PackagePlace,
  changing: readonly string[],
): readonly string[] => {
  const along = distributionsAmong(Object.keys(receipt?.components.package?.files ?? {}));
  const names = new Set([normaliseName(project.package.name), ...along, ...changing.map(normaliseName)]);
  return [...names]
    .flatMap((name) => installedCopies(ports.files, place, name))
    .flatMap((copy) => copy.files)
    .map(({ absolute }) => absolute);
};

const named = (files: Files, place: PackagePlace, name: string, ending: RegExp): string[] =>
  files
    .list(place.site)
    .filter((entry) => ending.test(entry) && normaliseName(parseInfoName(entry).name) === normaliseName(name));

/** Every copy of a distribution in the site-packages folder, stale ones too. Throws `path-refused` for a RECORD that leads out. */
export const installedCopies = (files: Files, place: PackagePlace, name: string): readonly InstalledCopy[] =>
  named(files, place, name, /\.dist-info$/).map((folder) => readCopy(files, place, folder));

/** Throws `package-install-failed` for a copy that has no list of its files: nobody could tell what to replace. */
export const refuseLegacyCopies = (
  files: Files,
  place: PackagePlace,
  { name, executable }: { readonly name: string; readonly executable: string },
): void => {
  const [legacy] = named(files, place, name, /\.egg-(?:info|link)$/);
  if (legacy === undefined) return;
  throw new LockstepError(
    'package-install-failed',
    `${name} was installed by setup.py (${join(place.site, legacy)}), which lists no files: it cannot be replaced safely`,
    { hint: `uninstall it once: ${executable} -m pip uninstall ${name}` },
  );
};
