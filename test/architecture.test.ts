/** Shows that imports only go down, in no circle, between no two kinds, and that the world is touched in adapters alone. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Top to bottom; names in one row stand on one floor. */
const floors: readonly (readonly string[])[] = [
  ['main', 'build'],
  ['cli', 'hooks', 'tui', 'mcp', 'report'],
  ['app'],
  ['pipeline'],
  ['config'],
  ['steps'],
  ['checks'],
  ['integrations'],
  ['formats'],
  ['store'],
  ['adapters'],
  ['ports'],
  ['domain'],
];
const kindFloors = ['steps', 'checks', 'integrations', 'formats', 'hooks', 'app/doctor/kinds'];
/** What only adapters, the composition root and the build may import: Node's modules and packages that touch the world. */
const worldly =
  /^(node:)?(fs|child_process|net|os|process|http|https|dgram|tls|worker_threads|readline)(\/|$)|^(execa|fs-extra|fast-glob|simple-git)$/;

type Sources = ReadonlyMap<string, string>;

interface Import {
  readonly from: string;
  /** A path below src/, or a package's name. */
  readonly to: string;
  readonly local: boolean;
  readonly typeOnly: boolean;
}

const readSources = (): Sources => {
  const src = join(root, 'src');
  const names = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  return new Map(names.sort().map((name) => [name.split(sep).join('/'), readFileSync(join(src, name), 'utf8')]));
};

/** Comments blanked; what stands in strings stays, for import names are strings. */
const withoutComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\/|(^|[\s;{}(,])\/\/[^\n]*/g, (_, before: string | undefined) => before ?? '');

const importsOf = (file: string, text: string): readonly Import[] => {
  const code = withoutComments(text);
  const found = [
    ...code.matchAll(/^\s*(import|export)\s+(type\s)?[^'";]*?\bfrom\s+['"]([^'"]+)['"]/gm),
    ...code.matchAll(/^\s*(import)\s+()['"]([^'"]+)['"]/gm),
    ...code.matchAll(/\b(import)\(\s*()['"]([^'"]+)['"]/g),
  ];
  return found.map((match) => {
    const name = match[3] ?? '';
    // What lies outside src/, such as package.json, is on no floor.
    const local = name.startsWith('.') && !posix.join(posix.dirname(file), name).startsWith('../');
    return {
      from: file,
      to: local ? posix.normalize(posix.join(posix.dirname(file), name)) : name,
      local,
      typeOnly: match[2] !== undefined && match[2] !== '',
    };
  });
};

const floorOf = (file: string): number => {
  const name = file.split('/')[0]?.replace(/\.ts$/, '') ?? '';
  return floors.findIndex((row) => row.includes(name));
};

const upward = (imports: readonly Import[]): string[] =>
  imports.filter((one) => one.local && floorOf(one.to) < floorOf(one.from)).map((one) => `${one.from} -> ${one.to}`);

/** Every circle once, as the list of its files. A type alone closes a circle too: it is understood together or not at all. */
const circles = (imports: readonly Import[]): string[] => {
  const next = new Map<string, string[]>();
  for (const one of imports) if (one.local) next.set(one.from, [...(next.get(one.from) ?? []), one.to]);
  const found = new Set<string>();
  const done = new Set<string>();
  const walk = (file: string, way: readonly string[]): void => {
    const start = way.indexOf(file);
    if (start >= 0) {
      const loop = way.slice(start);
      const first = loop.indexOf([...loop].sort()[0] ?? '');
      const turned = [...loop.slice(first), ...loop.slice(0, first)];
      found.add([...turned, turned[0]].join(' -> '));
      return;
    }
    if (done.has(file)) return;
    for (const to of next.get(file) ?? []) walk(to, [...way, file]);
    done.add(file);
  };
  for (const file of next.keys()) walk(file, []);
  return [...found].sort();
};

/** The kinds of one floor: the files beside index.ts from which it takes values. A folder of that name belongs to its kind. */
const kindsOf = (floor: string, imports: readonly Import[]): readonly string[] =>
  imports
    .filter((one) => one.from === `${floor}/index.ts` && one.local && !one.typeOnly && dirname(one.to) === floor)
    .map((one) => one.to.replace(/\.ts$/, ''));

const siblings = (imports: readonly Import[]): string[] =>
  kindFloors.flatMap((floor) => {
    const kinds = kindsOf(floor, imports);
    const kindOf = (file: string): string | undefined =>
      kinds.find((kind) => file === `${kind}.ts` || file.startsWith(`${kind}/`));
    return imports
      .filter((one) => {
        const [from, to] = [kindOf(one.from), kindOf(one.to)];
        return one.local && from !== undefined && to !== undefined && from !== to;
      })
      .map((one) => `${one.from} -> ${one.to}`);
  });

const below = (file: string, ...places: string[]): boolean =>
  places.some((place) => file === `${place}.ts` || file.startsWith(`${place}/`));

const adapterUsers = (imports: readonly Import[]): string[] =>
  imports
    .filter((one) => one.local && below(one.to, 'adapters') && !below(one.from, 'adapters', 'main', 'build'))
    .map((one) => `${one.from} -> ${one.to}`);

const worldUsers = (sources: Sources, imports: readonly Import[]): string[] => [
  ...imports
    .filter((one) => !one.local && worldly.test(one.to) && !below(one.from, 'adapters', 'main', 'build'))
    .map((one) => `${one.from} -> ${one.to}`),
  ...[...sources]
    .filter(([file]) => !below(file, 'adapters', 'main', 'build'))
    .filter(([, text]) => {
      const code = withoutComments(text).replace(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, "''");
      const members =
        'env|argv|cwd|exit|exitCode|pid|ppid|platform|stdin|stdout|stderr|on|once|kill|umask|hrtime|chdir|versions?';
      return new RegExp(`(?<![\\w.$])(globalThis\\.)?process\\.(${members})\\b`).test(code);
    })
    .map(([file]) => `${file} uses process.*`),
];

const defaultExports = (sources: Sources): string[] =>
  [...sources]
    .filter(([, text]) => /^\s*export\s+default\b|\bas\s+default\b/m.test(withoutComments(text)))
    .map(([file]) => file);

/** The opening sentence stands first (after a `#!` line) and ends as a sentence does. */
const withoutSentence = (sources: Sources): string[] =>
  [...sources]
    .filter(([, text]) => !/^(#![^\n]*\n)?\/\*\*\s[^/]*?[\s\S]*?[.:!?`)]\s*\*\//.test(text))
    .map(([file]) => file);

const sources = readSources();
const imports = [...sources].flatMap(([file, text]) => importsOf(file, text));

test('every file stands on a floor, and every import leads to a file', () => {
  expect([...sources.keys()].filter((file) => floorOf(file) < 0)).toEqual([]);
  const lost = imports.filter((one) => one.local && !sources.has(one.to));
  expect(lost.map((one) => `${one.from} -> ${one.to}`)).toEqual([]);
});

test('no import goes up a floor', () => expect(upward(imports)).toEqual([]));
test('no imports go in a circle', () => expect(circles(imports)).toEqual([]));
test('no kind imports a sibling kind', () => expect(siblings(imports)).toEqual([]));
test('only the composition root imports adapters', () => expect(adapterUsers(imports)).toEqual([]));
test('only adapters and the composition root touch the world', () => expect(worldUsers(sources, imports)).toEqual([]));
test('nothing is exported as default', () => expect(defaultExports(sources)).toEqual([]));
test('every file opens with one sentence saying what it guarantees', () =>
  expect(withoutSentence(sources)).toEqual([]));

test('each floor of kinds has a registry with kinds in it', () => {
  for (const floor of kindFloors) expect(kindsOf(floor, imports).length, floor).toBeGreaterThan(0);
});

test('the rules see what they forbid', () => {
  const bad: Sources = new Map([
    ['domain/plan.ts', "import { a } from '../store/a.ts';\nimport 'node:fs/promises';\nexport default 1;"],
    ['store/a.ts', "import {\n  b,\n} from './b.ts';\nexport const home = process.env.HOME;"],
    ['store/b.ts', "/** B. */\nimport type { a } from './a.ts';\nimport { run } from '../adapters/run.ts';"],
    [
      'steps/index.ts',
      "import { copy } from './copy.ts';\nimport { tag } from './tag.ts';\nimport type { S } from './step.ts';",
    ],
    ['steps/copy.ts', "import type { S } from './step.ts';\n// import { tag } from './tag.ts';"],
    ['steps/tag.ts', "export const load = () => import('./copy/parts.ts');"],
  ]);
  const seen = [...bad].flatMap(([file, text]) => importsOf(file, text));
  expect(upward(seen)).toEqual(['domain/plan.ts -> store/a.ts']);
  expect(circles(seen)).toEqual(['store/a.ts -> store/b.ts -> store/a.ts']);
  expect(siblings(seen)).toEqual(['steps/tag.ts -> steps/copy/parts.ts']);
  expect(adapterUsers(seen)).toEqual(['store/b.ts -> adapters/run.ts']);
  expect(worldUsers(bad, seen)).toEqual(['domain/plan.ts -> node:fs/promises', 'store/a.ts uses process.*']);
  expect(defaultExports(bad)).toEqual(['domain/plan.ts']);
  expect(withoutSentence(bad)).toEqual([
    'domain/plan.ts',
    'store/a.ts',
    'steps/index.ts',
    'steps/copy.ts',
    'steps/tag.ts',
  ]);
});
