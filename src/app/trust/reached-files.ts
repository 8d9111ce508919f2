/** Finds the tracked files that the words of a command can lead to, wherever it is started: rather one too many than one too few. */
import { join, posix } from 'node:path';
import { executable } from '../../domain/components.ts';
import type { Project } from '../../domain/project.ts';
import type { TreeEntry } from '../../ports.ts';
import type { MainTree } from '../../store/main-tree.ts';

/** What commands can start of main. */
export interface Reached {
  /** Paths of tracked files, sorted. */
  readonly files: readonly string[];
  /** Whether one of them reaches for main as a whole: what it starts there cannot be told. */
  readonly everything: boolean;
}

/** Nobody starts these; commands are given them to read, and they change often. */
const document = /\.(md|rst|adoc|html?|css|svg|png|jpe?g|gif|ico|webp|pdf|csv)$|(^|\/)(LICEN[CS]E|COPYING|NOTICE)$/i;

/** What a program finds main by. */
const mainVariable = 'LOCKSTEP_MAIN';
/** Stand for what a template becomes: a place in the target, or one that nobody knows before a run. */
const [targetPlace, somePlace] = ['\u0001', '\u0002'];
const mostLinks = 20;

const template = /\$\{\{(.*?)\}\}/gs;
const between = /[\s"'`$<>|&;()[\]{}*?!#=:,]+/;

/** The words in a text, and those in its expressions. Quotes, `${NAME}` and broken lines do not hide one. */
const wordsIn = (text: string): readonly string[] => {
  const plain = text
    .replace(template, (_all, expression: string) => (/^\s*target\b/.test(expression) ? targetPlace : somePlace))
    .replace(/\\\r?\n/g, ' ')
    .replace(/\$\{(\w+)\}/g, '$$$1')
    .replace(/["'\\]/g, '');
  const within = [...text.matchAll(template)].flatMap(([, expression = '']) => expression.split(between));
  return [...plain.split(between), ...within].filter((word) => word !== '');
};

const segmentsOf = (path: string): readonly string[] =>
  posix
    .normalize(path)
    .split('/')
    .filter((segment) => segment !== '' && segment !== '.' && segment !== '..');

const linkTexts = async (main: MainTree, entries: readonly TreeEntry[]): Promise<ReadonlyMap<string, string>> => {
  const links = entries.filter(({ mode }) => mode === '120000');
  const texts = links.length === 0 ? new Map<string, Buffer>() : await main.read(links.map(({ blob }) => blob));
  return new Map(links.map(({ path, blob }) => [path, texts.get(blob)?.toString('utf8') ?? '']));
};

/** The tracked path that a path of main means, links on the way followed; undefined when it leads out. */
const follow = (links: ReadonlyMap<string, string>, path: string): string | undefined => {
  let wanted = path;
  for (let hops = 0; hops <= mostLinks; hops += 1) {
    const parts = wanted.split('/');
    const at = parts.findIndex((_part, index) => links.has(parts.slice(0, index + 1).join('/')));
    if (at === -1) return wanted;
    const link = parts.slice(0, at + 1).join('/');
    wanted = posix.normalize(join(posix.dirname(link), links.get(link) ?? '', ...parts.slice(at + 1)));
    if (wanted.startsWith('..') || wanted.startsWith('/')) return undefined;
  }
  return undefined;
};

/** Where components go, as words are: the part that is no template, and what main has for it. */
const placesOf = ({ components }: Pick<Project, 'components'>) =>
  components.flatMap(({ sources }) =>
    sources.flatMap(({ from, into }) =>
      (typeof into === 'string' ? [into] : Object.values(into)).flatMap((place) =>
        from.map((path) => ({ into: segmentsOf(place.replace(template, '')), from: segmentsOf(path).join('/') })),
      ),
    ),
  );

const startsWith = (all: readonly string[], start: readonly string[]): boolean =>
  start.every((segment, index) => all[index] === segment);

const tails = (segments: readonly string[]): readonly (readonly string[])[] =>
  segments.map((_segment, index) => segments.slice(index));

/** Looks texts through for words that lead to files of main. Throws `object-missing`. */
export const openReach = async (main: MainTree, project: Pick<Project, 'components'>) => {
  const entries = (await main.under('')).filter(({ mode }) => mode !== '160000');
  const links = await linkTexts(main, entries);
  const byPath = new Map(entries.map((entry) => [entry.path, entry]));
  const folders = new Map<string, string[]>();
  for (const { path } of entries)
    for (let folder = posix.dirname(path); folder !== '.'; folder = posix.dirname(folder))
      folders
        .set(folder, folders.get(folder) ?? [])
        .get(folder)
        ?.push(path);
  const programs = entries.filter(({ mode }) => /^100/.test(mode) && executable(mode));
  /** Names that no word can be. */
  const odd = entries.filter(({ path }) => between.test(path) || /[\\"']/.test(path)).map(({ path }) => path);
  const places = placesOf(project);

  /** A file with the link that leads to it; what can be started of a folder. */
  const at = (path: string): readonly string[] | undefined => {
    const meant = follow(links, path);
    if (meant === undefined) return undefined;
    if (byPath.has(meant)) return byPath.has(path) ? [path, meant] : [meant];
    return folders.get(meant)?.filter((file) => !document.test(file));
  };
  const isFolder = (path: string): boolean => folders.has(follow(links, path) ?? '');

  const reachedBy = (word: string): readonly string[] | 'everything' => {
    const segments = segmentsOf(word);
    if (segments[0] === mainVariable) {
      const path = segments.slice(1).join('/');
      return (path === '' ? undefined : at(path)) ?? 'everything';
    }
    const bare = word.replace(/^(-[A-Za-z]|@)/, '');
    // From elsewhere a folder of main can be meant; a word alone is a place in the target.
    const away = word.startsWith('/') || word.includes('..') || word.includes(somePlace);
    const found = [segments, segmentsOf(bare)].flatMap(tails).flatMap((tail) => {
      const path = tail.join('/');
      return document.test(path) || (!away && isFolder(path)) ? [] : (at(path) ?? []);
    });
    const inTarget = segmentsOf(word.replaceAll(targetPlace, ''));
    const brought = places.flatMap(({ into, from }) =>
      startsWith(inTarget, into) && inTarget.length > 0
        ? [join(from, ...inTarget.slice(into.length)), ...(inTarget.at(-1) === posix.basename(from) ? [from] : [])]
        : [],
    );
    return [
      ...found,
      ...brought.filter((path) => !document.test(path)).flatMap((path) => at(path) ?? []),
      ...(segments.length === 1 ? programs.filter(({ path }) => posix.basename(path) === word) : []).map(
        ({ path }) => path,
      ),
    ];
  };

  return {
    /** By all that the texts say. */
    by: (texts: readonly string[]): Reached => {
      const words = [...new Set(texts.flatMap(wordsIn))].map(reachedBy);
      const files = words.flatMap((one) => (one === 'everything' ? [] : one));
      const spelled = odd.filter((path) => texts.some((text) => text.includes(path)));
      return { files: [...new Set([...files, ...spelled])].sort(), everything: words.includes('everything') };
    },
    /** By paths alone that a script says itself below `$LOCKSTEP_MAIN`. */
    byMainPaths: (texts: readonly string[]): readonly string[] => [
      ...new Set(
        texts
          .flatMap(wordsIn)
          .filter((word) => word.startsWith(`${mainVariable}/`))
          .flatMap((word) => {
            const reached = reachedBy(word);
            return reached === 'everything' ? [] : reached;
          }),
      ),
    ],
  };
};
