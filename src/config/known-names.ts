/** The names that a project defines, whether its configuration is valid or not: what other files may refer to. */
import { suitesOf } from '../checks/default-suites.ts';
import { defaultCategories } from '../domain/defaults.ts';
import type { NamedThing } from '../domain/named-option.ts';
import type { Project, TypeSpec } from '../domain/project.ts';
import { integrations } from '../integrations/index.ts';
import { short, suggestion } from './problem.ts';

export interface KnownNames {
  /** `package` and `config` among them. */
  readonly components: readonly string[];
  /** Those that are copied file by file. */
  readonly fileComponents: readonly string[];
  readonly categories: readonly string[];
  /** The built-in ones among them. */
  readonly suites: readonly string[];
  /** Integration types, the built-in ones among them. */
  readonly types: readonly string[];
}

const namesFrom = (given: {
  readonly components: readonly string[];
  readonly categories: readonly string[];
  readonly suites: readonly string[];
  readonly types: readonly string[];
}): KnownNames => ({
  components: ['package', ...given.components, 'config'],
  fileComponents: given.components,
  categories: given.categories,
  suites: given.suites,
  types: [...integrations.map(({ name }) => name), ...given.types],
});

/** The names of a valid project. */
export const namesOf = (
  project: Pick<Project, 'components' | 'categories' | 'suites' | 'package' | 'types'>,
): KnownNames =>
  namesFrom({
    components: project.components.map(({ name }) => name),
    categories: project.categories.map(({ name }) => name),
    suites: Object.keys(suitesOf(project)),
    types: Object.keys(project.types),
  });

const keysOf = (value: unknown, key: string): readonly string[] | undefined => {
  const held =
    value !== null && typeof value === 'object' && Object.hasOwn(value, key)
      ? (value as Readonly<Record<string, unknown>>)[key]
      : undefined;
  return held !== null && typeof held === 'object' && !Array.isArray(held) ? Object.keys(held) : undefined;
};

const fieldOf = (value: unknown, key: string): unknown =>
  value !== null && typeof value === 'object' && Object.hasOwn(value, key)
    ? (value as Readonly<Record<string, unknown>>)[key]
    : undefined;

/** The types of the team's own in what a `sync.config.yaml` says, as far as they say what they extend. */
export const typesIn = (written: unknown): Readonly<Record<string, TypeSpec>> => {
  const types = fieldOf(written, 'types');
  return Object.fromEntries(
    (keysOf(written, 'types') ?? []).flatMap((name) => {
      const spec = fieldOf(types, name);
      const [base, pipeline, detect] = ['extends', 'pipeline', 'detect'].map((key) => fieldOf(spec, key));
      if (typeof base !== 'string') return [];
      const globs = Array.isArray(detect) ? detect.filter((glob) => typeof glob === 'string') : [];
      return [[name, { extends: base, pipeline: typeof pipeline === 'string' ? pipeline : null, detect: globs }]];
    }),
  );
};

/** The names in what a `sync.config.yaml` says, whatever else is wrong with it. */
export const namesIn = (written: unknown): KnownNames => {
  const builtIn = Object.keys(suitesOf({ suites: {}, package: { from: 'local', path: null } }));
  return namesFrom({
    components: keysOf(written, 'components') ?? [],
    categories: keysOf(written, 'categories') ?? defaultCategories.map(({ name }) => name),
    suites: [...new Set([...builtIn, ...(keysOf(written, 'suites') ?? [])])],
    types: keysOf(written, 'types') ?? [],
  });
};

const listOf = (thing: NamedThing, known: KnownNames): readonly string[] => {
  if (thing === 'suite') return known.suites;
  return thing === 'component' ? known.components : known.fileComponents;
};

/** Why a word is no such name; undefined when it is one. */
export const unknownName = (word: string, thing: NamedThing, known: KnownNames): string | undefined => {
  const names = listOf(thing, known);
  if (names.includes(word)) return undefined;
  if (thing === 'file component' && (word === 'package' || word === 'config'))
    return `\`${word}\` is not copied file by file: \`${word === 'package' ? 'reinstall' : 'merge-config'}\` brings it`;
  const what = thing === 'suite' ? 'suite' : 'component';
  return `there is no ${what} named \`${short(word, 60)}\`${suggestion(word, names)}`;
};
