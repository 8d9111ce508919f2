/** Applies edits to a value in memory: what an edited file must say, and where its list items came from. */
import { type Edit, entryOf, isList, isTable, type Key, type KeyPath, type Value } from './config-value.ts';
import { LockstepError } from './errors.ts';

/** For a list that was edited item by item: the former index of each item, undefined for a new one. */
export type Origins = ReadonlyMap<readonly Value[], readonly (number | undefined)[]>;

export interface Edited {
  readonly value: Value;
  readonly origins: Origins;
}

type Where = { readonly path: KeyPath; readonly depth: number };

const refuse = ({ path, depth }: Where, why: string): LockstepError =>
  new LockstepError('merge-failed', `${path.slice(0, depth).join('.') || 'the file'} ${why}`, {
    hint: 'change that key by hand, then run again',
  });

/** A new value holding another one at a path that does not exist yet. */
const wrap = (rest: KeyPath, value: Value): Value =>
  rest.reduceRight<Value>((inner, key) => (key === 0 ? [inner] : Object.fromEntries([[String(key), inner]])), value);

/** Edited value plus origins, every edit after the one before. Throws `merge-failed` for a path through a scalar or past a list's end. */
export const applyEdits = (value: Value, edits: readonly Edit[]): Edited => {
  const origins = new Map<readonly Value[], readonly (number | undefined)[]>();

  const change = (here: Value | undefined, rest: KeyPath, edit: Edit): Value | undefined => {
    const [key, ...below] = rest;
    if (key === undefined) return edit.value;
    const where = { path: edit.key, depth: edit.key.length - rest.length };
    if (here === undefined) return edit.value === undefined ? undefined : wrap(rest, edit.value);
    if (isList(here)) return changeList(here, key, { below, edit, where });
    if (!isTable(here)) {
      if (edit.value === undefined) return here;
      throw refuse(where, 'is a single value, so nothing can be set below it');
    }
    const name = String(key);
    const next = change(entryOf(here, name), below, edit);
    if (next !== undefined) return { ...here, [name]: next };
    return Object.fromEntries(Object.entries(here).filter(([other]) => other !== name));
  };

  const changeList = (
    list: readonly Value[],
    key: Key,
    { below, edit, where }: { readonly below: KeyPath; readonly edit: Edit; readonly where: Where },
  ): readonly Value[] => {
    const index = typeof key === 'number' ? key : /^\d+$/.test(key) ? Number(key) : -1;
    const from = origins.get(list) ?? list.map((_, i) => i);
    if (edit.value === undefined && (index < 0 || index >= list.length)) return list;
    if (index < 0 || index > list.length) throw refuse(where, `is a list of ${list.length}; it has no place ${key}`);
    const next = change(list[index], below, edit);
    const items = next === undefined ? list.toSpliced(index, 1) : list.toSpliced(index, 1, next);
    const kept = index === list.length ? undefined : from[index];
    origins.set(items, next === undefined ? from.toSpliced(index, 1) : from.toSpliced(index, 1, kept));
    return items;
  };

  const result = edits.reduce<Value | undefined>((here, edit) => change(here, edit.key, edit), value);
  return { value: result ?? {}, origins };
};
