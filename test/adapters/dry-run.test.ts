import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { dryRunPorts } from '../../src/adapters/dry-run.ts';
import { LockstepError } from '../../src/domain/errors.ts';
import type { Ports, StateFiles, Tree } from '../../src/ports.ts';
import { inTurn, put, temporary } from '../fixtures/sandbox.ts';
import { diskPorts } from '../fixtures/staged-target.ts';
import { treeLines } from '../fixtures/tree-hash.ts';

const treeCalls: Readonly<Record<keyof Tree, (tree: Tree, path: string) => unknown>> = {
  write: (tree, path) => tree.write(path, Buffer.from('x'), 0o644),
  append: (tree, path) => tree.append(path, Buffer.from('x')),
  symlink: (tree, path) => tree.symlink(path, 'x'),
  link: (tree, path) => tree.link(path, `${path}2`),
  rename: (tree, path) => tree.rename(path, `${path}2`),
  mkdir: (tree, path) => tree.mkdir(path),
  unlink: (tree, path) => tree.unlink(path),
  rmdir: (tree, path) => tree.rmdir(path),
  chmod: (tree, path) => tree.chmod(path, 0o600),
  touch: (tree, path) => tree.touch(path, 0n),
  flush: (tree, path) => tree.flush([path]),
  flushAll: (tree, path) => tree.flushAll(inTurn(path)),
};

const stateCalls: Readonly<Record<keyof StateFiles, (state: StateFiles, path: string) => unknown>> = {
  replace: (state, path) => state.replace(path, 'x'),
  append: (state, path) => state.append(path, 'x'),
  createExclusive: (state, path) => state.createExclusive(`${path}3`, 'x'),
  openNew: (state, path) => state.openNew(`${path}3`),
  remove: (state, path) => state.remove(path),
  flushDir: (state, path) => state.flushDir(path),
  makeDir: (state, path) => state.makeDir(`${path}3`),
};

const bugOf = (action: () => unknown): unknown => {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
};

describe('a dry run', () => {
  const ports = dryRunPorts(diskPorts() as Ports);

  for (const [name, act] of [...Object.entries(treeCalls)]) {
    it(`cannot ${name} in a target: that is a bug and is shown as one`, () => {
      const dir = temporary('dry');
      put(dir, { 'a.md': 'a\n' });
      const before = treeLines(dir);
      const error = bugOf(() => act(ports.openTree({ roots: [dir] }), join(dir, 'a.md')));
      expect(error).toBeInstanceOf(Error);
      expect(error).not.toBeInstanceOf(LockstepError);
      expect(String(error)).toContain(`dry run tried to write ${dir}`);
      expect(treeLines(dir)).toEqual(before);
    });
  }

  for (const [name, act] of Object.entries(stateCalls)) {
    it(`cannot ${name} state`, () => {
      const dir = temporary('dry');
      put(dir, { 'registry.json': '{}' });
      const error = bugOf(() => act(ports.state, join(dir, 'registry.json')));
      expect(String(error)).toContain('dry run tried to write');
      expect(treeLines(dir)).toHaveLength(1);
    });
  }

  it('still reads, and has its scratch folders', () => {
    const dir = temporary('dry');
    put(dir, { 'a.md': 'a\n' });
    expect(ports.files.readText(join(dir, 'a.md'))).toBe('a\n');
    const scratch = ports.files.scratch('dry');
    onTestFinished(() => rmSync(scratch, { recursive: true }));
    const tree = ports.openTree({ roots: [scratch] });
    tree.write(join(scratch, 'x'), Buffer.from('x'), 0o644);
    expect(readFileSync(join(scratch, 'x'), 'utf8')).toBe('x');
    tree.unlink(join(scratch, 'x'));
    const parent = temporary('dry');
    expect(bugOf(() => ports.openTree({ roots: [scratch, parent] }).mkdir(join(scratch, 'y')))).toBeInstanceOf(Error);
    expect(existsSync(join(scratch, 'y'))).toBe(false);
  });
});
