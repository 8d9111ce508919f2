import { describe, expect, it } from 'vitest';
import { checkClaims, type MainEntry, type ResolveRequest, resolveComponent } from '../../src/domain/components.ts';
import { type Grounds, groundsOf } from '../../src/domain/grounds.ts';
import type { ComponentSource, ComponentSpec } from '../../src/domain/project.ts';

const file = (path: string, mode = '100644'): MainEntry => ({ path, mode, blob: `blob of ${path}`, size: 1 });
const tree = ['README.md', 'docs/a.md', 'docs/old/b.md', 'docs/x.tmp', 'plans/p.md'].map((path) => file(path));

const grounds: Grounds = {
  roots: { target: '/t/app', python: '/t/py', checkout: '/t/clone' },
  protect: ['docs/opencode/**'],
  mainRoot: '/t/main',
  mainTracked: new Set(),
  checkout: null,
};

const source = (from: string[], into: ComponentSource['into'], exclude: string[] = []): ComponentSource => ({
  from,
  into,
  exclude,
});
const spec = (name: string, ...sources: ComponentSource[]): ComponentSpec => ({ name, sources, onConflict: 'keep' });

const resolve = (component: ComponentSpec, more: Partial<Grounds> = {}, request: Partial<ResolveRequest> = {}) => {
  const all = { ...grounds, ...more };
  return resolveComponent({
    spec: component,
    type: 'site-packages',
    roots: all.roots,
    commit: 'abc1234def5678',
    fill: (template) => template.replace('${{ target.package_dir }}', '/t/py/lib/opencode'),
    entries: (path) => tree.filter((entry) => entry.path === path || entry.path.startsWith(`${path}/`)),
    linkText: () => undefined,
    refused: groundsOf(all),
    ...request,
  });
};

const places = (component: ComponentSpec, more: Partial<Grounds> = {}) => [...resolve(component, more).files.keys()];

describe('where files go', () => {
  it('puts a folder below `into`, a file into it, and leaves out what is excluded', () => {
    const component = spec('docs', source(['docs', 'README.md'], 'd', ['**/*.tmp', 'old/**']));
    expect(places(component)).toEqual(['d/README.md', 'd/a.md']);
  });

  it('takes an absolute place inside the roots, rooted so that it survives a move', () => {
    expect(places(spec('plans', source(['plans'], '${{ target.package_dir }}/plans')))).toEqual([
      '@python/lib/opencode/plans/p.md',
    ]);
  });

  it('maps `into` by type, and says when a type does not get the component', () => {
    const component = spec('docs', source(['plans'], { source: 's', 'site-packages': 'p' }));
    expect(places(component)).toEqual(['p/p.md']);
    const other = resolve(component, {}, { type: 'npm' });
    expect(other).toMatchObject({ applies: false, cause: 'docs has no `into` for targets of type npm' });
  });

  it('warns of a source that main does not have, and of a submodule', () => {
    expect(resolve(spec('docs', source(['gone'], 'd'))).warnings).toEqual(['gone is not in main at abc1234def']);
    const found = resolve(spec('docs', source(['sub'], 'd')), {}, { entries: () => [file('sub', '160000')] });
    expect(found.warnings).toEqual(['sub is a submodule: left out']);
    expect(found.files.size).toBe(0);
  });
});

describe('where no component may write', () => {
  it.each([
    ['outside the roots', '../evil', "it lies outside the target's roots"],
    ['beside a root of the same beginning', '/t/app-evil', "it lies outside the target's roots"],
    ['by an absolute path', '/etc', "it lies outside the target's roots"],
    ['in a protected place', 'docs/opencode', "it is one of the target's own places"],
    ['deeper in a protected place', 'docs/opencode/x', "it is one of the target's own places"],
    ['in Lockstep’s own folder', '.lockstep/x', '.lockstep is no place'],
    ['in a git folder', 'x/.git/hooks', '.git is no place'],
  ])('refuses %s', (_what, into, cause) => {
    expect(() => resolve(spec('docs', source(['plans'], into)))).toThrowError(
      expect.objectContaining({ code: 'path-refused', message: expect.stringContaining(cause) }),
    );
  });

  it('refuses a file that would take the protected folder’s own place', () => {
    const one = { entries: () => [file('x/opencode')] };
    expect(() => resolve(spec('docs', source(['x'], 'docs')), {}, one)).toThrow(/own places/);
  });

  it('refuses the checkout of a source target, with the way out', () => {
    expect(() => resolve(spec('docs', source(['plans'], '/t/clone/plans')), { checkout: '/t/clone' })).toThrowError(
      expect.objectContaining({ code: 'path-refused', hint: expect.stringContaining('by type') }),
    );
  });

  it('refuses what main tracks, but not an ignored target folder inside main', () => {
    const inside = {
      roots: { target: '/t/main/targets/app' },
      mainTracked: new Set(['targets/app/kept/p.md', 'targets/app/f']),
    };
    expect(places(spec('docs', source(['plans'], 'new')), inside)).toEqual(['new/p.md']);
    expect(() => resolve(spec('docs', source(['plans'], 'kept')), inside)).toThrow(/path of the main project/);
    expect(() => resolve(spec('docs', source(['plans'], 'f')), inside)).toThrow(/path of the main project/);
  });

  it('refuses the main root where it is the checkout that a target is linked to', () => {
    const linked = { roots: { target: '/t/app', checkout: '/t/main' }, mainTracked: new Set(['a']) };
    expect(() => resolve(spec('docs', source(['plans'], '/t/main/untracked')), linked)).toThrow(
      /path of the main project/,
    );
  });

  it('refuses an `into` that comes out empty', () => {
    expect(() => resolve(spec('docs', source(['plans'], '')))).toThrowError(
      expect.objectContaining({ code: 'target-invalid' }),
    );
  });
});

describe('claims', () => {
  it('refuses two files for one path within a component, and lets the same file be named twice', () => {
    const twice = { entries: (path: string) => [file(path === 'one' ? 'one/a.md' : 'two/a.md')] };
    expect(() => resolve(spec('docs', source(['one', 'two'], 'd')), {}, twice)).toThrow(
      'd/a.md is claimed twice: by docs (one/a.md) and by docs (two/a.md)',
    );
    expect(places(spec('docs', source(['docs', 'docs/a.md'], 'd', ['**/old/**', '*.tmp'])))).toEqual(['d/a.md']);
  });

  it('refuses two components for one path, and a file where another needs a folder', () => {
    const docs = resolve(spec('docs', source(['docs/a.md'], 'd')));
    const other = resolve(spec('other', source(['docs/a.md'], 'd')));
    expect(() => checkClaims([docs, other])).toThrow(
      'd/a.md is claimed twice: by docs (docs/a.md) and by other (docs/a.md)',
    );
    const below = resolve(spec('below', source(['plans'], 'd/a.md')));
    expect(() => checkClaims([docs, below])).toThrow(
      'd/a.md is claimed twice: by docs (docs/a.md) as a file and by below (plans/p.md) as a folder',
    );
  });

  it('warns of names that differ only in case', () => {
    const docs = resolve(spec('docs', source(['docs/a.md'], 'd')));
    const other = resolve(spec('other', source(['docs/a.md'], 'D')));
    expect(checkClaims([docs, other])).toEqual(['d/a.md and D/a.md are one file on disks that ignore case']);
  });
});
