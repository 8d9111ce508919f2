/** Finds the strategy of a key: the longest configured prefix decides. */
import type { KeyPath } from './config-value.ts';
import type { KeyStrategy } from './project.ts';

export interface Rule {
  readonly strategy: KeyStrategy;
  /** How many keys of the path the deciding prefix names. */
  readonly depth: number;
}

export interface Strategies {
  of(path: KeyPath): Rule;
  /** Whether some prefix reaches further down than this path. */
  reachesBelow(path: KeyPath): boolean;
}

/** `a."b.c".d` as its keys. */
const keysOf = (prefix: string): readonly string[] =>
  [...prefix.matchAll(/"([^"]*)"|'([^']*)'|([^.]+)/g)].map((match) => match[1] ?? match[2] ?? match[3]?.trim() ?? '');

const startsWith = (path: KeyPath, start: KeyPath): boolean =>
  start.length <= path.length && start.every((key, i) => String(path[i]) === String(key));

/** `three-way` where no prefix matches. */
export const strategiesOf = (configured: Readonly<Record<string, KeyStrategy>>): Strategies => {
  const rules = Object.entries(configured)
    .map(([prefix, strategy]) => ({ keys: keysOf(prefix), strategy }))
    .sort((a, b) => b.keys.length - a.keys.length);
  return {
    of: (path) => {
      const rule = rules.find(({ keys }) => startsWith(path, keys));
      return { strategy: rule?.strategy ?? 'three-way', depth: rule?.keys.length ?? 0 };
    },
    reachesBelow: (path) => rules.some((rule) => rule.keys.length > path.length && startsWith(rule.keys, path)),
  };
};
