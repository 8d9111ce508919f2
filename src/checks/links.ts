/** `links`: relative links and anchors in copied Markdown that hold in main hold in the target too. */

import { dirname, join, posix } from 'node:path';
import { type Static, Type } from '@sinclair/typebox';
import type { ComponentFile } from '../domain/components.ts';
import { sameContent } from '../domain/file-state.ts';
import type { LinkTarget, MarkdownPage } from '../domain/markdown.ts';
import { holdsNames } from '../domain/named-option.ts';
import { type RootedPath, rootOf, toAbsolute } from '../domain/paths.ts';
import { desiredFiles } from '../integrations/component-files.ts';
import { standingOf } from '../integrations/standing.ts';
import type { CheckContext, CheckKind } from './check.ts';
import { viewComponents } from './component-view.ts';

const options = Type.Object(
  {
    components: Type.Optional(
      Type.Array(Type.String(), {
        description: 'file components; all of them when left out',
        ...holdsNames('file component'),
      }),
    ),
    outside: Type.Optional(
      Type.Union([Type.Literal('fail'), Type.Literal('list')], {
        description: 'what a link counts as that leads to a file of main which is not copied; fail when left out',
      }),
    ),
  },
  { additionalProperties: false },
);

type Markdown = typeof import('../domain/markdown.ts');

/** A place where links can be followed: the target's disk, or main's commit. */
interface World {
  /** Where a path leads to from a page; undefined when it leads out of the world. */
  readonly resolve: (page: string, path: string) => string | undefined;
  readonly has: (place: string) => boolean;
  /** undefined when the place is no Markdown file. */
  readonly page: (place: string) => MarkdownPage | undefined;
}

/** Why a link does not hold; undefined when it does. */
const brokenIn = (world: World, from: string, { path, fragment }: LinkTarget): string | undefined => {
  const place = path === '' ? from : world.resolve(from, path);
  if (place === undefined) return 'leads out';
  if (!world.has(place)) return 'no such file';
  // `#top` and an empty fragment mean the top of every page.
  if (fragment === '' || fragment.toLowerCase() === 'top') return undefined;
  const anchors = world.page(place)?.anchors;
  if (anchors === undefined || anchors.has(fragment) || anchors.has(fragment.toLowerCase())) return undefined;
  return `no heading #${fragment}`;
};

const once = <T>(make: (key: string) => T): ((key: string) => T) => {
  const made = new Map<string, { readonly value: T }>();
  return (key) => {
    const known = made.get(key) ?? { value: make(key) };
    made.set(key, known);
    return known.value;
  };
};

const targetWorld = ({ ports, layout }: CheckContext, { readMarkdown, isMarkdown }: Markdown): World => {
  const { files } = ports;
  const { roots } = layout;
  return {
    resolve: (page, path) => {
      const place = path.startsWith('/') ? join(roots.target, path) : join(dirname(page), path);
      return rootOf(roots, place) === undefined ? undefined : place.replace(/\/+$/, '');
    },
    has: once((place) => files.real(place) !== undefined),
    page: once((place) => {
      const real = isMarkdown(place) ? files.real(place) : undefined;
      return real === undefined || files.stat(real)?.kind !== 'file' ? undefined : readMarkdown(files.readText(real));
    }),
  };
};

const mainWorld = async (
  { main }: CheckContext,
  { readMarkdown, isMarkdown }: Markdown,
  linked: (resolve: World['resolve']) => readonly string[],
): Promise<World> => {
  const resolve: World['resolve'] = (page, path) => {
    const place = posix.normalize(path.startsWith('/') ? path.slice(1) : posix.join(posix.dirname(page), path));
    return place === '..' || place.startsWith('../') ? undefined : place.replace(/\/+$/, '');
  };
  const entries = new Map((await main.under('')).map((entry) => [entry.path, entry]));
  const folders = new Set(['.', '']);
  for (const path of entries.keys())
    for (let at = posix.dirname(path); !folders.has(at); at = posix.dirname(at)) folders.add(at);
  const pages = linked(resolve).flatMap((place) => (isMarkdown(place) ? (entries.get(place) ?? []) : []));
  const texts = await main.read(pages.map((entry) => entry.blob));
  return {
    resolve,
    has: (place) => entries.has(place) || folders.has(place),
    page: once((place) => {
      const text = texts.get(entries.get(place)?.blob ?? '');
      return text === undefined || !isMarkdown(place) ? undefined : readMarkdown(text.toString('utf8'));
    }),
  };
};

interface Broken {
  readonly path: RootedPath;
  readonly mainPath: string;
  readonly line: number;
  readonly url: string;
  readonly target: LinkTarget;
  readonly why: string;
  /** The page itself is not as main has it. */
  readonly edited: boolean;
}

const line = ({ path, line: number, url, why }: Broken, note = ''): string =>
  `${path}:${number} → ${url} (${why}${note})`;
const counted = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;
const noteOf = (what: string, found: readonly string[]): readonly string[] =>
  found.length === 0 ? [] : [`${what}: ${found.length}`];

export const links: CheckKind = {
  name: 'links',
  summary:
    'No relative link or anchor in copied Markdown is broken that works in main; links broken in main too are listed.',
  with: options,
  run: async (context, given) => {
    const { components: asked, outside = 'fail' } = given as Static<typeof options>;
    const markdown = await import('../domain/markdown.ts');
    const { components, decisions } = await viewComponents(context, asked);
    const all = await viewComponents(context, undefined);
    const copied = new Map(
      all.components.flatMap(({ files }) => [...files].map(([path, { mainPath }]) => [mainPath, path] as const)),
    );
    const pages = components.flatMap(({ files }) =>
      [...files].filter(([path, file]) => markdown.isMarkdown(path) && file.link === undefined),
    );
    const desired = await desiredFiles(
      context.main,
      [{ name: '', applies: true, cause: null, warnings: [], files: new Map(pages) }],
      context.receipt,
    );
    const standing = standingOf(context);
    const disk = targetWorld(context, markdown);
    const broken: Broken[] = [];
    let total = 0;
    let standingPages = 0;
    const look = (path: RootedPath, { mainPath }: ComponentFile): void => {
      const actual = standing.at(path);
      if (actual.kind !== 'file') return;
      standingPages += 1;
      const absolute = toAbsolute(context.layout.roots, path);
      const state = desired.get(path)?.state;
      for (const { url, line } of disk.page(absolute)?.links ?? []) {
        const target = markdown.targetOf(url);
        if (target === undefined) continue;
        total += 1;
        const why = brokenIn(disk, absolute, target);
        const edited = state === undefined || !sameContent(actual, state);
        if (why !== undefined) broken.push({ path, mainPath, line, url, target, why, edited });
      }
    };
    for (const [path, file] of pages) look(path, file);
    const there = standingPages === pages.length ? '' : `${standingPages} of `;
    const seen = `${counted(total, 'relative link')} in ${there}${counted(pages.length, 'page')}`;
    if (broken.length === 0) return { outcome: 'passed', cause: `${seen} hold` };

    const source = await mainWorld(context, markdown, (resolve) =>
      broken.map(({ mainPath, target }) => (target.path === '' ? mainPath : (resolve(mainPath, target.path) ?? ''))),
    );
    const failed: string[] = [];
    const listed = { main: [] as string[], owner: [] as string[], outside: [] as string[] };
    for (const found of broken) {
      const { mainPath, target } = found;
      const place = target.path === '' ? mainPath : source.resolve(mainPath, target.path);
      const copy = copied.get(place ?? '');
      const isCopied = copy !== undefined || [...copied.keys()].some((path) => path.startsWith(`${place}/`));
      if (found.edited) listed.owner.push(line(found, ', in a page that was changed here'));
      else if (brokenIn(source, mainPath, target) !== undefined) listed.main.push(line(found, ', in main too'));
      else if (copy !== undefined && decisions.get(copy)?.choice === 'kept') {
        listed.owner.push(line(found, `, ${copy} was changed here`));
      } else if (isCopied) failed.push(line(found));
      else if (outside === 'fail') failed.push(line(found, ', not copied from main'));
      else listed.outside.push(line(found, ', not copied from main'));
    }
    const notes = [
      ...noteOf('broken in main too', listed.main),
      ...noteOf('leading to files that are not copied', listed.outside),
      ...noteOf('broken by what was changed here', listed.owner),
    ];
    const said = notes.length === 0 ? '' : `; ${notes.join(', ')}`;
    const details = [...failed, ...listed.main, ...listed.outside, ...listed.owner];
    return failed.length > 0
      ? {
          outcome: 'failed',
          cause: `${failed.length} of ${counted(total, 'relative link')} work in main and are broken here${said}`,
          details,
        }
      : { outcome: 'passed', cause: `${seen} looked at${said}`, details };
  },
};
