import fc from 'fast-check';
import picomatch from 'picomatch';
import { describe, expect, it } from 'vitest';
import { declaredWrites, globsMayMeet, isWrites, writeGlobProblem, writesOf } from '../../src/domain/write-globs.ts';

describe('declared writes', () => {
  it.each([
    ['custom_nodes/opencode/**', 'custom_nodes/opencode/a/b.py', true],
    ['custom_nodes/opencode/**', 'custom_nodes/opencode', true],
    ['custom_nodes/opencode/**', 'custom_nodes/other.py', false],
    ['custom_nodes/opencode', 'custom_nodes/opencode/a/b.py', true],
    ['./models/*.json', 'models/x.json', true],
    ['models/*.json', 'models/deep/x.json', false],
    ['models/{a,b}.json', 'models/b.json', true],
    ['**/*.lock', 'deep/er/x.lock', true],
    ['**/*.lock', '.lockstep/x.lock', false],
    ['**', 'sub/.git/config', false],
    ['**', 'sub/__pycache__/x.pyc', false],
    ['.hidden/*', '.hidden/x', true],
  ])('%s covers %s: %s', (glob, path, covered) => {
    expect(declaredWrites([glob]).covers(path)).toBe(covered);
  });

  it.each([
    ['a/b/*.json', 'a', true],
    ['a/b/*.json', 'a/b', true],
    ['a/b/*.json', 'a/b/c', false],
    ['a/b/*.json', 'b', false],
    ['a/*/c/**', 'a/x', true],
    ['a/*/c/**', 'a/x/d', false],
    ['a/**/c.txt', 'a/x/y/z', true],
    ['**/c.txt', '.lockstep', false],
  ])('%s leads through %s: %s', (glob, folder, leads) => {
    expect(declaredWrites([glob]).leadsTo(folder)).toBe(leads);
  });

  const part = fc.constantFrom('a', 'b', 'ab', '*', 'a*', '*b', '?', '**');
  const glob = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
  const path = fc.array(fc.constantFrom('a', 'b', 'ab', 'ba', 'c'), { minLength: 1, maxLength: 5 });

  it('lead through every folder above what they cover, or cover it', () => {
    fc.assert(
      fc.property(glob, path, (one, parts) => {
        const { covers, leadsTo } = declaredWrites([one]);
        fc.pre(covers(parts.join('/')));
        for (let length = 1; length < parts.length; length += 1) {
          const above = parts.slice(0, length).join('/');
          expect(covers(above) || leadsTo(above)).toBe(true);
        }
      }),
    );
  });

  it('never pass for meeting nothing where one path is in both', () => {
    fc.assert(
      fc.property(glob, glob, path, (one, two, parts) => {
        const text = parts.join('/');
        fc.pre(picomatch(one, { dot: true })(text) && declaredWrites([two]).covers(text));
        expect(globsMayMeet(one, two)).toBe(true);
        expect(globsMayMeet(two, one)).toBe(true);
      }),
    );
  });

  it.each([
    ['docs/**', 'nodes/**', false],
    ['docs/opencode/**', 'docs/**', true],
    ['docs/*.md', 'docs/*.txt', false],
    ['docs/a*', 'docs/b*', false],
    ['**/*.log', 'docs/**', true],
    ['docs', 'docs/deep/x', true],
  ])('%s and %s may meet: %s', (one, two, meet) => {
    expect(globsMayMeet(one, two)).toBe(meet);
  });

  it.each([
    '/etc/x',
    'C:/x',
    '../x',
    'a/../b',
    '!a',
    '.',
    './',
    '.lockstep/x',
    'a/.git/b',
    'a\\b',
    '{a/b,c}',
  ])('are not %s', (bad) => {
    expect(writeGlobProblem(bad)).toEqual(expect.any(String));
  });

  it('are kept in backups under a name of their own', () => {
    expect(isWrites(writesOf('nodes'))).toBe(true);
    expect(isWrites('docs')).toBe(false);
  });
});
