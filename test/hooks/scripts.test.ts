import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { authorOf, heldSuffix, hookNames, hookScript } from '../../src/domain/hooks/script.ts';
import { git, initRepo, put, temporary } from '../fixtures/sandbox.ts';
import { scene, shells, there } from './shells.ts';

const id = (digit: string): string => digit.repeat(40);
const push = `refs/heads/main ${id('1')} refs/heads/main ${id('0')}\n`;
const moved = `${id('0')} ${id('1')} refs/remotes/origin/main\n`;

/** What makes each hook start Lockstep, and what Lockstep gets then. */
const calls = {
  'pre-push': { args: ['origin', 'url of origin'], input: push, read: push },
  'post-merge': { args: ['0'], input: '', read: '' },
  'post-rewrite': { args: ['rebase'], input: `${id('1')} ${id('2')}\n`, read: '' },
  'reference-transaction': { args: ['committed'], input: moved, read: moved },
} as const;

const withNote = (name: (typeof hookNames)[number], spec: Parameters<typeof scene>[1]) => {
  const at = scene(name, spec);
  put(at.state, { 'push-note': `refs/heads/main ${id('1')}\n` });
  return at;
};

describe.each(hookNames)('the script of %s', (name) => {
  const { args, input, read } = calls[name];

  for (const { shell, called, lacking } of shells) {
    it.skipIf(lacking)(`hands git’s arguments and lines to Lockstep, and shows what it says (${called})`, () => {
      const at = withNote(name, { caller: 'git', does: 'printf "%s\\n" "said \\\\n so"; echo "$LOCKSTEP_HOOK" >&2' });
      const answer = at.run({ shell, args, input });
      expect(answer).toMatchObject({ status: 0, out: '', err: `said \\n so\n${name}\n`, read });
      expect(answer.started).toEqual([`${at.main} hook ${name} ${args.join(' ')}`]);
    });
  }

  it('starts nothing under LOCKSTEP=0, nor from within a hook, and not where nothing was recorded', () => {
    const at = withNote(name, { caller: 'git' });
    const silent = { status: 0, out: '', err: '', started: [] };
    expect(at.run({ args, input, env: { LOCKSTEP: '0' } })).toMatchObject(silent);
    expect(at.run({ args, input, env: { LOCKSTEP_HOOK: 'pre-push' } })).toMatchObject(silent);
    rmSync(join(at.state, 'launcher'));
    expect(at.run({ args, input })).toMatchObject(silent);
  });

  it.each([
    ['fails', 'echo a stack; echo more of it >&2; exit 1'],
    ['is killed', 'kill -9 $$'],
    ['refuses without a word', 'exit 6'],
  ])('is one line, and git goes on, when Lockstep %s', (_, does) => {
    const answer = withNote(name, { caller: 'git', does }).run({ args, input });
    expect(answer).toMatchObject({ status: 0, out: '' });
    expect(answer.err).toMatch(new RegExp(`^lockstep ${name}: skipped, .*; lockstep hooks install mends it\\n$`));
  });

  it('is one line when Lockstep is gone, and takes the node of PATH when only that is', () => {
    const at = withNote(name, { caller: 'git' });
    const node = join(dirname(at.main), 'node');
    put(dirname(at.main), { 'bin/node': readFileSync(node, 'utf8') });
    rmSync(node);
    chmodSync(join(dirname(at.main), 'bin/node'), 0o755);
    const path = `${dirname(at.main)}/bin:${process.env.PATH}`;
    at.run({ args, input, env: { PATH: path } });
    expect(existsSync(join(dirname(at.main), 'bin/started'))).toBe(true);
    rmSync(at.main);
    expect(at.run({ args, input })).toMatchObject({
      status: 0,
      err: `lockstep ${name}: skipped, ${at.main} is gone; lockstep hooks install mends it\n`,
    });
  });

  it('ends a Lockstep that hangs', () => {
    const started = performance.now();
    // Nothing of it may keep git waiting on a pipe: the stand-in is replaced by what sleeps.
    const answer = withNote(name, { caller: 'git', limit: 1, does: 'exec sleep 60' }).run({ args, input });
    expect(performance.now() - started).toBeLessThan(20_000);
    expect(answer).toMatchObject({ status: 0, out: '' });
    expect(answer.err).toContain(`lockstep ${name}: skipped, it was ended before it answered`);
  });

  it.each(['git', 'husky'] as const)('runs the hook that was there first, as %s would', (caller) => {
    const at = withNote(name, { caller, does: 'echo second >&2' });
    const held = `${at.hook}${heldSuffix}`;
    put(dirname(held), { [`${name}${heldSuffix}`]: '#!/bin/sh\necho "first $*"; cat\n' });
    if (caller === 'git') chmodSync(held, 0o755);
    const answer = at.run({ args, input, shell: caller === 'git' ? ['dash'] : ['dash', '-e'] });
    expect(answer).toMatchObject({ status: 0, out: `first ${args.join(' ')}\n${input}`, err: 'second\n' });
  });

  it('passes over a hook that was there and that git passed over, too', () => {
    const at = withNote(name, { caller: 'git' });
    put(dirname(at.hook), { [`${name}${heldSuffix}`]: '#!/bin/sh\necho first\nexit 3\n' });
    expect(at.run({ args, input })).toMatchObject({ status: 0, out: '' });
  });

  it('keeps the exit code of the hook that was there, also under LOCKSTEP=0', () => {
    const at = withNote(name, { caller: 'git' });
    put(dirname(at.hook), { [`${name}${heldSuffix}`]: '#!/bin/sh\nexit 37\n' });
    chmodSync(`${at.hook}${heldSuffix}`, 0o755);
    expect(at.run({ args, input }).status).toBe(37);
    expect(at.run({ args, input, env: { LOCKSTEP: '0' } }).status).toBe(37);
    rmSync(at.state, { recursive: true });
    expect(at.run({ args, input }).status).toBe(37);
  });

  it('finds the state from a linked work tree, a submodule, with GIT_DIR set and in a bare repository', () => {
    const at = withNote(name, { caller: 'git' });
    const seen = (cwd: string, env: Readonly<Record<string, string>> = {}): number => {
      const before = at.run({ args, input, env: { LOCKSTEP: '0' } }).started.length;
      return at.run({ args, input, cwd, env }).started.length - before;
    };
    const tree = temporary('tree');
    put(at.root, { '.git/worktrees/t/commondir': '../..\n' });
    put(tree, { '.git': `gitdir: ${join(at.root, '.git/worktrees/t')}\n` });
    expect(seen(tree)).toBe(1);
    const sub = temporary('sub');
    put(sub, { '.git': `gitdir: ${join(at.root, '.git')}\n` });
    expect(seen(sub)).toBe(1);
    expect(seen(temporary('elsewhere'), { GIT_DIR: join(at.root, '.git') })).toBe(1);
    expect(seen(join(at.root, '.git'), { GIT_DIR: '.' })).toBe(1);
    expect(seen(temporary('nowhere'))).toBe(0);
  });

  it('finds a state that the configuration moved', () => {
    const at = withNote(name, { caller: 'git' });
    const other = temporary('moved');
    put(at.state, { moved: `${other}\n`, 'push-note': null });
    put(other, { 'push-note': id('1') });
    expect(at.run({ args, input }).started).toHaveLength(1);
  });

  it('is the same text whoever asks, holds no path of this machine, and tells when it was edited', () => {
    const text = hookScript(name, { caller: 'git' });
    expect(text).not.toMatch(/\/(?:home|tmp|usr|work)\//);
    expect(authorOf(text)).toBe('lockstep');
    expect(authorOf(text.replace('set +e', 'set -e'))).toBe('edited');
    expect(authorOf('#!/bin/sh\nexit 0\n')).toBe('other');
  });

  it.skipIf(!there('shellcheck'))(
    'has nothing that shellcheck warns of (needs shellcheck: apt-get install shellcheck)',
    () => {
      // -nt and -ef are POSIX since 2024, and a shell without them looks.
      const { stdout } = spawnSync('shellcheck', ['-s', 'sh', '-S', 'warning', '-e', 'SC3013,SC2034,SC2140', '-'], {
        input: hookScript(name, { caller: 'git' }),
        encoding: 'utf8',
      });
      expect(stdout).toBe('');
    },
  );
});

describe('pre-push', () => {
  const { args } = calls['pre-push'];

  it.each(['git', 'husky', 'entry'] as const)('blocks when Lockstep says why, and only with 6 (%s)', (caller) => {
    const answer = scene('pre-push', { caller, does: 'echo why; exit 6' }).run({ args, input: push });
    expect(answer).toMatchObject({ status: 6, err: 'why\n' });
  });

  it('starts no Lockstep for a push that the hook that was there stops', () => {
    const at = scene('pre-push', { caller: 'git' });
    put(dirname(at.hook), { [`pre-push${heldSuffix}`]: '#!/bin/sh\necho no >&2\nexit 5\n' });
    chmodSync(`${at.hook}${heldSuffix}`, 0o755);
    expect(at.run({ args, input: push })).toMatchObject({ status: 5, err: 'no\n', started: [] });
  });

  for (const { shell, called, lacking } of shells) {
    it.skipIf(lacking)(`hands twenty thousand lines on, to both (${called})`, () => {
      const at = scene('pre-push', { caller: 'git' });
      put(dirname(at.hook), { [`pre-push${heldSuffix}`]: '#!/bin/sh\nexec cat\n' });
      chmodSync(`${at.hook}${heldSuffix}`, 0o755);
      const input = push.repeat(20_000);
      const answer = at.run({ shell, args, input });
      expect(answer.status).toBe(0);
      expect(answer.out === input).toBe(true);
      expect(answer.read === input).toBe(true);
    });
  }

  it('lets git write to the end when nobody reads', () => {
    const at = scene('pre-push', { caller: 'git', does: 'exit 0' });
    put(dirname(at.hook), { [`pre-push${heldSuffix}`]: '#!/bin/sh\nexit 0\n' });
    chmodSync(`${at.hook}${heldSuffix}`, 0o755);
    const input = push.repeat(20_000);
    expect(at.run({ args, input })).toMatchObject({ status: 0, err: '' });
    expect(at.run({ args, input, env: { LOCKSTEP: '0' } })).toMatchObject({ status: 0, err: '' });
  });

  it('puts a push that LOCKSTEP=0 let through on record, without an address', () => {
    const at = scene('pre-push', { caller: 'git' });
    const input = `${push}${push.replaceAll('main', 'side')}`;
    at.run({ args: ['origin', 'https://x'], input, env: { LOCKSTEP: '0' } });
    at.run({ args: ['https://me:secret@x/y', 'https://me:secret@x/y'], input: push, env: { LOCKSTEP: '0' } });
    const lines = readFileSync(join(at.state, 'bypasses'), 'utf8').trimEnd().split('\n');
    const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ pre-push /;
    expect(lines.every((line) => time.test(line))).toBe(true);
    expect(lines.map((line) => line.replace(time, ''))).toEqual([
      `origin refs/heads/main ${id('1')} refs/heads/main ${id('0')}`,
      `origin refs/heads/side ${id('1')} refs/heads/side ${id('0')}`,
      `- refs/heads/main ${id('1')} refs/heads/main ${id('0')}`,
    ]);
  });

  it('makes git’s line of what pre-commit says in variables', () => {
    const at = scene('pre-push', { caller: 'entry' });
    const env = {
      PRE_COMMIT: '1',
      PRE_COMMIT_LOCAL_BRANCH: 'refs/heads/main',
      PRE_COMMIT_REMOTE_BRANCH: 'refs/heads/main',
      PRE_COMMIT_TO_REF: id('1'),
    };
    expect(at.run({ args, env }).read).toBe(push);
    expect(at.run({ args, env: { ...env, PRE_COMMIT_FROM_REF: id('2') } }).read).toBe(push.replace(id('0'), id('2')));
  });

  it('ends with the person’s Ctrl-C, and so does Lockstep', async () => {
    const at = scene('pre-push', { caller: 'git', does: 'echo $$ >"$here/pid"; exec sleep 30' });
    const child = spawn('dash', [at.hook, ...args], {
      cwd: at.root,
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    child.stdin.end(push);
    const over = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    const pidFile = join(dirname(at.main), 'pid');
    while (!existsSync(pidFile) || readFileSync(pidFile, 'utf8') === '')
      await new Promise((next) => setTimeout(next, 20));
    const pid = Number(readFileSync(pidFile, 'utf8'));
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGINT');
    await over;
    const gone = (): boolean => spawnSync('kill', ['-0', String(pid)]).status !== 0;
    for (let tries = 0; tries < 200 && !gone(); tries += 1) await new Promise((next) => setTimeout(next, 20));
    expect(gone()).toBe(true);
  });
});

it('post-rewrite does nothing for an amended commit', () => {
  expect(scene('post-rewrite', { caller: 'git' }).run({ args: ['amend'] }).started).toEqual([]);
});

describe('reference-transaction', () => {
  const { args, input } = calls['reference-transaction'];

  it.each([
    ['there is no note', args, input, null],
    ['the transaction is prepared', ['prepared'], input, id('1')],
    ['the transaction is undone', ['aborted'], input, id('1')],
    ['another object arrived', args, input, id('2')],
    ['a branch moved', args, input.replace('refs/remotes/origin', 'refs/heads'), id('1')],
    ['a remote branch was removed', args, `${id('1')} ${id('0')} refs/remotes/origin/main\n`, `${id('0')} ${id('1')}`],
    ['nothing is said', args, '', id('1')],
  ])('does nothing when %s', (_, words, lines, note) => {
    const at = scene('reference-transaction', { caller: 'git' });
    put(at.state, { 'push-note': note });
    expect(at.run({ args: words, input: lines })).toMatchObject({ status: 0, out: '', err: '', started: [] });
  });

  it('never stops a transaction, whatever Lockstep answers', () => {
    const at = withNote('reference-transaction', { caller: 'git', does: 'echo why; exit 6' });
    expect(at.run({ args, input }).status).toBe(0);
  });

  it.skipIf(!there('strace'))(
    'starts no process and opens no file without a note (needs strace: apt-get install strace)',
    () => {
      const at = scene('reference-transaction', { caller: 'git' });
      const log = join(temporary('strace'), 'log');
      spawnSync('strace', ['-f', '-o', log, 'dash', at.hook, 'prepared'], { cwd: at.root, input });
      const own = readFileSync(log, 'utf8').split('\n').slice();
      const since = own.findIndex((call) => call.includes('reference-transaction"') && call.includes('open'));
      const after = own.slice(since + 1);
      expect(since).toBeGreaterThan(0);
      expect(after.filter((call) => /\b(?:open|openat|execve|v?fork|clone3?)\(/.test(call))).toEqual([]);
      expect(after.filter((call) => call.includes('push-note'))).toHaveLength(1);
    },
  );

  it('lets a transaction of many refs through, reading none of it', () => {
    const root = initRepo(join(temporary('refs'), 'r'));
    git(root, 'commit', '-q', '--allow-empty', '-m', 'feat: first');
    mkdirSync(join(root, '.git/hooks'), { recursive: true });
    put(root, { '.git/hooks/reference-transaction': hookScript('reference-transaction', { caller: 'git' }) });
    chmodSync(join(root, '.git/hooks/reference-transaction'), 0o755);
    const refs = Array.from({ length: 2000 }, (_, at) => `create refs/remotes/origin/${'b'.repeat(60)}${at} HEAD\n`);
    const { status, stderr } = spawnSync('git', ['update-ref', '--stdin'], {
      cwd: root,
      input: refs.join(''),
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(git(root, 'for-each-ref', '--count=2001', '--format=%(refname)').split('\n')).toHaveLength(2001);
  });
});

describe('the hooks of this repository', () => {
  const husky = fileURLToPath(new URL('../../.husky', import.meta.url));

  it.each(['pre-push', 'post-merge', 'post-rewrite'] as const)('%s is that same text', async (name) => {
    await expect(hookScript(name, { caller: 'husky', build: 'dist/main.js' })).toMatchFileSnapshot(join(husky, name));
  });

  it('are those that husky can start', () => {
    const scripts = readdirSync(husky).filter((name) => name !== '_');
    expect(scripts.sort()).toEqual(hookNames.filter((name) => name !== 'reference-transaction').sort());
  });

  it('start its own build, and are silent without one', () => {
    const at = scene('pre-push', { caller: 'husky', build: 'dist/main.js' });
    rmSync(join(at.state, 'launcher'));
    expect(at.run({ input: push })).toMatchObject({ status: 0, out: '', err: '' });
    put(at.root, { 'dist/main.js': 'process.stderr.write(process.argv.slice(2).join(" "))' });
    expect(at.run({ input: push }).err).toBe('hook pre-push origin https://example.org/main.git\n');
    put(at.root, { 'dist/main.js': "import './chunks/gone.js';" });
    expect(at.run({ input: push })).toMatchObject({
      status: 0,
      err: 'lockstep pre-push: skipped, Lockstep does not work here; npm run build mends it\n',
    });
  });
});
