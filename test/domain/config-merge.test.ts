import { describe, expect, test } from 'vitest';
import { baseOfDigests, baseOfValue, digestKeys, noBase } from '../../src/domain/config-base.ts';
import { applyEdits } from '../../src/domain/config-edit.ts';
import { type ConfigMerge, type MergeRequest, mergeConfig } from '../../src/domain/config-merge.ts';
import type { Value } from '../../src/domain/config-value.ts';
import type { Decision } from '../../src/domain/receipt.ts';
import { defaultSecrets, mask } from '../../src/domain/secrets.ts';

const salt = 'salt';
type Sides = { base?: Value; main: Value; owner: Value };
type Extra = Partial<Pick<MergeRequest, 'strategies' | 'previous' | 'secrets'>>;

const request = ({ main, owner }: Sides, extra: Extra): Omit<MergeRequest, 'base'> => ({
  path: 'opencode.toml',
  main,
  owner,
  strategies: {},
  secrets: defaultSecrets,
  salt,
  previous: [],
  ...extra,
});

/** Merges with the whole base, proves that its digests alone give the same, and returns the merged value too. */
const merge = (sides: Sides, extra: Extra = {}): ConfigMerge & { readonly value: Value } => {
  const { base } = sides;
  const asked = request(sides, extra);
  const result = mergeConfig({ ...asked, base: base === undefined ? noBase : baseOfValue(base) });
  if (base !== undefined) {
    expect(mergeConfig({ ...asked, base: baseOfDigests(digestKeys(base, salt), salt) })).toEqual(result);
  }
  return { ...result, value: applyEdits(sides.owner, result.edits).value };
};

describe('three-way', () => {
  test.each<[string, Sides, Value, number]>([
    [
      "takes main's change of a key that the owner left alone",
      { base: { a: 1n }, main: { a: 2n }, owner: { a: 1n } },
      { a: 2n },
      0,
    ],
    [
      "keeps the owner's own value while main is unchanged",
      { base: { a: 1n }, main: { a: 1n }, owner: { a: 9n } },
      { a: 9n },
      0,
    ],
    ['keeps and decides when both changed', { base: { a: 1n }, main: { a: 2n }, owner: { a: 9n } }, { a: 9n }, 1],
    [
      'says nothing when both changed to the same',
      { base: { a: 1n }, main: { a: 2n }, owner: { a: 2n } },
      { a: 2n },
      0,
    ],
    ['adds what is new in main', { base: {}, main: { t: { b: 1n } }, owner: {} }, { t: { b: 1n } }, 0],
    [
      "adds beside the owner's keys",
      { base: { t: {} }, main: { t: { b: 1n } }, owner: { t: { own: 1n } } },
      { t: { own: 1n, b: 1n } },
      0,
    ],
    ['removes what main removed', { base: { a: 1n, b: 2n }, main: { b: 2n }, owner: { a: 1n, b: 2n } }, { b: 2n }, 0],
    [
      'keeps and decides when main removed what the owner changed',
      { base: { a: 1n }, main: {}, owner: { a: 9n } },
      { a: 9n },
      1,
    ],
    [
      "removes main's keys of a table that the owner added to",
      { base: { t: { a: 1n } }, main: {}, owner: { t: { a: 1n, own: 2n } } },
      { t: { own: 2n } },
      0,
    ],
    ['leaves away what the owner removed', { base: { a: 1n }, main: { a: 1n }, owner: {} }, {}, 0],
    ['decides when main changed what the owner removed', { base: { a: 1n }, main: { a: 2n }, owner: {} }, {}, 1],
    ['decides when both added a key differently', { base: {}, main: { a: 1n }, owner: { a: 2n } }, { a: 2n }, 1],
    [
      'keeps existing values and adds new keys at a first sync',
      { main: { a: 1n, b: 1n }, owner: { a: 2n } },
      { a: 2n, b: 1n },
      1,
    ],
    ['never touches a key of the target alone', { base: {}, main: {}, owner: { own: 1n } }, { own: 1n }, 0],
    [
      'keeps a table where main has a value',
      { base: { a: 1n }, main: { a: 2n }, owner: { a: { own: 1n } } },
      { a: { own: 1n } },
      1,
    ],
    [
      'keeps a value where main made a table',
      { base: { a: 1n }, main: { a: { b: 1n } }, owner: { a: 9n } },
      { a: 9n },
      1,
    ],
    ['an integer is not a float', { base: { a: 1n }, main: { a: 1n }, owner: { a: 1 } }, { a: 1 }, 0],
    ['a list is one value', { base: { l: [1n] }, main: { l: [1n, 2n] }, owner: { l: [1n] } }, { l: [1n, 2n] }, 0],
  ])('%s', (_what, sides, value, decisions) => {
    const result = merge(sides);
    expect(result.value).toEqual(value);
    expect(result.decisions).toHaveLength(decisions);
    expect(result.fresh).toHaveLength(decisions);
  });
});

describe('keep', () => {
  const strategies = { model: 'keep' } as const;
  test('never changes what the target has, whatever main and base say', () => {
    const sides = { base: { model: 'a' }, main: { model: 'b' }, owner: { model: 'a' } };
    const result = merge(sides, { strategies });
    expect(result.edits).toEqual([]);
    expect(result.kept).toMatchObject([{ sign: '=', key: ['model'], cause: 'strategy keep' }]);
    expect(result.fresh).toEqual([]);
  });

  test('adds what the target and the base lack', () => {
    expect(merge({ base: {}, main: { model: 'b' }, owner: {} }, { strategies }).value).toEqual({ model: 'b' });
    expect(merge({ main: { model: 'b' }, owner: {} }, { strategies }).value).toEqual({ model: 'b' });
  });

  test('what the owner removed stays removed, and that is recorded', () => {
    const result = merge({ base: { model: 'a' }, main: { model: 'a' }, owner: {} }, { strategies });
    expect(result.value).toEqual({});
    expect(result.decisions).toMatchObject([{ key: '["model"]', choice: 'kept', owner: 'deleted' }]);
  });

  test('keeps a table as a whole, except where a longer prefix says otherwise', () => {
    const sides = { base: {}, main: { t: { a: 1n, b: { c: 2n } } }, owner: { t: { own: 1n, b: { c: 1n } } } };
    expect(merge(sides, { strategies: { t: 'keep' } }).value).toEqual(sides.owner);
    expect(merge(sides, { strategies: { t: 'keep', 't.b.c': 'replace' } }).value).toEqual({
      t: { own: 1n, b: { c: 2n } },
    });
  });
});

describe('merge', () => {
  const strategies = { providers: 'merge', tools: 'merge' } as const;
  test('adds new keys and tables, keeps existing values', () => {
    const result = merge(
      {
        base: { providers: { a: { m: 1n } } },
        main: { providers: { a: { m: 2n, extra: 1n }, b: { m: 3n } } },
        owner: { providers: { a: { m: 1n }, own: { m: 0n } } },
      },
      { strategies },
    );
    expect(result.value).toEqual({ providers: { a: { m: 1n, extra: 1n }, b: { m: 3n }, own: { m: 0n } } });
    expect(result.decisions).toEqual([]);
  });

  test('lists: new items of main are added, items that the owner removed stay away, none is taken', () => {
    const sides = {
      base: { tools: { on: ['read', 'write', 'old'] } },
      main: { tools: { on: ['read', 'write', 'bash', { n: 1n }] } },
      owner: { tools: { on: ['own', 'read', 'old'] } },
    };
    expect(merge(sides, { strategies }).value).toEqual({ tools: { on: ['own', 'read', 'old', 'bash', { n: 1n }] } });
    const { main, owner } = sides;
    expect(merge({ main, owner }, { strategies }).value).toEqual({
      tools: { on: ['own', 'read', 'old', 'write', 'bash', { n: 1n }] },
    });
  });

  test('a provider that the owner removed stays removed, recorded', () => {
    const base = { providers: { a: { m: 1n } } };
    const result = merge({ base, main: { providers: { a: { m: 2n } } }, owner: { providers: {} } }, { strategies });
    expect(result.edits).toEqual([]);
    expect(result.decisions).toMatchObject([{ key: '["providers","a"]', owner: 'deleted' }]);
  });

  test('another kind of value is kept and decided', () => {
    const result = merge({ base: {}, main: { tools: { on: [1n] } }, owner: { tools: { on: 'all' } } }, { strategies });
    expect(result.edits).toEqual([]);
    expect(result.decisions).toHaveLength(1);
  });
});

describe('replace', () => {
  const strategies = { p: 'replace' } as const;
  test("main's value always wins; over an owner's change it is a decision", () => {
    const quiet = merge({ base: { p: 1n }, main: { p: 2n }, owner: { p: 1n } }, { strategies });
    expect([quiet.value, quiet.decisions.length]).toEqual([{ p: 2n }, 0]);
    const loud = merge({ base: { p: 1n }, main: { p: 2n }, owner: { p: 9n } }, { strategies });
    expect(loud.value).toEqual({ p: 2n });
    expect(loud.decisions).toMatchObject([{ key: '["p"]', choice: 'replaced' }]);
    expect(loud.fresh).toMatchObject([{ sign: '~' }]);
    const again = merge(
      { base: { p: 2n }, main: { p: 2n }, owner: { p: 2n } },
      { strategies, previous: loud.decisions },
    );
    expect(again).toMatchObject({ edits: [], fresh: [], decisions: loud.decisions });
  });

  test("brings back and removes, but never touches the target's own keys", () => {
    const sides = { base: { p: { a: 1n, gone: 1n } }, main: { p: { a: 1n } }, owner: { p: { gone: 2n, own: 3n } } };
    const result = merge(sides, { strategies });
    expect(result.value).toEqual({ p: { own: 3n, a: 1n } });
    expect(result.decisions.map((decision) => decision.choice)).toEqual(['replaced', 'replaced']);
  });
});

describe('decisions', () => {
  const conflict = { base: { a: 1n }, main: { a: 2n }, owner: { a: 9n } };
  const first = merge(conflict);

  test('the same versions of both sides are not new again, but stay recorded', () => {
    expect(merge(conflict, { previous: first.decisions })).toMatchObject({ fresh: [], decisions: first.decisions });
    const later = { base: { a: 2n }, main: { a: 2n }, owner: { a: 9n } };
    expect(merge(later, { previous: first.decisions })).toMatchObject({ fresh: [], decisions: first.decisions });
  });

  test('another version of either side is new', () => {
    const moved = merge({ base: { a: 2n }, main: { a: 3n }, owner: { a: 9n } }, { previous: first.decisions });
    expect(moved.fresh).toHaveLength(1);
    const edited = merge({ ...conflict, owner: { a: 8n } }, { previous: first.decisions });
    expect(edited.fresh).toHaveLength(1);
  });

  test('a decision ends when the owner takes the value of main', () => {
    expect(
      merge({ base: { a: 2n }, main: { a: 2n }, owner: { a: 2n } }, { previous: first.decisions }).decisions,
    ).toEqual([]);
  });

  test('hold digests, never values', () => {
    const text = JSON.stringify(
      merge({ base: { k: 'one' }, main: { k: 'sesame' }, owner: { k: 'hunter2' } }).decisions,
    );
    expect(text).not.toMatch(/sesame|hunter2/);
  });
});

describe('secrets', () => {
  test('are masked in every line, also inside added tables and lists of tables', () => {
    const result = merge(
      {
        base: { api_key: 'old-s3cret' },
        main: {
          api_key: 'new-s3cret',
          p: { b: { Token: 's3cret-t', url: 'https://u:s3cret-p@host/' } },
          l: [{ password: 's3cret-l' }],
        },
        owner: { api_key: 'old-s3cret', auth: { own: 's3cret-o' } },
      },
      { previous: [] as readonly Decision[] },
    );
    const shown = JSON.stringify([result.changes, result.kept, result.fresh, result.decisions]);
    expect(shown).not.toContain('s3cret');
    expect(result.changes).toContainEqual({
      key: ['api_key'],
      sign: '~',
      old: mask,
      new: mask,
      cause: 'changed in main',
    });
  });

  test('the patterns are the project’s', () => {
    const sides = { base: { pin: '1234' }, main: { pin: '9876' }, owner: { pin: '1234' } };
    expect(merge(sides).changes[0]?.new).toBe('"9876"');
    expect(merge(sides, { secrets: ['p?n'] }).changes[0]?.new).toBe(mask);
  });
});

test('digests tell types, salts and key order apart as they should', () => {
  const of = (value: Value, with_ = salt) => digestKeys({ v: value }, with_)['["v"]'];
  expect(new Set([of(1n), of(1), of('1'), of(true), of(-0), of(0), of(new Date(1)), of(1n, 'other')]).size).toBe(8);
  expect(of([{ a: 1n, b: 2n }])).toBe(of([{ b: 2n, a: 1n }]));
});
