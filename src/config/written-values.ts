/** Finds its way in the values of a configuration that may be wrong: what is not there is nothing, and nothing throws. */
import type { YamlPath } from './yaml-file.ts';

type Entries = readonly (readonly [string | number, unknown])[];

/** Entries of a list or map; none of anything else: the schema complains of that. */
export const entriesOf = (value: unknown): Entries => {
  if (Array.isArray(value)) return value.map((item, index) => [index, item]);
  return value !== null && typeof value === 'object' ? Object.entries(value) : [];
};

/** The value of a key; undefined where there is none. */
export const keyOf = (value: unknown, key: string): unknown => entriesOf(value).find(([name]) => name === key)?.[1];

/** The texts in a value, with their paths. */
export const textsIn = (
  value: unknown,
  path: YamlPath,
): readonly { readonly path: YamlPath; readonly text: string }[] =>
  typeof value === 'string'
    ? [{ path, text: value }]
    : entriesOf(value).flatMap(([key, item]) => textsIn(item, [...path, key]));

/** Places of the sources of a component, whichever of the three ways it is written in. */
export const sourcePlaces = (component: unknown, path: YamlPath): readonly { path: YamlPath; source: unknown }[] => {
  const several = Array.isArray(component) ? component : keyOf(component, 'sources');
  if (!Array.isArray(several)) return [{ path, source: component }];
  const base = several === component ? path : [...path, 'sources'];
  return several.map((source, index) => ({ path: [...base, index], source }));
};

/** What the configuration takes from main's commit: the package's folder, and files and folders by `from`. */
export const mainPaths = (value: unknown): readonly { readonly path: YamlPath; readonly text: string }[] => [
  ...textsIn(keyOf(keyOf(value, 'project'), 'package'), ['project', 'package']),
  ...entriesOf(keyOf(value, 'components')).flatMap(([name, component]) =>
    sourcePlaces(component, ['components', name]).flatMap(({ source, path }) =>
      textsIn(keyOf(source, 'from'), [...path, 'from']),
    ),
  ),
  ...entriesOf(keyOf(value, 'config')).flatMap(([index, spec]) =>
    textsIn(keyOf(spec, 'from'), ['config', index, 'from']),
  ),
];
