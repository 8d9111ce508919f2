import fc from 'fast-check';
import { parse } from 'smol-toml';
import { expect, test } from 'vitest';
import type { Edit, Key, Value } from '../../src/domain/config-value.ts';
import { toml } from '../../src/formats/toml.ts';
import { drawFrom, randomDocument, randomEdit } from '../fixtures/toml/random.ts';

const oracle = (text: string): unknown =>
  parse(text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n'), { integersAsBigInt: true });

/** Its own way to edit, sharing nothing with the engine: mutation of a deep copy. */
const mutate = (root: Record<Key, Value>, { key, value }: Edit): void => {
  let here = root;
  for (const name of key.slice(0, -1)) here = here[name] as Record<Key, Value>;
  const last = key.at(-1) as Key;
  if (value !== undefined) here[last] = structuredClone(value);
  else if (Array.isArray(here)) here.splice(Number(last), 1);
  else delete here[last];
};

/** Up to the first list index: what moves when an item comes or goes. */
const steady = (path: readonly Key[]): readonly Key[] => {
  const index = path.findIndex((key) => typeof key === 'number');
  return index < 0 ? path : path.slice(0, index);
};

const overlap = (a: readonly Key[], b: readonly Key[]): boolean =>
  a.slice(0, b.length).every((key, i) => key === b[i]) || b.slice(0, a.length).every((key, i) => key === a[i]);

const encodings = [
  (text: string) => text,
  (text: string) => text.replaceAll('\n', '\r\n'),
  (text: string) => text.replace(/\n$/, ''),
  (text: string) => `\uFEFF${text}`,
];

test('random edits of random documents: right data, untouched statements and banners kept, in order', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 6 }), fc.nat({ max: 3 }), (seed, many, encoding) => {
      const draw = drawFrom(seed);
      const document = randomDocument(draw);
      const encode = encodings[encoding] as (text: string) => string;
      const text = encode(document.text);
      expect(oracle(text)).toEqual(document.value);

      const wanted = structuredClone(document.value) as Record<Key, Value>;
      const edits = Array.from({ length: many }, () => {
        const edit = randomEdit(draw, wanted);
        mutate(wanted, edit);
        return edit;
      });
      const edited = toml.edit(text, edits);
      expect(oracle(edited)).toEqual(wanted);

      const eol = encoding === 1 ? '\r\n' : '\n';
      const emptied = /^\uFEFF?\s*$/.test(edited);
      expect(edited.startsWith('\uFEFF')).toBe(text.startsWith('\uFEFF'));
      // A file that is empty, before or after, has no way of ending its lines.
      if (document.text !== '' && !emptied) {
        expect(edited.endsWith('\n')).toBe(text.endsWith('\n'));
        if (encoding === 1) expect(edited.replaceAll('\r\n', '')).not.toContain('\n');
      }
      const whole = edited + eol;
      let at = 0;
      for (const statement of document.statements) {
        if (edits.some((edit) => overlap(steady(edit.key), steady(statement.path)))) continue;
        const found = whole.indexOf(statement.text.replaceAll('\n', eol), at);
        expect(found, `${statement.text} after ${at}`).toBeGreaterThanOrEqual(at);
        at = found + 1;
      }
      for (const banner of document.banners) expect(edited).toContain(banner);
    }),
    { numRuns: 1500, seed: 20260224, endOnFailure: false },
  );
});

test('setting everything to what it is changes no byte', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const { text, value } = randomDocument(drawFrom(seed));
      const edits = Object.entries(value).map(([key, inner]) => ({ key: [key], value: inner }));
      expect(toml.edit(text, edits)).toBe(text);
    }),
    { numRuns: 200, seed: 1 },
  );
});

test('turning any document into any other, key by key, says the other', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer(), (one, two) => {
      const from = randomDocument(drawFrom(one));
      const to = randomDocument(drawFrom(two));
      const edits: Edit[] = [
        ...Object.keys(from.value).map((key) => ({ key: [key], value: to.value[key] })),
        ...Object.entries(to.value).map(([key, value]) => ({ key: [key], value })),
      ];
      expect(oracle(toml.edit(from.text, edits))).toEqual(to.value);
    }),
    { numRuns: 400, seed: 2 },
  );
});
