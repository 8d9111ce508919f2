/** Finds every copy of one distribution on a list of `sys.path` folders, from their files alone: nothing is imported. */
import { join, resolve } from 'node:path';
import { normaliseName, parseInfoName, parseMetadata, parseRecord } from './distributions.ts';
import { editableOf } from './editable-installs.ts';
import { isInside } from './paths.ts';
import { dirAt, importPath, pthFolders, type SiteReader, textAt, type Wanted } from './sites.ts';
import type { Installation } from './target.ts';

/** One installation and where on the path the import system would come upon it. */
interface Found {
  readonly installation: Installation;
  readonly rank: number;
}

interface Search {
  readonly reader: SiteReader;
  readonly wanted: Wanted;
  /** The folders of the path, real, each once. */
  readonly folders: readonly string[];
  /** Those of them that a `.pth` file added. */
  readonly addedByPth: ReadonlySet<string>;
}

interface Site {
  readonly dir: string;
  readonly names: readonly string[];
  readonly index: number;
}

const isOf = (wanted: Wanted, file: string, ending: string): boolean =>
  file.endsWith(ending) && normaliseName(parseInfoName(file).name) === normaliseName(wanted.packageName);

const rankOf = ({ folders }: Search, via: string | null, fallback: number): number => {
  const rank = via === null ? folders.length : folders.indexOf(via);
  return rank === -1 ? fallback : rank;
};

const fromDistInfo = (search: Search, site: Site, name: string): Found => {
  const { reader, wanted } = search;
  const below = importPath(wanted.importName);
  const distInfo = join(site.dir, name);
  const version = parseMetadata(textAt(reader, join(distInfo, 'METADATA')) ?? '')?.version;
  const record = textAt(reader, join(distInfo, 'RECORD'));
  const rows = parseRecord(record ?? '');
  const linked = editableOf(search, site, { rows, directUrl: textAt(reader, join(distInfo, 'direct_url.json')) });
  const base = {
    name: wanted.packageName,
    version: version ?? parseInfoName(name).version,
    distInfo,
    site: site.dir,
  };
  if (linked !== undefined) {
    const { packageDir, editable, via } = linked;
    return { installation: { ...base, packageDir, editable }, rank: rankOf(search, via, site.index) };
  }
  const listed = record === undefined || rows.some((row) => row.path.startsWith(`${below}/`));
  const packageDir = listed ? (dirAt(reader, join(site.dir, below)) ?? null) : null;
  return { installation: { ...base, packageDir }, rank: site.index };
};

/** setuptools before PEP 660, and `setup.py install`: an `.egg-info` beside the code. */
const fromEggInfo = ({ reader, wanted, addedByPth }: Search, site: Site, name: string): Found => {
  const distInfo = join(site.dir, name);
  const metadata = dirAt(reader, distInfo) === undefined ? distInfo : join(distInfo, 'PKG-INFO');
  const base = {
    name: wanted.packageName,
    version: parseMetadata(textAt(reader, metadata) ?? '')?.version ?? parseInfoName(name).version,
    distInfo,
    site: site.dir,
    packageDir: dirAt(reader, join(site.dir, importPath(wanted.importName))) ?? null,
  };
  // `develop` leaves `name.egg-info` in the checkout; an installed one has its version in the name.
  const develop = addedByPth.has(site.dir) && parseInfoName(name).version === '';
  return {
    installation: develop ? { ...base, editable: { checkout: site.dir, how: 'pth' } } : base,
    rank: site.index,
  };
};

/** `setup.py develop`: a file in site-packages that names the checkout. undefined when that is gone. */
const fromEggLink = (search: Search, site: Site, name: string): Found | undefined => {
  const { reader, wanted } = search;
  const link = join(site.dir, name);
  const line = (textAt(reader, link) ?? '').split(/\r?\n/, 1)[0]?.trim() ?? '';
  const checkout = line === '' ? undefined : dirAt(reader, resolve(site.dir, line));
  if (checkout === undefined) return undefined;
  const info = reader.list(checkout).find((entry) => isOf(wanted, entry, '.egg-info'));
  const metadata = info === undefined ? undefined : textAt(reader, join(checkout, info, 'PKG-INFO'));
  return {
    installation: {
      name: wanted.packageName,
      version: parseMetadata(metadata ?? '')?.version ?? '',
      distInfo: info === undefined ? link : join(checkout, info),
      site: site.dir,
      packageDir: dirAt(reader, join(checkout, importPath(wanted.importName))) ?? null,
      editable: { checkout, how: 'egg-link' },
    },
    rank: rankOf(search, checkout, site.index),
  };
};

/** How many of RECORD's files stand there with the recorded size, from 0 to 1: tells a stale dist-info from the true one. */
const proof = (reader: SiteReader, { distInfo, site }: Installation): number => {
  const rows = parseRecord(textAt(reader, join(distInfo, 'RECORD')) ?? '').filter(
    (row) => row.size !== null && !row.path.includes('.dist-info/'),
  );
  const whole = rows.filter((row) => reader.stat(join(site, row.path))?.size === row.size);
  return rows.length === 0 ? 0 : whole.length / rows.length;
};

/** In the order in which an import comes upon them; a tie is two claims on one folder. */
const inOrder = (reader: SiteReader, all: readonly Found[]): Installation[] => {
  if (all.length < 2) return all.map(({ installation }) => installation);
  return all
    .map((one) => ({ ...one, proof: proof(reader, one.installation) }))
    .sort(
      (a, b) =>
        a.rank - b.rank ||
        b.proof - a.proof ||
        b.installation.version.localeCompare(a.installation.version, 'en', { numeric: true }),
    )
    .map(({ installation }) => installation);
};

/**
 * All copies, the one that an import comes upon first in front: by the place of the importable folder on the path,
 * import hooks last. Two claims on one folder: the one whose RECORD fits better what stands there, then the newer.
 * A folder that is reached twice (`lib64`, a link) counts once. Sites and places are real paths.
 */
export const findInstallations = (reader: SiteReader, path: readonly string[], wanted: Wanted): Installation[] => {
  const folders = [...new Set(path.flatMap((entry) => dirAt(reader, entry) ?? []))];
  const addedByPth = new Set(folders.flatMap((folder) => pthFolders(reader, folder)));
  const search: Search = { reader, wanted, folders, addedByPth };
  const found: Found[] = [];
  const legacy: Found[] = [];
  for (const [index, dir] of folders.entries()) {
    const site: Site = { dir, index, names: reader.list(dir) };
    for (const name of site.names) {
      if (isOf(wanted, name, '.dist-info')) found.push(fromDistInfo(search, site, name));
      if (isOf(wanted, name, '.egg-info')) legacy.push(fromEggInfo(search, site, name));
      const linked = isOf(wanted, name, '.egg-link') ? fromEggLink(search, site, name) : undefined;
      if (linked !== undefined) found.push(linked);
    }
  }
  // An editable install's checkout carries its own build metadata: that is the same copy, seen again.
  const seenAgain = (dir: string): boolean =>
    addedByPth.has(dir) &&
    found.some(({ installation }) => installation.editable && isInside(installation.editable.checkout, dir));
  return inOrder(reader, [...found, ...legacy.filter(({ installation }) => !seenAgain(installation.site))]);
};
