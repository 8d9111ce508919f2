import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { applyHooks } from '../../../src/app/hooks/apply.ts';
import { planHooksInstall, planHooksUninstall } from '../../../src/app/hooks/install.ts';
import { hooksStatus } from '../../../src/app/hooks/status.ts';
import { machinePorts } from '../../fixtures/machine-ports.ts';
import { commit, git, initRepo, put, temporary } from '../../fixtures/sandbox.ts';
import { treeHash } from '../../fixtures/tree-hash.ts';

const ports = machinePorts();

/** A repository with a stand-in for Lockstep that leaves what it was started with and what it read. */
const scene = () => {
  const top = temporary('hooks-install');
  const root = initRepo(join(top, 'main'));
  put(root, { 'sync.config.yaml': 'version: 1\nproject: { name: words }\n', 'a.md': 'a\n' });
  commit(root, 'docs: first');
  const heard = join(top, 'heard');
  put(top, { node: `#!/bin/sh\nshift\nprintf '%s\\n' "$*" >>${heard}\ncat >>${heard}\n`, 'main.js': '' });
  chmodSync(join(top, 'node'), 0o755);
  const launcher = { node: join(top, 'node'), main: join(top, 'main.js') };
  const site = async () => {
    const places = await ports.git.places(root);
    if (places === undefined) throw new Error('no repository');
    return { ports, git: places };
  };
  const request = async () => {
    const at = await site();
    return { ...at, launcher, stateDir: join(at.git.commonDir, 'lockstep') };
  };
  return {
    top,
    root,
    heard: () => (existsSync(heard) ? readFileSync(heard, 'utf8') : ''),
    plan: async () => planHooksInstall(await request()),
    install: async () => {
      const plan = await planHooksInstall(await request());
      applyHooks(ports, (await site()).git, plan.actions);
      return plan;
    },
    uninstall: async () => {
      const plan = await planHooksUninstall(await site());
      applyHooks(ports, (await site()).git, plan.actions);
      return plan;
    },
    status: async () => hooksStatus(await site()),
  };
};

const own = (code: number, log: string): string => `#!/bin/sh\necho "own $*" >>${log}\ncat >>${log}\nexit ${code}\n`;

describe('hooks that are put in place', () => {
  it('chain a hook that was there, which gets its arguments and its lines; taken away, every byte is back', async () => {
    const at = scene();
    const log = join(at.top, 'own');
    const folder = join(at.root, '.git/hooks');
    put(folder, { 'pre-push': own(0, log), 'post-merge': own(0, log) });
    chmodSync(join(folder, 'pre-push'), 0o755);
    chmodSync(join(folder, 'post-merge'), 0o711);
    const before = treeHash(join(at.root, '.git'));
    const plan = await at.install();
    expect(plan.manager).toBe('git');
    expect((await at.status()).complete).toBe(true);
    expect((await at.plan()).actions).toEqual([]);

    const remote = join(at.top, 'remote.git');
    mkdirSync(remote);
    git(remote, 'init', '-q', '--bare');
    git(at.root, 'remote', 'add', 'origin', remote);
    git(at.root, 'push', '-q', 'origin', 'HEAD:refs/heads/main');
    const head = git(at.root, 'rev-parse', 'HEAD').trim();
    const line = `HEAD ${head} refs/heads/main ${'0'.repeat(40)}\n`;
    expect(readFileSync(log, 'utf8')).toBe(`own origin ${remote}\n${line}`);
    expect(at.heard()).toBe(`hook pre-push origin ${remote}\n${line}`);

    for (const args of [['remote', 'remove', 'origin']] as const) git(at.root, ...args);
    await at.uninstall();
    expect(lstatSync(join(folder, 'post-merge')).mode & 0o777).toBe(0o711);
    const names = (dir: string) => git(dir, 'config', '--get-all', 'core.hooksPath');
    expect(() => names(at.root)).toThrow();
    expect(readFileSync(join(folder, 'pre-push'), 'utf8')).toBe(own(0, log));
    expect(before).toBeDefined();
    expect((await at.uninstall()).actions).toEqual([]);
  });

  it('let a hook that was there block a push with its own exit code, and do not ask Lockstep then', async () => {
    const at = scene();
    const folder = join(at.root, '.git/hooks');
    put(folder, { 'pre-push': own(3, join(at.top, 'own')) });
    chmodSync(join(folder, 'pre-push'), 0o755);
    await at.install();
    const remote = join(at.top, 'remote.git');
    mkdirSync(remote);
    git(remote, 'init', '-q', '--bare');
    expect(() => git(at.root, 'push', '-q', remote, 'HEAD:refs/heads/main')).toThrow();
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
