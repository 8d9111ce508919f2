import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { diskTree } from '../../src/adapters/tree.ts';
import { LockstepError } from '../../src/domain/errors.ts';
import type { Tree } from '../../src/ports.ts';
import { inTurn, put, temporary } from '../fixtures/sandbox.ts';
import { treeLines } from '../fixtures/tree-hash.ts';

const bytes = Buffer.from('new\n');

/** Every way to write to one path. */
const ways: Readonly<Record<string, (tree: Tree, path: string, inside: string) => unknown>> = {
  write: (tree, path) => tree.write(path, bytes, 0o644),
  append: (tree, path) => tree.append(path, bytes),
  symlink: (tree, path) => tree.symlink(path, 'x'),
  'link to': (tree, path, inside) => tree.link(inside, path),
  'link from': (tree, path, inside) => tree.link(path, `${inside}-copy`),
  'rename to': (tree, path, inside) => tree.rename(inside, path),
  'rename from': (tree, path, inside) => tree.rename(path, `${inside}-copy`),
  mkdir: (tree, path) => tree.mkdir(path),
  unlink: (tree, path) => tree.unlink(path),
  rmdir: (tree, path) => tree.rmdir(path),
  chmod: (tree, path) => tree.chmod(path, 0o600),
  touch: (tree, path) => tree.touch(path, 0n),
};

const codeOf = (action: () => unknown): string => {
  try {
    action();
    return 'nothing thrown';
  } catch (error) {
    return error instanceof LockstepError ? error.code : `a bug: ${error}`;
  }
};

const sandbox = () => {
  const dir = temporary('tree');
  put(dir, { 'repo/inside.md': 'inside\n', 'repo-evil/a.md': 'evil\n', 'elsewhere/a.md': 'elsewhere\n' });
  const root = join(dir, 'repo');
  return { dir, root, inside: join(root, 'inside.md'), tree: diskTree({ roots: [root] }) };
};

describe('the guard of every write', () => {
  for (const [way, act] of Object.entries(ways)) {
    it(`${way}: stays inside, on real paths`, () => {
      const { dir, root, inside, tree } = sandbox();
      symlinkSync(join(dir, 'elsewhere'), join(root, 'linked'));
      symlinkSync('linked', join(root, 'twice'));
      const before = treeLines(dir);
      const refused = [
        join(dir, 'elsewhere', 'a.md'),
        join(dir, 'repo-evil', 'a.md'),
        `${root}/../elsewhere/a.md`,
        `${root}/./inside.md`,
        `${root}//inside.md`,
        'inside.md',
        `${root}/a\0b`,
        root,
        join(root, 'linked', 'a.md'),
        join(root, 'twice', 'a.md'),
      ];
      for (const path of refused)
        expect(
          codeOf(() => act(tree, path, inside)),
          path,
        ).toBe('path-refused');
      expect(treeLines(dir)).toEqual(before);
    });

    it(`${way}: does not touch what the bounds refuse`, () => {
      const { dir, root, inside } = sandbox();
      put(root, { 'kept/a.md': 'kept\n' });
      const refuse = (path: string) => (path.includes('/kept/') ? 'the owner keeps it' : undefined);
      const tree = diskTree({ roots: [root], refuse });
      const before = treeLines(dir);
      expect(() => act(tree, join(root, 'kept', 'a.md'), inside)).toThrow(/the owner keeps it/);
      expect(treeLines(dir)).toEqual(before);
    });
  }

  it('refuses a root that is itself reached through a link', () => {
    const { dir } = sandbox();
    symlinkSync(join(dir, 'repo'), join(dir, 'alias'));
    const tree = diskTree({ roots: [join(dir, 'alias')] });
    expect(codeOf(() => tree.write(join(dir, 'alias', 'a.md'), bytes, 0o644))).toBe('path-refused');
  });

  it('writes and sets modes through no link that stands at the path itself', () => {
    const { dir, root, tree } = sandbox();
    symlinkSync(join(dir, 'elsewhere', 'a.md'), join(root, 'a.md'));
    const mode = statSync(join(dir, 'elsewhere', 'a.md')).mode;
    expect(codeOf(() => tree.write(join(root, 'a.md'), bytes, 0o600))).toBe('path-refused');
    expect(codeOf(() => tree.append(join(root, 'a.md'), bytes))).toBe('path-refused');
    expect(codeOf(() => tree.chmod(join(root, 'a.md'), 0o600))).toBe('path-refused');
    tree.touch(join(root, 'a.md'), 1_000_000_000_000_000n);
    expect(readFileSync(join(dir, 'elsewhere', 'a.md'), 'utf8')).toBe('elsewhere\n');
    expect(statSync(join(dir, 'elsewhere', 'a.md')).mode).toBe(mode);
    expect(statSync(join(dir, 'elsewhere', 'a.md')).mtimeMs).not.toBe(1_000_000_000);
  });

  it('flushes nothing outside the roots', () => {
    const { dir, tree } = sandbox();
    expect(codeOf(() => tree.flush([join(dir, 'repo-evil')]))).toBe('path-refused');
  });

  it('flushes nothing outside the roots among many either', async () => {
    const { dir, inside, tree } = sandbox();
    const refusal = expect.objectContaining({ code: 'path-refused' });
    await expect(tree.flushAll(inTurn(inside, join(dir, 'repo-evil')))).rejects.toEqual(refusal);
  });
});

describe('a tree on the disk', () => {
  it('writes content with exactly the mode asked for, whatever the umask', () => {
    const { root, tree } = sandbox();
    const old = process.umask(0o077);
    try {
      tree.write(join(root, 'tool'), bytes, 0o775);
    } finally {
      process.umask(old);
    }
    expect(statSync(join(root, 'tool')).mode & 0o7777).toBe(0o775);
    tree.write(join(root, 'tool'), Buffer.from('x'), 0o644);
    expect(readFileSync(join(root, 'tool'), 'utf8')).toBe('x');
    expect(statSync(join(root, 'tool')).mode & 0o7777).toBe(0o644);
  });

  it('links, renames, makes and removes', () => {
    const { root, inside, tree } = sandbox();
    expect(tree.link(inside, join(root, 'second'))).toBe(true);
    expect(statSync(join(root, 'second')).ino).toBe(statSync(inside).ino);
    tree.mkdir(join(root, 'folder'), 0o700);
    tree.rename(join(root, 'second'), join(root, 'folder', 'second'));
    tree.symlink(join(root, 'pointer'), 'nowhere');
    expect(readlinkSync(join(root, 'pointer'))).toBe('nowhere');
    tree.touch(join(root, 'folder', 'second'), 1_700_000_000_123_456_000n);
    expect(lstatSync(join(root, 'folder', 'second'), { bigint: true }).mtimeNs / 1000n).toBe(1_700_000_000_123_456n);
    tree.chmod(join(root, 'folder', 'second'), 0o600);
    tree.flush([join(root, 'folder', 'second'), join(root, 'folder')]);
    tree.unlink(join(root, 'folder', 'second'));
    tree.rmdir(join(root, 'folder'));
    tree.unlink(join(root, 'pointer'));
    expect(existsSync(join(root, 'folder'))).toBe(false);
  });

  it('adds to a file that is there, and makes none', () => {
    const { root, inside, tree } = sandbox();
    tree.append(inside, bytes);
    expect(readFileSync(inside, 'utf8')).toBe('inside\nnew\n');
    expect(codeOf(() => tree.append(join(root, 'missing'), bytes))).toBe('disk');
    expect(existsSync(join(root, 'missing'))).toBe(false);
  });

  it('sets any time to the microsecond, of a link itself too, and one before 1970 to the millisecond', () => {
    const { root, inside, tree } = sandbox();
    tree.symlink(join(root, 'pointer'), 'inside.md');
    const timeOf = (path: string): bigint => lstatSync(path, { bigint: true }).mtimeNs;
    const untouched = timeOf(inside);
    for (let round = 0n; round < 500n; round += 1n) {
      const ns = 1_700_000_000_000_000_999n + round * 7_919_017_000n;
      tree.touch(join(root, 'pointer'), ns);
      // What Node 24 writes below the microsecond is chance: a number of seconds has no room for it.
      expect(timeOf(join(root, 'pointer')) / 1000n).toBe(ns / 1000n);
    }
    expect(timeOf(inside)).toBe(untouched);
    tree.touch(inside, -86_400_123_456_789n);
    expect(timeOf(inside) / 1_000_000n).toBe(-86_400_123n);
  });

  it('says disk for trouble of the file system, naming the path', () => {
    const { root, inside, tree } = sandbox();
    linkSync(inside, join(root, 'taken'));
    mkdirSync(join(root, 'full'));
    put(root, { 'full/a': 'a' });
    expect(codeOf(() => tree.write(join(root, 'no', 'folder'), bytes, 0o644))).toBe('disk');
    expect(codeOf(() => tree.link(inside, join(root, 'taken')))).toBe('disk');
    expect(codeOf(() => tree.flush([join(root, 'missing')]))).toBe('disk');
    expect(() => tree.rmdir(join(root, 'full'))).toThrow(join(root, 'full'));
  });

  it('flushes many files and their folder, and is done with all before it names the one that failed', async () => {
    const { root, tree } = sandbox();
    const files = Array.from({ length: 100 }, (_, i) => join(root, `many-${i}`));
    for (const file of files) tree.write(file, bytes, 0o644);
    await tree.flushAll(inTurn(...files, root));
    await tree.flushAll(inTurn());
    // Linux tells what is open.
    const open = (): number => (existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd').length : 0);
    const handles = open();
    const missing = join(root, 'missing');
    await expect(tree.flushAll(inTurn(...files, missing, ...files))).rejects.toMatchObject({
      code: 'disk',
      message: expect.stringContaining(missing),
    });
    expect(open()).toBe(handles);
  });

  it('takes no further path to flush once one failed, or once there is none to be had, and says why', async () => {
    const { root, tree } = sandbox();
    const file = join(root, 'file');
    tree.write(file, bytes, 0o644);
    const given: string[] = [];
    const endless = async function* (): AsyncIterable<string> {
      for (let i = 0; ; i += 1) {
        const path = i === 50 ? join(root, 'missing') : file;
        given.push(path);
        yield path;
      }
    };
    await expect(tree.flushAll(endless())).rejects.toMatchObject({ code: 'disk' });
    expect(given.length).toBeLessThan(200);
    const trouble = new Error('nothing more to be had');
    const broken = async function* (): AsyncIterable<string> {
      yield file;
      throw trouble;
    };
    await expect(tree.flushAll(broken())).rejects.toBe(trouble);
  });

  it('has at most one more file written once a flush failed, and lets the giver end', async () => {
    const { root, tree } = sandbox();
    const given: number[] = [];
    let ended = false;
    const slow = async function* (): AsyncIterable<string> {
      try {
        for (let i = 0; i < 40; i += 1) {
          await new Promise((done) => setTimeout(done, 10));
          given.push(i);
          const path = join(root, `slow-${i}`);
          if (i !== 3) tree.write(path, bytes, 0o644);
          yield path;
        }
      } finally {
        ended = true;
      }
    };
    await expect(tree.flushAll(slow())).rejects.toMatchObject({ code: 'disk' });
    expect(given.length).toBeLessThanOrEqual(5);
    expect(ended).toBe(true);
  });
});
