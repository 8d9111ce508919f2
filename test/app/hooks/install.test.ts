import { chmodSync, existsSync, lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { git, put } from '../../fixtures/sandbox.ts';
import { treeHash } from '../../fixtures/tree-hash.ts';
import { own, scene } from './hook-scene.ts';

describe('hooks that are put in place', () => {
  it('chain a hook that was there, which gets its arguments and its lines; taken away, every byte is back', async () => {
    const at = scene();
    const log = join(at.top, 'own');
    const folder = join(at.root, '.git/hooks');
    put(folder, { 'pre-push': own(0, log), 'post-merge': own(0, log) });
    chmodSync(join(folder, 'pre-push'), 0o755);
    chmodSync(join(folder, 'post-merge'), 0o711);
    const plan = await at.install();
    expect(plan.manager).toBe('git');
    expect((await at.status()).complete).toBe(true);
    expect((await at.plan()).actions).toEqual([]);

    git(at.root, 'push', '-q', 'origin', 'main');
    expect(readFileSync(log, 'utf8')).toBe(`own origin ${at.remote}\n${at.line()}`);
    expect(at.heard()).toBe(`hook pre-push origin ${at.remote}\n${at.line()}`);

    await at.uninstall();
    expect(lstatSync(join(folder, 'post-merge')).mode & 0o777).toBe(0o711);
    expect(readFileSync(join(folder, 'pre-push'), 'utf8')).toBe(own(0, log));
    expect((await at.uninstall()).actions).toEqual([]);
  });

  it('let a hook that was there block a push with its own exit code, and do not ask Lockstep then', async () => {
    const at = scene();
    const folder = join(at.root, '.git/hooks');
    put(folder, { 'pre-push': own(3, join(at.top, 'own')) });
    chmodSync(join(folder, 'pre-push'), 0o755);
    await at.install();
    expect(() => git(at.root, 'push', '-q', 'origin', 'main')).toThrow();
    expect(at.heard()).toBe('');
  });

  it('leave the tree of the hooks folder as it was, names, bytes and modes, once taken away', async () => {
    const at = scene();
    const folder = join(at.root, '.git/hooks');
    put(folder, { 'pre-push': own(0, '/dev/null'), 'commit-msg': '#!/bin/sh\nexit 0\n' });
    chmodSync(join(folder, 'pre-push'), 0o750);
    const before = treeHash(folder);
    await at.install();
    expect(treeHash(folder)).not.toEqual(before);
    await at.uninstall();
    expect(treeHash(folder)).toEqual(before);
    expect(existsSync(join(at.root, '.git/lockstep'))).toBe(false);
  });

  it('go to core.hooksPath where that is set, and to the entries of lefthook and pre-commit, which are printed', async () => {
    const other = scene();
    git(other.root, 'config', 'core.hooksPath', 'tools/hooks');
    await other.install();
    expect(existsSync(join(other.root, 'tools/hooks/pre-push'))).toBe(true);
    expect((await other.status()).complete).toBe(true);
    await other.uninstall();
    expect(existsSync(join(other.root, 'tools'))).toBe(false);

    for (const [file, text] of [
      ['lefthook.yml', 'pre-commit: {}\n'],
      ['.pre-commit-config.yaml', 'repos: []\n'],
    ] as const) {
      const at = scene();
      put(at.root, { [file]: text });
      const plan = await at.install();
      expect(plan.entries.map(({ hook }) => hook)).toContain('pre-push');
      expect(plan.entries.every((entry) => entry.file === file && entry.text.includes('lockstep'))).toBe(true);
      expect(readFileSync(join(at.root, file), 'utf8')).toBe(text);
      expect((await at.status()).complete).toBe(false);
    }
  });

  it('change nothing where a script of Lockstep was edited since', async () => {
    const at = scene();
    await at.install();
    const path = join(at.root, '.git/hooks/pre-push');
    const edited = `${readFileSync(path, 'utf8')}echo mine\n`;
    put(at.root, { '.git/hooks/pre-push': edited });
    await expect(at.uninstall()).rejects.toMatchObject({ code: 'conflict-refused' });
    expect(readFileSync(path, 'utf8')).toBe(edited);
    expect((await at.status()).hooks.find(({ name }) => name === 'pre-push')).toMatchObject({ installed: false });
  });
});
