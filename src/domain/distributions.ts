/** Reads the small files by which Python's packaging says what is installed, as the packaging specifications write them. Pure. */

/** A distribution's name as PEP 503 compares it. */
export const normaliseName = (name: string): string => name.toLowerCase().replace(/[-_.]+/g, '-');

export interface Identity {
  readonly name: string;
  readonly version: string;
}

/** Name and version of `METADATA` or `PKG-INFO`; undefined when either is missing. */
export const parseMetadata = (text: string): Identity | undefined => {
  const head = text.split(/\r?\n\r?\n/, 1)[0] ?? '';
  const field = (key: string) => new RegExp(`^${key}:[ \\t]*(.+?)[ \\t\\r]*$`, 'im').exec(head)?.[1];
  const name = field('Name');
  const version = field('Version');
  return name === undefined || version === undefined ? undefined : { name, version };
};

/** What the name of a `.dist-info`, `.egg-info` or `.egg-link` says: `opencode_ai-1.2.0.dist-info`. The version may be empty. */
export const parseInfoName = (folder: string): Identity => {
  if (folder.endsWith('.egg-link')) return { name: folder.slice(0, -'.egg-link'.length), version: '' };
  const stem = folder.replace(/\.(?:dist|egg)-info$/, '').replace(/-py\d+(?:\.\d+)?$/, '');
  const dash = stem.search(/-[^-]*$/);
  return dash === -1 ? { name: stem, version: '' } : { name: stem.slice(0, dash), version: stem.slice(dash + 1) };
};

export interface RecordRow {
  /** Relative to the site-packages folder, forward slashes; may climb out (`../../../bin/tool`). */
  readonly path: string;
  /** `sha256=…` in URL-safe base64 without padding; null where RECORD names none. */
  readonly hash: string | null;
  readonly size: number | null;
}

/** The rows of a `RECORD`: a CSV file whose paths may be quoted. */
export const parseRecord = (text: string): RecordRow[] =>
  [...text.matchAll(/^(?:"((?:[^"]|"")*)"|([^",\r\n]+)),([^,\r\n]*),(\d*)\r?$/gm)].map((row) => ({
    path: (row[1]?.replaceAll('""', '"') ?? row[2] ?? '').replaceAll('\\', '/'),
    hash: row[3] === '' ? null : (row[3] ?? null),
    size: row[4] === '' ? null : Number(row[4]),
  }));

/** The path of a `file:` URL on the system that wrote it; undefined for any other URL. */
const pathOfFileUrl = (url: string): string | undefined => {
  if (!URL.canParse(url)) return undefined;
  const parsed = new URL(url);
  if (parsed.protocol !== 'file:') return undefined;
  try {
    return decodeURIComponent(parsed.pathname).replace(/^\/(?=[A-Za-z]:)/, '');
  } catch {
    return undefined;
  }
};

/** What a `direct_url.json` (PEP 610) says; undefined when it is not valid. `path` is null unless it is a local one. */
export const parseDirectUrl = (
  text: string,
): { readonly path: string | null; readonly editable: boolean } | undefined => {
  try {
    const value = JSON.parse(text) as { url?: unknown; subdirectory?: unknown; dir_info?: { editable?: unknown } };
    if (typeof value.url !== 'string') return undefined;
    const path = pathOfFileUrl(value.url);
    const below = typeof value.subdirectory === 'string' ? `/${value.subdirectory}` : '';
    return { path: path === undefined ? null : path + below, editable: value.dir_info?.editable === true };
  } catch {
    return undefined;
  }
};

/** The lines of a `.pth` file that name folders. Lines that start with `import` are code and are left out. */
export const parsePth = (text: string): string[] =>
  text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\r|\n/)
    .map((line) => line.trimEnd())
    .filter((line) => line.trim() !== '' && !line.startsWith('#') && !/^import[ \t]/.test(line));

const pythonEscapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '\\': '\\', "'": "'", '"': '"' };

const unescapePython = (literal: string): string =>
  literal.replace(
    /\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|(.))/gis,
    (whole, x: string | undefined, u: string | undefined, long: string | undefined, char: string | undefined) => {
      const code = x ?? u ?? long;
      if (code !== undefined) return String.fromCodePoint(Number.parseInt(code, 16));
      return char === undefined ? whole : (pythonEscapes[char] ?? whole);
    },
  );

const literal = String.raw`(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)")`;

const pairs = (text: string, pattern: RegExp): Map<string, string> =>
  new Map(
    [...text.matchAll(pattern)].map((found) => [
      unescapePython(found[1] ?? found[2] ?? ''),
      unescapePython(found[3] ?? found[4] ?? '').replace(/[\\/]__init__\.py$/, ''),
    ]),
  );

/**
 * Module name to folder, as an editable install's finder maps them: setuptools' `MAPPING = {…}` and the
 * `map_module(…)` calls of the `editables` library. Empty for any other file.
 */
export const parseFinder = (text: string): ReadonlyMap<string, string> => {
  const dict = /^MAPPING\b[^=\n]*=\s*\{([^\n]*)\}\s*$/m.exec(text)?.[1];
  return dict === undefined
    ? pairs(text, new RegExp(String.raw`\bmap_module\(\s*${literal}\s*,\s*${literal}\s*\)`, 'g'))
    : pairs(dict, new RegExp(String.raw`${literal}\s*:\s*${literal}`, 'g'));
};
