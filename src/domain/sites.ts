/** What reading the folders of a `sys.path` takes: a few questions to the disk, asked through an interface. */
import { isAbsolute, join, resolve } from 'node:path';
import { parsePth } from './distributions.ts';

/** The reading that this needs; the `Files` port has it all. */
export interface SiteReader {
  list(dir: string): readonly string[];
  stat(path: string): { readonly kind: 'file' | 'link' | 'dir' | 'other'; readonly size: number } | undefined;
  readText(path: string): string;
  real(path: string): string | undefined;
}

export interface Wanted {
  /** The distribution's name, in any spelling. */
  readonly packageName: string;
  /** The import name, with dots for a package in a package. */
  readonly importName: string;
}

/** The text of a file; undefined when there is none. */
export const textAt = (reader: SiteReader, path: string): string | undefined =>
  reader.real(path) === undefined ? undefined : reader.readText(path);

/** The real path of a folder; undefined for anything else, another system's path included. */
export const dirAt = (reader: SiteReader, path: string): string | undefined => {
  const real = isAbsolute(path) ? reader.real(path) : undefined;
  return real !== undefined && reader.stat(real)?.kind === 'dir' ? real : undefined;
};

/** `a.b` as `a/b`: where an import name lies below a folder of `sys.path`. */
export const importPath = (importName: string): string => importName.split('.').join('/');

/** Folders that the `.pth` files of a site-packages folder add to `sys.path`, real paths, those that exist. */
export const pthFolders = (reader: SiteReader, site: string): string[] =>
  reader
    .list(site)
    .filter((name) => name.endsWith('.pth'))
    .flatMap((name) => parsePth(textAt(reader, join(site, name)) ?? ''))
    .flatMap((line) => dirAt(reader, resolve(site, line)) ?? []);
