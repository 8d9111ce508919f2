/** Tells an editable installation by its files, and where the code that it leads to lies. */
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { normaliseName, parseDirectUrl, parseFinder, parsePth, type RecordRow } from './distributions.ts';
import { dirAt, importPath, type SiteReader, textAt, type Wanted } from './sites.ts';
import type { Installation } from './target.ts';

export interface Editable {
  readonly packageDir: string | null;
  readonly editable: NonNullable<Installation['editable']>;
  /** The folder on `sys.path` that makes it importable; null for an import hook, which is asked after all folders. */
  readonly via: string | null;
}

/** Where a finder's map puts an import name: the longest package that it names decides. */
const mapped = (map: ReadonlyMap<string, string>, importName: string): string | undefined => {
  const parts = importName.split('.');
  for (let length = parts.length; length > 0; length -= 1) {
    const folder = map.get(parts.slice(0, length).join('.'));
    if (folder !== undefined) return join(folder, ...parts.slice(length));
  }
  return undefined;
};

/** Files that make one distribution importable from elsewhere: those that its RECORD lists, or that setuptools names after it. */
const hookFiles = (names: readonly string[], rows: readonly RecordRow[], wanted: Wanted): string[] => {
  const own = normaliseName(wanted.packageName);
  const listed = new Set(rows.map((row) => row.path));
  const namedAfter = (name: string): boolean => {
    const rest = /^__editable__[._]+(.+)$/.exec(name)?.[1];
    return rest !== undefined && new RegExp(`^${own}-(?:\\d|finder)`).test(normaliseName(rest));
  };
  return names.filter((name) => /\.(?:pth|py)$/.test(name) && (listed.has(name) || namedAfter(name)));
};

/** undefined for a plain installation. `directUrl` is the text of its `direct_url.json`. */
export const editableOf = (
  { reader, wanted }: { readonly reader: SiteReader; readonly wanted: Wanted },
  site: { readonly dir: string; readonly names: readonly string[] },
  facts: { readonly rows: readonly RecordRow[]; readonly directUrl: string | undefined },
): Editable | undefined => {
  const { rows } = facts;
  const below = importPath(wanted.importName);
  const direct = facts.directUrl === undefined ? undefined : parseDirectUrl(facts.directUrl);
  const ownsFiles = rows.some((row) => row.path.startsWith(`${below}/`) || row.path === `${below}.py`);
  if (direct?.editable !== true && ownsFiles) return undefined;
  const said = direct?.path ?? undefined;
  // A path of another system (`C:/…`) is kept as it was written.
  const project = said !== undefined && isAbsolute(said) ? (reader.real(said) ?? said) : said;
  const hooks = hookFiles(site.names, rows, wanted);
  for (const name of hooks.filter((hook) => hook.endsWith('.pth'))) {
    for (const line of parsePth(textAt(reader, join(site.dir, name)) ?? '')) {
      const via = dirAt(reader, resolve(site.dir, line));
      const packageDir = via === undefined ? undefined : dirAt(reader, join(via, below));
      if (via === undefined || packageDir === undefined) continue;
      return { packageDir, via, editable: { checkout: project ?? via, how: 'pth' } };
    }
  }
  const finders = hooks.filter((hook) => hook.endsWith('.py'));
  for (const name of finders) {
    const folder = mapped(parseFinder(textAt(reader, join(site.dir, name)) ?? ''), wanted.importName);
    if (folder === undefined) continue;
    const packageDir = dirAt(reader, folder) ?? null;
    return { packageDir, via: null, editable: { checkout: project ?? dirname(packageDir ?? folder), how: 'finder' } };
  }
  if (direct?.editable !== true || project === undefined) return undefined;
  // Said to be editable by a hook of a kind that is not known here: the usual two places inside the project.
  const packageDir = dirAt(reader, join(project, 'src', below)) ?? dirAt(reader, join(project, below)) ?? null;
  return { packageDir, via: null, editable: { checkout: project, how: finders.length > 0 ? 'finder' : 'pth' } };
};
