/** The values that every configuration format reads and writes, compared and named without loss. */

export type Key = string | number;
/** Integers are bigint and floats are number, so that 1 and 1.0 stay apart. A Date is known by its `toISOString()`. */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Date
  | readonly Value[]
  | { readonly [key: string]: Value };

export type Table = { readonly [key: string]: Value };
export type KeyPath = readonly Key[];

export interface Edit {
  readonly key: KeyPath;
  /** undefined deletes. */
  readonly value: Value | undefined;
}

export const isList = (value: Value | undefined): value is readonly Value[] => Array.isArray(value);

export const isTable = (value: Value | undefined): value is Table =>
  typeof value === 'object' && value !== null && !(value instanceof Date) && !isList(value);

/** An own entry of a table; undefined for what objects inherit, such as `constructor`. */
export const entryOf = (table: Table, key: string): Value | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined;

/** What stands at a key path; undefined when nothing does. */
export const valueAt = (value: Value | undefined, path: KeyPath): Value | undefined =>
  path.reduce<Value | undefined>((here, key) => {
    if (isList(here)) return typeof key === 'number' ? here[key] : undefined;
    return isTable(here) ? entryOf(here, String(key)) : undefined;
  }, value);

/** One text per value, whatever the order of its keys: equal texts, equal values. The types stay apart. */
export const canonicalValue = (value: Value): string => {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return `i${value}`;
  if (typeof value === 'number') return Object.is(value, -0) ? 'f-0' : `f${value}`;
  if (value instanceof Date) return `d${value.toISOString()}`;
  if (isList(value)) return `[${value.map(canonicalValue).join(',')}]`;
  const entries = Object.keys(value as Table).sort();
  return `{${entries.map((key) => `${JSON.stringify(key)}:${canonicalValue((value as Table)[key] as Value)}`).join(',')}}`;
};

const sameTable = (a: Table, b: Table): boolean => {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => sameValue(entryOf(a, key), entryOf(b, key)));
};

/** Deep equality. Integers never equal floats; NaN equals itself; dates are equal when written the same. */
export const sameValue = (a: Value | undefined, b: Value | undefined): boolean => {
  if (Object.is(a, b)) return true;
  if (a instanceof Date || b instanceof Date) {
    return a instanceof Date && b instanceof Date && a.toISOString() === b.toISOString();
  }
  if (isList(a)) return isList(b) && a.length === b.length && a.every((item, i) => sameValue(item, b[i]));
  return isTable(a) && isTable(b) && sameTable(a, b);
};
