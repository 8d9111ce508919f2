import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { misplaced, mutated } from './mutant.ts';
import { mutants } from './mutants.ts';

const checkout = fileURLToPath(new URL('../..', import.meta.url));

it('finds the text of every guard exactly once, so that the list cannot rot', () => {
  const wrong = mutants.flatMap((mutant) => {
    const path = join(checkout, mutant.file);
    const why = existsSync(path) ? misplaced(mutant, readFileSync(path, 'utf8')) : `${mutant.file} is not there`;
    return why === undefined ? [] : [`${mutant.name}: ${why}`];
  });
  expect(wrong).toEqual([]);
});

it('names tests that there are', () => {
  const missing = mutants.flatMap(({ name, tests }) =>
    tests.filter((path) => !existsSync(join(checkout, path))).map((path) => `${name}: ${path}`),
  );
  expect(missing).toEqual([]);
});

it('gives every guard a name of its own', () => {
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
});

it('takes a guard out of its text and leaves the rest as it is', () => {
  const mutant = { file: 'a.ts', find: 'b', replace: '$&' };
  expect(mutated({ ...mutant, name: 'm', invariant: 1, guard: 'g', tests: [] }, 'abc')).toBe('a$&c');
  expect(misplaced(mutant, 'abcb')).toContain('2 times');
  expect(misplaced(mutant, 'ac')).toContain('not in a.ts any more');
  expect(misplaced({ ...mutant, replace: 'b' }, 'abc')).toBe('it changes nothing');
});
