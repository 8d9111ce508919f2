import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fse from 'fs-extra';
import { expect, it } from 'vitest';
import { keepTrust, viewTrust } from '../../src/app/trust/trust.ts';
import { acquireLock, rootLockPaths } from '../../src/store/lock.ts';
import { type Fleet, fleet, fleetAt, fleetConfig, fleetPipeline } from '../fixtures/fleet.ts';
import { machinePorts, trustedHome } from '../fixtures/machine-ports.ts';
import { commit, git, put, text } from '../fixtures/sandbox.ts';
import { built } from './command.ts';

const budgets = (rest = ''): string =>
  `hooks:\n  pre-push: { budget: 60s }\n  post-merge: { budget: 60s }\n  post-push: { budget: 60s${rest} }\n`;

interface Said {
  readonly status: number | null;
  readonly said: string;
}

interface Story extends Fleet {
  readonly remote: string;
  readonly git: (
    args: readonly string[],
    how?: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> },
  ) => Said;
  readonly lockstep: (args: readonly string[], cwd?: string) => Said;
  /** The record of what a hook started last, once that is over. */
  readonly ended: (after?: string) => Promise<Readonly<Record<string, unknown>>>;
  readonly words: (name: string) => string;
  readonly work: (round: number) => string;
}

/** Target app, in step; hooks in place; what runs execute is trusted; a remote that has nothing. */
const story = async (settings = budgets(), pipeline = fleetPipeline): Promise<Story> => {
  const one = fleet('app');
  const { root, dir, at } = one;
  const env = { ...process.env, ...trustedHome() };
  put(root, { 'sync.config.yaml': fleetConfig + settings, 'pipelines/documents.yaml': pipeline });
  git(root, 'commit', '-q', '-a', '--amend', '--no-edit');
  await one.run();
  git(dir, 'init', '-q', '--bare', '-b', 'main', 'remote.git');
  const remote = join(dir, 'remote.git');
  git(root, 'remote', 'add', 'origin', remote);
  const main = await one.main();
  keepTrust(main, env, await viewTrust(main, env));
  const run = (
    program: string,
    args: readonly string[],
    cwd: string,
    more: Readonly<Record<string, string>> = {},
  ): Said => {
    const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8', env: { ...env, ...more } });
    return { status, said: stdout + stderr };
  };
  const lockstep: Story['lockstep'] = (args, cwd = root) => run(process.execPath, [built, ...args], cwd);
  expect(lockstep(['hooks', 'install']).status).toBe(0);
  const record = join(main.state.dir, 'background.json');
  return {
    ...one,
    remote,
    lockstep,
    git: (args, { cwd = root, env: more = {} } = {}) => run('git', args, cwd, more),
    ended: async (after = '') => {
      for (let tries = 0; tries < 600; tries += 1) {
        const work = existsSync(record) ? JSON.parse(readFileSync(record, 'utf8')) : {};
        if (typeof work.finished === 'string' && work.started > after) return work;
        await sleep(100);
      }
      throw new Error('nothing was done in the background');
    },
    words: (name) => {
      const found = fse.readdirSync(at(name), { recursive: true }).map(String);
      return text(at(name), found.find((path) => path.endsWith('docs/a.md')) ?? '');
    },
    work: (round) => {
      put(root, { 'docs/a.md': `a${round}\n` });
      return commit(root, `docs: round ${round}`);
    },
  };
};

/** Milliseconds; a loaded machine is no reason for another answer. */
const patience = 300_000;

const rev = (dir: string, ref: string): string => git(dir, 'rev-parse', '--verify', ref);

it(
  'a push that the remote accepts is followed by a sync, and one that it rejects by nothing',
  async () => {
    const { dir, root, remote, work, words, git: run, ended, lockstep, at } = await story();
    // The target is a repository of its own: nothing of git's may reach it by way of the hook.
    git(at('app'), 'init', '-q', '-b', 'main');
    const own = commit(at('app'), 'chore: mine');
    const first = run(['push', '-u', 'origin', 'main']);
    expect(first.status, first.said).toBe(0);
    expect(first.said).toContain('nothing to sync in what main brings to origin');
    expect(rev(remote, 'main')).toBe(rev(root, 'HEAD'));

    const second = work(2);
    const odd = { GIT_DIR: join(root, '.git'), GIT_INDEX_FILE: join(dir, 'odd-index'), GIT_AUTHOR_NAME: 'odd' };
    const pushed = run(['push', 'origin', 'main'], { env: odd });
    expect(pushed.status, pushed.said).toBe(0);
    expect(pushed.said).toContain('- [x] Ready to push to origin');
    const one = await ended();
    expect(one).toMatchObject({ hook: 'post-push', exit: 0, line: `app is in step with ${second.slice(0, 10)} now` });
    expect(words('app')).toBe('a2\n');
    expect([rev(at('app'), 'HEAD'), existsSync(join(dir, 'odd-index'))]).toEqual([own, false]);
    expect(lockstep(['sync', 'status']).said).toMatch(/in the background, after post-push: .*app is in step with/);

    git(dir, 'clone', '-q', remote, 'other');
    put(join(dir, 'other'), { 'plans/p.md': 'theirs\n' });
    commit(join(dir, 'other'), 'docs: of somebody else');
    git(join(dir, 'other'), 'push', '-q', 'origin', 'main');
    work(3);
    const rejected = run(['push', 'origin', 'main']);
    expect(rejected.status).toBe(1);
    expect(rejected.said).toContain('[rejected]');
    // The next command finds that nothing came of it.
    lockstep(['sync', 'status']);
    expect(await ended()).toEqual(one);
    expect(words('app')).toBe('a2\n');

    const forced = run(['push', '--force', 'origin', 'main', 'main:side', 'HEAD:refs/tags/v2']);
    expect(forced.status, forced.said).toBe(0);
    expect(forced.said).toContain('checklist for main, side, v2 to origin');
    expect(await ended(String(one.started))).toMatchObject({ exit: 0 });
    expect(words('app')).toBe('a3\n');
    const gone = run(['push', 'origin', ':side']);
    expect([gone.status, gone.said]).toEqual([0, expect.not.stringContaining('lockstep pre-push')]);
  },
  patience,
);

it(
  'lockstep push keeps the exit code of git, and syncs, verifies and tags once the remote has the commit',
  async () => {
    const steps = `${fleetPipeline}  - { id: verify, uses: verify, with: { suites: [docs] } }\n  - { id: tag, uses: tag }\n`;
    const { root, dir, remote, work, words, lockstep, at } = await story(budgets(), steps);
    git(root, 'tag', '-a', 'v1.2.0', '-m', 'v1.2.0');
    work(2);
    const pushed = lockstep(['push', '-u', 'origin', 'main']);
    expect(pushed.status, pushed.said).toBe(0);
    expect(rev(remote, 'main')).toBe(rev(root, 'HEAD'));
    expect(words('app')).toBe('a2\n');
    expect(pushed.said).toContain('app › verify done');
    expect(existsSync(join(root, '.git/lockstep/push-note'))).toBe(false);
    expect(existsSync(join(root, '.git/lockstep/background.json'))).toBe(false);
    expect(text(at('app'), '.lockstep/receipts/words.json')).toContain(
      `"version": "${git(root, 'describe', '--tags')}"`,
    );
    git(dir, 'clone', '-q', remote, 'other');
    commit(join(dir, 'other'), 'chore: of somebody else');
    git(join(dir, 'other'), 'push', '-q', 'origin', 'main');
    work(3);
    const rejected = lockstep(['push']);
    expect(rejected.status).toBe(1);
    expect(rejected.said).toContain('the push was not accepted, so nothing is synced (git exited with 1)');
    expect(words('app')).toBe('a2\n');
    const beside = lockstep(['push', 'origin', 'HEAD~1:refs/heads/side']);
    expect(beside.said).toContain('nothing is synced');
    expect(words('app')).toBe('a2\n');
  },
  patience,
);

it(
  'a push goes on while a sync is at work, and what follows it waits for that',
  async () => {
    const { at, work, words, git: run, ended } = await story();
    run(['push', '-u', 'origin', 'main']);
    work(2);
    const lock = await acquireLock(machinePorts(), rootLockPaths({ target: at('app') }), {
      what: 'sync run of somebody',
    });
    const pushed = run(['push']);
    expect([pushed.status, pushed.said]).toEqual([0, expect.stringContaining('is at work: sync run of somebody')]);
    expect(words('app')).toBe('a1\n');
    lock.release();
    expect(await ended()).toMatchObject({ exit: 0 });
    expect(words('app')).toBe('a2\n');
  },
  patience,
);

it(
  'a push from a linked worktree and one from a submodule are held to the same',
  async () => {
    const { dir, root, remote, work, git: run, lockstep } = await story(budgets(', do: off'));
    run(['push', '-u', 'origin', 'main']);
    work(2);
    git(root, 'worktree', 'add', '-q', '-b', 'side', join(dir, 'linked'));
    const linked = run(['push', 'origin', 'side'], { cwd: join(dir, 'linked') });
    expect([linked.status, linked.said]).toEqual([
      0,
      expect.stringContaining('Sync checklist generated: app lacks 1 file of docs'),
    ]);
    git(dir, 'init', '-q', '-b', 'main', 'super');
    git(join(dir, 'super'), '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', remote, 'lib');
    const lib = join(dir, 'super/lib');
    expect(lockstep(['hooks', 'install'], lib).status).toBe(0);
    fse.copySync(join(root, '.git/lockstep/registry.json'), join(dir, 'super/.git/modules/lib/lockstep/registry.json'));
    put(join(dir, 'super/.git/modules/lib/lockstep'), {
      'registry.json': text(root, '.git/lockstep/registry.json').replaceAll('../app', fleetAt(dir).at('app')),
    });
    put(lib, { 'docs/a.md': 'a3\n' });
    commit(lib, 'docs: in the submodule');
    const pushed = run(['push', 'origin', 'HEAD:third'], { cwd: lib });
    expect([pushed.status, pushed.said]).toEqual([
      0,
      expect.stringContaining('Sync checklist generated: app lacks 1 file of docs'),
    ]);
    expect(rev(remote, 'third')).toBe(rev(lib, 'HEAD'));
  },
  patience,
);

it(
  'every way in which main moves brings the targets in step, by a hook or by the next command',
  async () => {
    const { dir, root, remote, words, git: run, lockstep, ended } = await story(budgets(', do: off'));
    run(['push', '-u', 'origin', 'main']);
    git(dir, 'clone', '-q', remote, 'other');
    const other = join(dir, 'other');
    const theirs = (files: Readonly<Record<string, string>>): void => {
      put(other, files);
      commit(other, 'docs: of somebody else');
      git(other, 'push', '-q', 'origin', 'main');
    };
    theirs({ 'docs/a.md': 'fast-forward\n' });
    expect(run(['pull', '-q', '--ff-only']).said).toMatch(/post-merge: app is in step with/);
    expect(words('app')).toBe('fast-forward\n');

    put(root, { 'plans/mine.md': 'mine\n' });
    commit(root, 'docs: mine');
    theirs({ 'docs/a.md': 'true merge\n' });
    expect(run(['pull', '-q', '--no-rebase', '--no-edit']).said).toMatch(/post-merge: app is in step with/);
    expect(words('app')).toBe('true merge\n');
    expect(run(['push', '-q', '--no-verify']).status).toBe(0);
    git(other, 'pull', '-q');

    put(root, { 'plans/mine.md': 'again\n' });
    commit(root, 'docs: mine again');
    theirs({ 'docs/a.md': 'rebased\n' });
    expect(run(['pull', '-q', '--rebase']).said).toMatch(/post-rewrite: app is in step with/);
    expect(words('app')).toBe('rebased\n');
    expect(run(['push', '-q', '--no-verify']).status).toBe(0);
    git(other, 'pull', '-q');

    // No hook tells of a conflicted merge: the next command finds it, and starts what a hook would have.
    const { started } = await ended();
    put(root, { 'docs/a.md': 'ours\n' });
    commit(root, 'docs: ours');
    theirs({ 'docs/a.md': 'in conflict\n' });
    expect(run(['pull', '-q', '--no-rebase']).status).toBe(1);
    const midway = lockstep(['sync', 'status']).said;
    expect(midway).not.toContain('lockstep catch-up: the sync');
    // No hook tells of these two pushes either: git's own log of the remote's branch does, and each is told once.
    const past =
      /pushed without pre-push letting it through \(--no-verify, .*\): \w{10} to origin\/main, \w{10} to origin\/main;/;
    expect(midway).toMatch(past);
    expect(
      text(join(root, '.git/lockstep'), 'bypasses').match(/ pre-push origin - \w{40} refs\/heads\/main -$/gm),
    ).toHaveLength(2);
    expect(lockstep(['sync', 'status']).said).not.toContain('lockstep catch-up');
    put(root, { 'docs/a.md': 'solved\n' });
    commit(root, 'docs: solved');
    expect(lockstep(['sync', 'status']).said).toContain(
      'lockstep catch-up: the sync after this merge goes on in the background',
    );
    const merged = await ended(String(started));
    expect(words('app')).toBe('solved\n');
    git(root, 'push', '-q', '--no-verify');
    git(other, 'pull', '-q');

    theirs({ 'docs/a.md': 'reset\n' });
    git(root, 'fetch', '-q');
    git(root, 'reset', '-q', '--hard', 'origin/main');
    expect(lockstep(['sync', 'status', '--json']).said).toContain(
      'lockstep catch-up: the sync after this reset goes on',
    );
    await ended(String(merged.started));
    expect(words('app')).toBe('reset\n');

    // A commit of one's own is no move, and a squash has not moved main yet.
    put(root, { 'docs/a.md': 'local\n' });
    commit(root, 'docs: local');
    git(root, 'switch', '-q', '-c', 'side', 'HEAD~1');
    put(root, { 'docs/b.md': 'side\n' });
    commit(root, 'docs: side');
    git(root, 'switch', '-q', 'main');
    expect(run(['merge', '-q', '--squash', 'side']).said).not.toContain('lockstep post-merge');
    expect(lockstep(['sync', 'status']).said).not.toContain('lockstep catch-up');
    expect(words('app')).toBe('reset\n');
  },
  patience,
);

it(
  'a hook that hangs, that meets nonsense or that crashes says one line, and the push goes on',
  async () => {
    const { root, remote, git: run } = await story(budgets(', do: off'));
    let head = rev(root, 'HEAD');
    const pushed = (): readonly string[] => {
      head = git(root, 'commit-tree', '-p', head, '-m', 'chore: more', 'HEAD^{tree}');
      const { status, said } = run(['push', '-q', 'origin', `${head}:refs/heads/main`]);
      expect([status, rev(remote, 'main')]).toEqual([0, head]);
      expect(existsSync(join(root, '.git/index.lock'))).toBe(false);
      return said.trimEnd().split('\n');
    };
    const registry = join(root, '.git/lockstep/registry.json');
    put(root, { 'sync.config.yaml': `${fleetConfig}hooks: { pre-push: { budget: 1s }, post-push: off }\n` });
    rmSync(registry);
    execFileSync('mkfifo', [registry]);
    // Nobody ever writes to it: the read never returns, and no timer fires.
    const ended =
      /^lockstep pre-push: skipped(?:, it was ended before it answered; lockstep hooks install mends it|: not done within 1 s .*)$/;
    expect(pushed()).toEqual([expect.stringMatching(ended)]);
    rmSync(registry);
    put(root, { '.git/lockstep/registry.json': '{ damaged' });
    expect(pushed()).toEqual([expect.stringMatching(/^lockstep pre-push: skipped: \S/)]);
    put(root, { 'sync.config.yaml': 'version: [\n' });
    expect(pushed()).toEqual([expect.stringMatching(/^lockstep pre-push: skipped: \S/)]);
    put(root, { '.git/lockstep/launcher': `lockstep-launcher 1\n${process.execPath}\n${join(root, 'docs/a.md')}\n` });
    expect(pushed()).toEqual([expect.stringMatching(/^lockstep pre-push: skipped, Lockstep does not work here/)]);
  },
  patience,
);
