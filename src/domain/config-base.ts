/** What main said at the last merge: the whole value while its blob is there, else the salted digests of the receipt. */
import { hash } from 'node:crypto';
import { canonicalValue, isList, isTable, type KeyPath, sameValue, type Value, valueAt } from './config-value.ts';

/** Salted, so that equal secrets of two files do not look equal. Hex. */
export const digestOf = (value: Value, salt: string): string => hash('sha256', salt + canonicalValue(value), 'hex');

/**
 * A digest per key path (JSON array as string): one for every value that is not a table or is an empty one,
 * and one per item of a list, under its index.
 */
export const digestKeys = (value: Value, salt: string): Readonly<Record<string, string>> => {
  const digests: Record<string, string> = {};
  const visit = (here: Value, path: KeyPath): void => {
    if (isTable(here) && (path.length === 0 || Object.keys(here).length > 0)) {
      for (const [key, inner] of Object.entries(here)) visit(inner, [...path, key]);
      return;
    }
    digests[JSON.stringify(path)] = digestOf(here, salt);
    if (!isList(here)) return;
    for (const [i, item] of here.entries()) digests[JSON.stringify([...path, i])] = digestOf(item, salt);
  };
  visit(value, []);
  return digests;
};

/** The base of a three-way merge, as far as it is known. */
export interface Base {
  readonly known: boolean;
  /** Whether main had anything at this key. */
  has(path: KeyPath): boolean;
  /** Whether main had exactly this value there. */
  same(path: KeyPath, value: Value): boolean;
  /** Whether the list that main had there held this item. */
  held(path: KeyPath, item: Value): boolean;
}

/** Before the first sync: nothing is known of what main said. */
export const noBase: Base = { known: false, has: () => false, same: () => false, held: () => false };

export const baseOfValue = (base: Value): Base => ({
  known: true,
  has: (path) => valueAt(base, path) !== undefined,
  same: (path, value) => sameValue(valueAt(base, path), value),
  held: (path, item) => {
    const list = valueAt(base, path);
    return isList(list) && list.some((other) => sameValue(other, item));
  },
});

type PathIndex = ReadonlyMap<string, readonly KeyPath[]>;

/** For every prefix of a path, the paths that start with it. */
const indexOf = (paths: readonly KeyPath[]): PathIndex => {
  const index = new Map<string, KeyPath[]>();
  for (const path of paths) {
    for (let length = 0; length <= path.length; length++) {
      const prefix = JSON.stringify(path.slice(0, length));
      const found = index.get(prefix);
      if (found === undefined) index.set(prefix, [path]);
      else found.push(path);
    }
  }
  return index;
};

/** The same answers from digests alone. */
export const baseOfDigests = (keys: Readonly<Record<string, string>>, salt: string): Base => {
  const index = indexOf(Object.keys(keys).map((text) => JSON.parse(text) as KeyPath));
  const below = (path: KeyPath) => index.get(JSON.stringify(path)) ?? [];
  const digestAt = (path: KeyPath) => keys[JSON.stringify(path)];
  return {
    known: true,
    has: (path) => path.length === 0 || below(path).length > 0,
    same: (path, value) => {
      const wanted = Object.entries(digestKeys({ at: value }, salt));
      const rebased = (text: string): KeyPath => [...path, ...(JSON.parse(text) as KeyPath).slice(1)];
      return (
        wanted.length === below(path).length && wanted.every(([text, digest]) => digestAt(rebased(text)) === digest)
      );
    },
    held: (path, item) => {
      const digest = digestOf(item, salt);
      const items = below(path).filter((other) => other.length === path.length + 1 && typeof other.at(-1) === 'number');
      return items.some((other) => digestAt(other) === digest);
    },
  };
};
