import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { diskTree } from '../../src/adapters/tree.ts';
import { refuseMainPaths } from '../../src/app/refuse-main-paths.ts';
import { machinePorts } from '../fixtures/machine-ports.ts';
import { commit, git, initRepo, put, temporary, text } from '../fixtures/sandbox.ts';

const mainWithTarget = async () => {
  const root = initRepo(join(temporary('main'), 'main'));
  put(root, { 'docs/a.md': 'a\n', '.gitignore': 'apps/\n', 'apps/app/own.txt': 'own\n' });
  commit(root, 'docs: first');
  const ports = machinePorts();
  const places = await ports.git.places(root);
  if (places === undefined) throw new Error('no repository');
  const refuse = await refuseMainPaths({ repo: ports.git.open(root), git: places }, ports.files);
  return { root, ports, places, refuse };
};

it('refuses what main tracks, by its name, and lets the rest of main be written', async () => {
  const { root, refuse } = await mainWithTarget();
  expect(refuse(join(root, 'docs/a.md'))).toBe('docs/a.md is tracked by the main project');
  expect(refuse(join(root, 'apps/app/new.md'))).toBeUndefined();
  expect(refuse(`${root}-evil/docs/a.md`)).toBeUndefined();
});

it("refuses main's git folder, that of a linked worktree included", async () => {
  const { root, ports, refuse } = await mainWithTarget();
  expect(refuse(join(root, '.git/hooks/pre-push'))).toContain('git folder');
  const linked = join(root, '..', 'linked');
  git(root, 'worktree', 'add', '-q', linked);
  const places = await ports.git.places(linked);
  if (places === undefined) throw new Error('no worktree');
  const fromThere = await refuseMainPaths({ repo: ports.git.open(linked), git: places }, ports.files);
  expect(fromThere(join(root, '.git/refs/heads/main'))).toContain('git folder');
});

it('holds where main is reached under another name', async () => {
  const { root, ports, places } = await mainWithTarget();
  const alias = join(root, '..', 'alias');
  symlinkSync(root, alias);
  const named = { ...places, root: alias, mainWorktree: alias };
  const refuse = await refuseMainPaths({ repo: ports.git.open(root), git: named }, ports.files);
  expect(refuse(join(root, 'docs/a.md'))).toContain('tracked');
});

it('keeps a tree with main inside its roots from touching main', async () => {
  const { root, refuse } = await mainWithTarget();
  const tree = diskTree({ roots: [root], refuse });
  const refused = expect.objectContaining({ code: 'path-refused' });
  expect(() => tree.write(join(root, 'docs/a.md'), Buffer.from('evil\n'), 0o644)).toThrow(refused);
  mkdirSync(join(root, 'apps/other'));
  expect(() => tree.rename(join(root, 'docs/a.md'), join(root, 'apps/other/a.md'))).toThrow(refused);
  expect(text(root, 'docs/a.md')).toBe('a\n');
});
