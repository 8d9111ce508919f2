import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { diskFiles } from '../../src/adapters/files.ts';
import { LockstepError } from '../../src/domain/errors.ts';
import { put, temporary } from '../fixtures/sandbox.ts';

const files = diskFiles(() => {});
const sandbox = () => {
  const dir = temporary('files');
  put(dir, { 'docs/a.md': 'a\n', 'docs/deep/b.md': 'b\n', '.hidden/c': 'c' });
  symlinkSync('docs', join(dir, 'link'));
  symlinkSync('nowhere', join(dir, 'dangling'));
  return dir;
};

describe('what stands at a path', () => {
  it('is told by kind, permission bits and sha256', () => {
    const dir = sandbox();
    chmodSync(join(dir, 'docs/a.md'), 0o750);
    expect(files.state(join(dir, 'docs/a.md'))).toEqual({
      kind: 'file',
      mode: 0o750,
      size: 2,
      sha256: '87428fc522803d31065e7bce3cf03fe475096631e5e07bbd7a0fde60c4cf25c7',
    });
    expect(files.state(join(dir, 'docs')).kind).toBe('dir');
    expect(files.state(join(dir, 'missing'))).toEqual({ kind: 'absent' });
    expect(files.state(join(dir, 'docs/a.md/below'))).toEqual({ kind: 'absent' });
  });

  it('is a link itself, never what it leads to', () => {
    const dir = sandbox();
    expect(files.state(join(dir, 'link'))).toEqual({ kind: 'link', to: 'docs' });
    expect(files.state(join(dir, 'dangling'))).toEqual({ kind: 'link', to: 'nowhere' });
    expect(files.stat(join(dir, 'link'))?.kind).toBe('link');
  });

  it('is other for a pipe, and is not opened', () => {
    const dir = sandbox();
    execFileSync('mkfifo', [join(dir, 'pipe')]);
    expect(files.state(join(dir, 'pipe'))).toEqual({ kind: 'other' });
  });

  it('hashes files larger than the buffer', () => {
    const dir = sandbox();
    const bytes = Buffer.alloc((1 << 20) * 2 + 17, 'x');
    writeFileSync(join(dir, 'large'), bytes);
    const sum = execFileSync('sha256sum', [join(dir, 'large')], { encoding: 'utf8' }).slice(0, 64);
    expect(files.state(join(dir, 'large'))).toMatchObject({ size: bytes.length, sha256: sum });
  });
});

describe('reading folders', () => {
  it('walks sorted, links not followed, pruned by skip', () => {
    const dir = sandbox();
    expect(files.walk(dir).map(({ path, stat }) => `${stat.kind} ${path}`)).toEqual([
      'dir .hidden',
      'file .hidden/c',
      'link dangling',
      'dir docs',
      'file docs/a.md',
      'dir docs/deep',
      'file docs/deep/b.md',
      'link link',
    ]);
    const pruned = files.walk(dir, (path) => path === 'docs' || path.startsWith('.'));
    expect(pruned.map(({ path }) => path)).toEqual(['dangling', 'link']);
  });

  it('finds nothing in a folder that is not there', () => {
    const dir = sandbox();
    expect(files.list(join(dir, 'missing'))).toEqual([]);
    expect(files.walk(join(dir, 'missing'))).toEqual([]);
    expect(files.real(join(dir, 'missing'))).toBeUndefined();
    expect(files.real(join(dir, 'link', 'a.md'))).toBe(join(dir, 'docs', 'a.md'));
  });

  it('globs absolute paths, dot files included', () => {
    const dir = sandbox();
    expect(files.glob(['**/*.md', '.hidden/*'], dir)).toEqual(
      [join(dir, '.hidden/c'), join(dir, 'docs/a.md'), join(dir, 'docs/deep/b.md')].sort(),
    );
    expect(files.glob(['**/*.md'], dir, 2)).toEqual([join(dir, 'docs/a.md')]);
  });
});

describe('reading content', () => {
  it('throws object-missing for what cannot be read', () => {
    const dir = sandbox();
    expect(files.readText(join(dir, 'docs/a.md'))).toBe('a\n');
    expect(files.readLink(join(dir, 'link'))).toBe('docs');
    expect(() => files.read(join(dir, 'missing'))).toThrow(LockstepError);
  });

  it('makes scratch folders that only this user can enter, and tells of where they lie', () => {
    const told: string[] = [];
    const dir = diskFiles((made) => told.push(made)).scratch('test');
    expect(told).toEqual([dirname(dir)]);
    expect(lstatSync(dirname(dir)).mode & 0o777).toBe(0o700);
    expect(readdirSync(dir)).toEqual([]);
    expect(lstatSync(dir).mode & 0o777).toBe(0o700);
    execFileSync('rm', ['-r', dir]);
    expect(existsSync(dir)).toBe(false);
  });
});
