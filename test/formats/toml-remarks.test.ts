import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Edit, Value } from '../../src/domain/config-value.ts';
import { toml } from '../../src/formats/toml.ts';
import { drawFrom, randomDocument } from '../fixtures/toml/random.ts';

/** Every key of main that the owner's file lacks at the top of a table, as a merge would add it. */
const missing = (main: Value, owner: Value, path: readonly string[] = []): readonly Edit[] =>
  Object.entries(main as Record<string, Value>).flatMap(([key, value]): readonly Edit[] => {
    const there = (owner as Record<string, Value>)[key];
    if (there === undefined) return [{ key: [...path, key], value }];
    const tables = [value, there].every(
      (one) => typeof one === 'object' && one !== null && !Array.isArray(one) && !(one instanceof Date),
    );
    return tables ? missing(value, there, [...path, key]) : [];
  });

const merged = (owner: string, main: string): string =>
  toml.edit(owner, missing(toml.parse(main), toml.parse(owner)), main);

describe('comments directly above a key of main', () => {
  test('come along with a new key, each above its own', () => {
    const main = '# how often\n# it is tried\nretries = 3\n\n# seconds\nwait = 5\nlast = 1\n';
    expect(merged('own = 1 # mine\n', main)).toBe(
      'own = 1 # mine\n# how often\n# it is tried\nretries = 3\n# seconds\nwait = 5\nlast = 1\n',
    );
  });

  test('come along with a new table, its keys, its sub-tables and its lists of tables', () => {
    const main =
      'a = 1\n\n# about t\n[t]\n  # about k\n  k = 1 # behind\n\n# about u\n[t.u]\nv = true\n\n# first\n[[t.l]]\nx = 1\n# second\n[[t.l]]\n# about x\nx = 2\n';
    expect(merged('a = 1\n', main)).toBe(
      'a = 1\n\n# about t\n[t]\n# about k\nk = 1\n\n# about u\n[t.u]\nv = true\n\n# first\n[[t.l]]\nx = 1\n\n# second\n[[t.l]]\n# about x\nx = 2\n',
    );
  });

  test('are found however main and the target write the table', () => {
    expect(merged('[t]\nold = 1\n', 't.old = 1\n# about new\nt.new = 2\n')).toBe(
      '[t]\nold = 1\n# about new\nnew = 2\n',
    );
    expect(merged('t.old = 1\n', '[t]\nold = 1\n# about new\nnew = 2\n')).toBe('t.old = 1\n# about new\nt.new = 2\n');
    expect(merged('', '# about t\nt = { a = 1 }\n')).toBe('# about t\n[t]\na = 1\n');
    expect(merged('', '# only sub-tables\n[t]\n[t.u]\na = 1\n')).toBe('# only sub-tables\n[t]\n\n[t.u]\na = 1\n');
  });

  test('take the indentation and the line ending of the target', () => {
    expect(merged('[t]\r\n  old = 1\r\n', '[t]\n\told = 1\n\t# about new  \n\tnew = 2\n')).toBe(
      '[t]\r\n  old = 1\r\n  # about new\r\n  new = 2\r\n',
    );
    expect(merged('[t]\n  old = 1\n', '[t]\r\nold = 1\r\n# about new\r\nnew = 2\r\n')).toBe(
      '[t]\n  old = 1\n  # about new\n  new = 2\n',
    );
  });

  test('stay in main when a blank line parts them from the key', () => {
    expect(merged('', '# banner\n\nnew = 1\n')).toBe('new = 1\n');
  });

  test('stay in main when the key is there already, changed or of another kind', () => {
    const main = '# of main\na = 2\n# of main\nb = 1\n';
    const edits: readonly Edit[] = [
      { key: ['a'], value: 2n },
      { key: ['b'], value: 1n },
    ];
    expect(toml.edit('# own\na = 1\n\n# own too\n[b]\nc = 1\n', edits, main)).toBe(
      '# own\na = 2\nb = 1\n\n# own too\n',
    );
  });

  test('the end of a string that looks like one is none', () => {
    expect(merged('', 'a = """\n# not a comment"""\nb = 1\n')).toBe('a = "# not a comment"\nb = 1\n');
  });

  test('are not needed: a main that only the other parser reads gives its keys without them', () => {
    expect(toml.edit('', [{ key: ['new'], value: 1n }], '# odd\nnew = 1\nd = 2023-02-30\n')).toBe('new = 1\n');
  });

  test('a new item of a list of sections brings those of its like in main', () => {
    const main = '# one\n[[l]]\nx = 1\n\n# two\n[[l]]\nx = 2\n';
    const edits: readonly Edit[] = [{ key: ['l'], value: [{ x: 1n }, { x: 2n }] }];
    expect(toml.edit('# mine\n[[l]]\nx = 1\n', edits, main)).toBe('# mine\n[[l]]\nx = 1\n\n# two\n[[l]]\nx = 2\n');
  });
});

test('random files: the same values as without comments, only comment lines more, and nothing left to do', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const draw = drawFrom(seed);
      const owner = randomDocument(draw).text;
      const main = randomDocument(draw).text;
      const edits = missing(toml.parse(main), toml.parse(owner));
      const plain = toml.edit(owner, edits);
      const commented = toml.edit(owner, edits, main);
      expect(toml.parse(commented)).toEqual(toml.parse(plain));
      expect(missing(toml.parse(main), toml.parse(commented))).toEqual([]);

      const known = new Set(main.split('\n').map((line) => line.trim()));
      const lines = commented.split('\n');
      let at = 0;
      for (const line of plain.split('\n')) {
        while (at < lines.length && lines[at] !== line) {
          // A table of sub-tables gets its header where there is a comment to stand above it.
          const more = (lines[at] ?? '').trim();
          expect(more === '' || more.startsWith('[') || (more.startsWith('#') && known.has(more))).toBe(true);
          at += 1;
        }
        expect(at).toBeLessThan(lines.length);
        at += 1;
      }
    }),
    { numRuns: 150, seed: 20_260_224 },
  );
});
