import { relative } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { below, cleanRelative, isInside, rootOf, toAbsolute, toRooted } from '../../src/domain/paths.ts';

const roots = { target: '/t', python: '/opt/venv', checkout: '/t/clone' };

describe('being inside', () => {
  it.each([
    ['/repo', true],
    ['/repo/a', true],
    ['/repo/..a', true],
    ['/repo-evil', false],
    ['/repo/../x', false],
    ['/', false],
  ])('goes by parts of the path: %s', (path, inside) => {
    expect(isInside('/repo', path)).toBe(inside);
  });
});

it('lies below a folder as far as working the path out says so, however it is written', () => {
  const part = fc.constantFrom('repo', 'repo-evil', 'a', '.', '..', '', '..a', '.a');
  const path = fc.array(part, { maxLength: 6 }).map((parts) => `/${parts.join('/')}`);
  fc.assert(
    fc.property(path, path, (root, at) => {
      const rel = relative(root, at);
      const inside = rel === '' || (rel !== '..' && !rel.startsWith('../'));
      expect(below(root, at)).toBe(inside ? rel : undefined);
      expect(isInside(root, at)).toBe(inside);
    }),
    { numRuns: 500 },
  );
});

describe('a rooted path', () => {
  it.each([
    ['/t/docs/a.md', 'docs/a.md'],
    ['/t/@odd', './@odd'],
    ['/opt/venv/lib/a.py', '@python/lib/a.py'],
    // The target's folder comes first, though the clone lies in it.
    ['/t/clone/a.py', 'clone/a.py'],
  ])('of %s is %s, and leads back there', (absolute, rooted) => {
    expect(toRooted(roots, absolute)).toBe(rooted);
    expect(toAbsolute(roots, rooted)).toBe(absolute);
  });

  it.each([
    '../etc/passwd',
    'docs/../../etc/passwd',
    '/etc/passwd',
    '@python/../../etc/passwd',
    '@python//etc/passwd',
  ])('that climbs out is refused: %s', (path) => {
    expect(() => toAbsolute(roots, path)).toThrow(expect.objectContaining({ code: 'path-refused' }));
  });

  it('of a root that the target lacks, or of a place in none, is refused', () => {
    expect(() => toAbsolute({ target: '/t' }, '@python/a.py')).toThrow(
      expect.objectContaining({ code: 'path-refused' }),
    );
    expect(() => toRooted(roots, '/t-evil/a')).toThrow(expect.objectContaining({ code: 'path-refused' }));
    expect(rootOf(roots, '/t-evil/a')).toBeUndefined();
  });
});

describe('a path of main', () => {
  it('is written plainly', () => {
    expect(cleanRelative('./a//b/./c/')).toBe('a/b/c');
  });

  it.each(['/etc', '../a', 'a/../../b', 'a/..'])('does not leave main: %s', (path) => {
    expect(() => cleanRelative(path)).toThrow(expect.objectContaining({ code: 'path-refused' }));
  });
});
