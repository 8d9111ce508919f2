import { readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fse from 'fs-extra';
import { describe, expect, it } from 'vitest';
import { installedGit } from '../../src/adapters/git.ts';
import { spawnProcesses } from '../../src/adapters/processes.ts';
import type { Processes, Repo } from '../../src/ports.ts';
import { commit, commitRawNames, git, initRepo, put, temporary } from '../fixtures/sandbox.ts';

const installed = (env: Readonly<Record<string, string | undefined>> = process.env) =>
  installedGit(spawnProcesses(env), env);

const repository = (files: Readonly<Record<string, string>> = { 'a.txt': 'one\n' }) => {
  const root = initRepo(temporary('git'));
  put(root, files);
  return { root, first: commit(root, 'feat: first'), repo: installed().open(root) };
};

/** Takes one blob out of the repository, as a partial copy lacks it. */
const loseBlob = (root: string, blob: string): void =>
  rmSync(join(root, '.git', 'objects', blob.slice(0, 2), blob.slice(2)), { force: true });

const paths = async (repo: Repo, revision: string) => (await repo.tree(revision)).map((entry) => entry.path);

const lines = (count: number, word: string) => Array.from({ length: count }, (_, i) => `${word} ${i}\n`).join('');

describe('places', () => {
  it('finds the root from a subfolder', async () => {
    const { root } = repository({ 'a/b/c.txt': '' });
    const expected = { root, mainWorktree: root, commonDir: join(root, '.git') };
    expect(await installed().places(join(root, 'a', 'b'))).toEqual(expected);
    expect(await installed().places(root)).toEqual(expected);
  });

  it('knows the main worktree from a linked one', async () => {
    const { root } = repository({ 'a/b.txt': '' });
    const linked = join(temporary('linked'), 'tree é');
    git(root, 'worktree', 'add', '-q', '--detach', linked);
    const expected = { root: linked, mainWorktree: root, commonDir: join(root, '.git') };
    expect(await installed().places(join(linked, 'a'))).toEqual(expected);
  });

  it('takes the first worktree with files for the main one when the repository is bare', async () => {
    const { root } = repository();
    const dir = temporary('bare');
    git(dir, 'clone', '-q', '--bare', root, 'r.git');
    git(join(dir, 'r.git'), 'worktree', 'add', '-q', '--detach', join(dir, 'tree'));
    expect(await installed().places(join(dir, 'r.git'))).toBeUndefined();
    expect(await installed().places(join(dir, 'tree'))).toEqual({
      root: join(dir, 'tree'),
      mainWorktree: join(dir, 'tree'),
      commonDir: join(dir, 'r.git'),
    });
  });

  it('finds the main worktree of a submodule, whose git folder stands apart', async () => {
    const { root } = repository();
    const outer = repository().root;
    git(outer, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', root, 'sub');
    const commonDir = join(outer, '.git', 'modules', 'sub');
    const sub = join(outer, 'sub');
    expect(await installed().places(sub)).toEqual({ root: sub, mainWorktree: sub, commonDir });
    git(sub, 'worktree', 'add', '-q', '--detach', join(temporary('linked'), 'x'));
    const linked = git(sub, 'worktree', 'list').split('\n').at(-1)?.split(' ')[0] ?? '';
    expect(await installed().places(linked)).toEqual({ root: linked, mainWorktree: sub, commonDir });
  });

  it('is undefined outside a work tree, in .git, and for a folder that is not there', async () => {
    const { root } = repository();
    expect(await installed().places(temporary())).toBeUndefined();
    expect(await installed().places(join(root, '.git'))).toBeUndefined();
    expect(await installed().places(join(root, 'nowhere'))).toBeUndefined();
  });

  it('works where the folder has a newline in its name', async () => {
    const root = initRepo(join(temporary(), 'two\nlines'));
    expect(await installed().places(root)).toEqual({ root, mainWorktree: root, commonDir: join(root, '.git') });
  });

  it("is not led astray by a calling hook's variables", async () => {
    const { root } = repository();
    const other = repository({ 'other.txt': '' });
    const env = {
      ...process.env,
      GIT_DIR: join(other.root, '.git'),
      GIT_WORK_TREE: other.root,
      GIT_INDEX_FILE: join(other.root, '.git', 'index.lock'),
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'core.worktree',
      GIT_CONFIG_VALUE_0: other.root,
      EDITOR: 'vi',
      PAGER: 'less',
      GIT_SSH_COMMAND: 'ssh',
    };
    const found = await installed(env).places(root);
    expect(found?.root).toBe(root);
    const repo = installed(env).open(root);
    expect(await paths(repo, 'HEAD')).toEqual(['a.txt']);
    expect(await repo.read(['ls-files'])).toBe('a.txt\n');
    const blob = (await repo.tree('HEAD'))[0]?.blob ?? '';
    expect((await repo.blobs([blob])).get(blob)?.toString()).toBe('one\n');
  });

  it('says so when git is not installed', async () => {
    const { root } = repository();
    await expect(installed({ PATH: '/nowhere' }).places(root)).rejects.toMatchObject({
      code: 'process-failed',
      hint: expect.stringContaining('install git'),
    });
  });
});

describe('revisions', () => {
  it('peels annotated tags and takes any revision', async () => {
    const { root, repo, first } = repository();
    git(root, 'tag', '-a', 'v1', '-m', 'v1');
    put(root, { 'a.txt': 'two\n' });
    const second = commit(root, 'fix: second');
    expect(await repo.commit('v1')).toBe(first);
    expect(await repo.commit('HEAD~1')).toBe(first);
    expect(await repo.commit(':/second')).toBe(second);
    expect(await repo.commit(first.slice(0, 8))).toBe(first);
  });

  it('answers undefined for what is no commit', async () => {
    const { repo } = repository();
    for (const revision of ['nope', '', 'HEAD:a.txt', 'a'.repeat(40), 'HEAD..HEAD', '^HEAD', 'a\0b', 'x y']) {
      expect(await repo.commit(revision), revision).toBeUndefined();
    }
  });

  it('never takes a revision for an option', async () => {
    const { root, repo } = repository();
    const file = join(root, 'stolen');
    for (const revision of ['--all', '-n1', `--output=${file}`, '--git-dir']) {
      expect(await repo.commit(revision)).toBeUndefined();
      await expect(repo.log(null, revision)).rejects.toMatchObject({ code: 'unknown-revision' });
      await expect(repo.diff('HEAD', revision)).rejects.toMatchObject({ code: 'unknown-revision' });
      await expect(repo.tree(revision)).rejects.toMatchObject({ code: 'unknown-revision' });
      await expect(repo.object(revision, 'a.txt')).rejects.toMatchObject({ code: 'unknown-revision' });
      await expect(repo.isAncestor(revision, 'HEAD')).rejects.toMatchObject({ code: 'unknown-revision' });
      await expect(repo.history(revision, ['a.txt'])).rejects.toMatchObject({ code: 'unknown-revision' });
    }
    expect(fse.pathExistsSync(file)).toBe(false);
  });

  it('gives the id of a file or folder at a commit', async () => {
    const { root, repo } = repository({ 'd/a b.txt': 'x' });
    expect(await repo.object('HEAD', 'd/a b.txt')).toBe(git(root, 'rev-parse', 'HEAD:d/a b.txt'));
    expect(await repo.object('HEAD', 'd')).toBe(git(root, 'rev-parse', 'HEAD:d'));
    expect(await repo.object('HEAD', '.')).toBe(git(root, 'rev-parse', 'HEAD^{tree}'));
    expect(await repo.object('HEAD', 'gone')).toBeUndefined();
  });

  it('knows ancestors, and throws for a commit that is not here', async () => {
    const { root, repo, first } = repository();
    const second = commit(root, 'chore: empty');
    expect(await repo.isAncestor(first, second)).toBe(true);
    expect(await repo.isAncestor(second, first)).toBe(false);
    await expect(repo.isAncestor('b'.repeat(40), first)).rejects.toMatchObject({ code: 'process-failed' });
  });
});

const odd = [
  'tab\there.md',
  'línea.md',
  'two\nlines.md',
  ' lead and trail ',
  '"quoted".md',
  '*.md',
  ':(top)x',
  '-dash',
  '日本/é.txt',
];

describe('trees', () => {
  it('lists every odd path as it is, with mode and size', async () => {
    const { root, repo } = repository(Object.fromEntries(odd.map((path) => [path, path])));
    symlinkSync('nowhere', join(root, 'link'));
    writeFileSync(join(root, 'run.sh'), '#!/bin/sh\n', { mode: 0o755 });
    commit(root, 'feat: more');
    const entries = await repo.tree('HEAD');
    expect(entries.map((entry) => entry.path)).toEqual([...odd, 'link', 'run.sh'].sort());
    expect(entries.find((entry) => entry.path === 'link')).toMatchObject({ mode: '120000', size: 7 });
    expect(entries.find((entry) => entry.path === 'run.sh')).toMatchObject({ mode: '100755', size: 10 });
    for (const path of odd) expect(entries.find((entry) => entry.path === path)?.size).toBe(Buffer.byteLength(path));
  });

  it('never merges names that are not UTF-8: each is there as git quotes it, and marked', async () => {
    const { root, repo } = repository({ 'd/\ufffd.md': 'its own name\n' });
    const raw = (text: string) => Buffer.from(text, 'latin1');
    commitRawNames(root, [
      [raw('d/bad\xff.md'), 'ff\n'],
      [raw('d/bad\xfe\t"\\.md'), 'fe\n'],
    ]);
    const listed = await repo.tree('HEAD', ['d']);
    expect(listed.map(({ path, unnamed, size }) => [path, unnamed, size])).toEqual([
      ['d/bad\\376\\011\\"\\\\.md', true, 3],
      ['d/bad\\377.md', true, 3],
      ['d/\ufffd.md', undefined, 13],
    ]);
    expect(String((await repo.blobs([listed[1]?.blob ?? ''])).get(listed[1]?.blob ?? ''))).toBe('ff\n');
  });

  it('lists only some paths, taken literally', async () => {
    const { repo } = repository({ 'a/x': '', 'a/y/z': '', 'b/x': '', '*': '' });
    const under = async (...names: string[]) => (await repo.tree('HEAD', names)).map((entry) => entry.path);
    expect(await under('a')).toEqual(['a/x', 'a/y/z']);
    expect(await under('a/y', 'b')).toEqual(['a/y/z', 'b/x']);
    expect(await under('*')).toEqual(['*']);
    expect(await under('gone')).toEqual([]);
    expect(await under('.')).toHaveLength(4);
  });

  it('lists submodules without a size', async () => {
    const { root } = repository();
    const outer = repository();
    git(outer.root, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', root, 'sub');
    commit(outer.root, 'feat: sub');
    const entry = (await outer.repo.tree('HEAD')).find(({ path }) => path === 'sub');
    expect(entry).toMatchObject({ mode: '160000', size: null });
  });

  it('lists a missing blob with size null, and all others', async () => {
    const { root, repo } = repository({ 'lost.json': 'lost', 'kept.txt': 'kept' });
    loseBlob(root, git(root, 'rev-parse', 'HEAD:lost.json'));
    expect((await repo.tree('HEAD')).map(({ path, size }) => [path, size])).toEqual([
      ['kept.txt', 4],
      ['lost.json', null],
    ]);
  });
});

describe('differences', () => {
  it('finds additions, changes, deletions, renames and odd paths', async () => {
    const { root, repo, first } = repository({ 'gone.txt': 'gone\n', 'old.txt': lines(20, 'line'), 'same.txt': 's' });
    put(root, { 'gone.txt': null, 'old.txt': null, 'new.txt': `${lines(20, 'line')}more\n` });
    put(root, Object.fromEntries(odd.map((path) => [path, `${path}\n`])));
    const second = commit(root, 'feat: second');
    const changes = await repo.diff(first, second);
    expect(changes).toContainEqual({ status: 'R', from: 'old.txt', path: 'new.txt' });
    expect(changes).toContainEqual({ status: 'D', path: 'gone.txt' });
    for (const path of odd) expect(changes).toContainEqual({ status: 'A', path });
    expect(changes).toHaveLength(odd.length + 2);
    expect(await repo.diff(second, second)).toEqual([]);
  });

  it('says when a file became a link', async () => {
    const { root, repo, first } = repository({ 'a.txt': 'one\n', 'b.txt': 'b' });
    put(root, { 'a.txt': null });
    symlinkSync('b.txt', join(root, 'a.txt'));
    expect(await repo.diff(first, commit(root, 'chore: link'))).toEqual([{ status: 'T', path: 'a.txt' }]);
  });

  it('survives missing blobs, and still finds renames of equal content', async () => {
    const { root, repo, first } = repository({ 'lost.txt': lines(30, 'lost'), 'moved.txt': lines(30, 'moved') });
    const blob = git(root, 'rev-parse', 'HEAD:lost.txt');
    put(root, { 'lost.txt': null, 'moved.txt': null, 'to.txt': lines(30, 'moved'), 'near.txt': lines(29, 'lost') });
    const second = commit(root, 'refactor: move');
    loseBlob(root, blob);
    expect([...(await repo.diff(first, second))].sort((a, b) => (a.path < b.path ? -1 : 1))).toEqual([
      { status: 'D', path: 'lost.txt' },
      { status: 'A', path: 'near.txt' },
      { status: 'R', from: 'moved.txt', path: 'to.txt' },
    ]);
  });

  it('is not changed by what a person has configured', async () => {
    const { root, repo, first } = repository();
    for (const [key, value] of [
      ['diff.noprefix', 'true'],
      ['diff.renames', 'false'],
      ['color.ui', 'always'],
      ['core.quotePath', 'true'],
      ['log.showRoot', 'false'],
      ['log.showSignature', 'true'],
      ['log.diffMerges', 'off'],
      ['log.decorate', 'full'],
      ['log.date', 'relative'],
    ] as const) {
      git(root, 'config', key, value);
    }
    put(root, { 'a.txt': null, 'é.txt': 'one\n' });
    const second = commit(root, 'refactor: rename');
    expect(await repo.diff(first, second)).toEqual([{ status: 'R', from: 'a.txt', path: 'é.txt' }]);
    expect((await repo.log(null, second)).map(({ subject, files }) => [subject, files])).toEqual([
      ['refactor: rename', ['a.txt', 'é.txt']],
      ['feat: first', ['a.txt']],
    ]);
    expect((await repo.history(second, ['a.txt'])).get('a.txt')).toHaveLength(1);
  });
});

describe('a clone that leaves blobs to its remote', () => {
  const partial = () => {
    const { root, first } = repository({ 'big.txt': lines(50, 'big'), 'a.txt': 'a' });
    put(root, { 'big.txt': null, 'near.txt': lines(49, 'big') });
    const second = commit(root, 'refactor: near');
    git(root, 'config', 'uploadpack.allowFilter', 'true');
    const dir = temporary('partial');
    git(dir, 'clone', '-q', '--no-checkout', '--filter=blob:none', `file://${root}`, 'clone');
    const clone = join(dir, 'clone');
    // A remote that never answers: whoever asks it, hangs.
    git(clone, 'config', 'remote.origin.url', 'ext::sleep 300');
    git(clone, 'config', 'protocol.ext.allow', 'always');
    return { first, second, repo: installed().open(clone) };
  };

  it('lists and compares at once, without asking the remote', async () => {
    const { first, second, repo } = partial();
    const started = performance.now();
    expect((await repo.tree(second)).map(({ path, size }) => [path, size])).toEqual([
      ['a.txt', null],
      ['near.txt', null],
    ]);
    expect(await repo.diff(first, second)).toEqual([
      { status: 'D', path: 'big.txt' },
      { status: 'A', path: 'near.txt' },
    ]);
    expect((await repo.history(second, ['big.txt', 'near.txt'])).size).toBe(2);
    expect(await repo.log(null, second)).toHaveLength(2);
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it('names the blobs that are not here', async () => {
    const { second, repo } = partial();
    const blobs = (await repo.tree(second)).map((entry) => entry.blob);
    await expect(repo.blobs(blobs)).rejects.toMatchObject({
      code: 'object-missing',
      details: blobs,
      hint: expect.stringContaining('fetch --refetch'),
    });
  });
});

describe('blobs', () => {
  it('gives the bytes as they are', async () => {
    const { root, repo } = repository({ 'a.txt': 'one\n', 'empty.txt': '' });
    const bytes = Buffer.from([0, 10, 255, 13, 10, 0]);
    writeFileSync(join(root, 'b.bin'), bytes);
    commit(root, 'feat: binary');
    const entries = await repo.tree('HEAD');
    const contents = await repo.blobs([...entries, ...entries].map((entry) => entry.blob));
    expect(entries.map((entry) => contents.get(entry.blob))).toEqual([Buffer.from('one\n'), bytes, Buffer.alloc(0)]);
    expect(await repo.blobs([])).toEqual(new Map());
  });

  it('gives what was committed, whatever the working tree holds', async () => {
    const { root, repo } = repository();
    put(root, { 'a.txt': 'dirty', 'untracked.txt': 'x' });
    const [entry] = await repo.tree('HEAD');
    expect((await repo.blobs([entry?.blob ?? ''])).get(entry?.blob ?? '')?.toString()).toBe('one\n');
  });

  it('asks git once for what is small, however often it is asked, and gives large ones each time', async () => {
    const { root } = repository({ 'a.txt': 'a', 'b.txt': 'b', 'large.txt': 'x'.repeat(300_000) });
    const processes = spawnProcesses(process.env);
    const asked: string[] = [];
    const run: Processes['run'] = (command) => {
      asked.push(String(command.input ?? ''));
      return processes.run(command);
    };
    const counting = installedGit({ ...processes, run }, process.env).open(root);
    const [a, b, large] = (await counting.tree('HEAD')).map(({ blob }) => blob) as [string, string, string];
    asked.length = 0;
    for (const ids of [[a], [a, b], [b, a], [large], [large, a]]) {
      const contents = await counting.blobs(ids);
      expect([...contents.keys()].sort()).toEqual([...ids].sort());
      expect(contents.get(large)?.length ?? 300_000).toBe(300_000);
    }
    expect(asked).toEqual([`${a}\n`, `${b}\n`, `${large}\n`, `${large}\n`]);
  });

  it('throws for a blob that is missing or damaged, and takes no other words', async () => {
    const { root, repo } = repository({ 'a.txt': 'a', 'b.txt': 'b' });
    const [a, b] = (await repo.tree('HEAD')).map((entry) => entry.blob) as [string, string];
    loseBlob(root, a);
    await expect(repo.blobs([a, b])).rejects.toMatchObject({ code: 'object-missing', details: [a] });
    const file = join(root, '.git', 'objects', b.slice(0, 2), b.slice(2));
    rmSync(file);
    writeFileSync(file, 'rubbish');
    await expect(repo.blobs([b])).rejects.toMatchObject({ code: 'object-missing' });
    await expect(repo.blobs(['HEAD:a.txt\nHEAD'])).rejects.toMatchObject({ code: 'object-missing' });
  });
});

/** a.txt: one → two on a side branch, three on main, merged as four; then a merge that drops the side's own file. */
const merged = () => {
  const { root, first, repo } = repository();
  git(root, 'checkout', '-q', '-b', 'side');
  put(root, { 'a.txt': 'two\n', 'side.txt': 'side\n' });
  const side = commit(root, 'feat(provider)!: side\n\nbody line\n\nBREAKING CHANGE: yes');
  git(root, 'checkout', '-q', 'main');
  put(root, { 'a.txt': 'three\n' });
  const main = commit(root, 'fix: three');
  try {
    git(root, 'merge', '-q', 'side');
  } catch {
    // The conflict is the point.
  }
  put(root, { 'a.txt': 'four\n' });
  const merge = commit(root, 'merge: side');
  return { root, repo, first, side, main, merge };
};

describe('history', () => {
  it('tells of each commit and of the paths it touched, merges by what they resolved', async () => {
    const { repo, first, side, main, merge } = merged();
    const log = await repo.log(null, 'HEAD');
    expect(log[0]).toMatchObject({ id: merge, files: ['a.txt'], author: 'Ada Author' });
    expect(log.at(-1)).toMatchObject({ id: first, subject: 'feat: first', files: ['a.txt'], body: '' });
    expect(new Map(log.map((each) => [each.id, each.files]))).toEqual(
      new Map([
        [merge, ['a.txt']],
        [side, ['a.txt', 'side.txt']],
        [main, ['a.txt']],
        [first, ['a.txt']],
      ]),
    );
    expect(log.find((each) => each.id === side)?.body.trim()).toBe('body line\n\nBREAKING CHANGE: yes');
    expect(log[0]?.time).toBe('2026-02-24T00:00:00Z');
    expect((await repo.log(main, 'HEAD')).map((each) => each.id).sort()).toEqual([merge, side].sort());
    expect(await repo.log('HEAD', 'HEAD')).toEqual([]);
  });

  it('carries odd paths, odd messages and commits without files', async () => {
    const { root, repo } = repository();
    put(root, Object.fromEntries([...odd, '\nfirst'].map((path) => [path, 'x'])));
    const full = commit(root, 'feat: "odd" \x01 é\n\nline\n\nlast');
    const empty = commit(root, 'chore: nothing');
    const [last, before] = await repo.log(null, 'HEAD');
    expect(last).toMatchObject({ id: empty, files: [] });
    expect(before).toMatchObject({ id: full, subject: 'feat: "odd" \x01 é', body: 'line\n\nlast\n' });
    expect([...(before?.files ?? [])].sort()).toEqual([...odd, '\nfirst'].sort());
  });

  it('gives every blob that a path ever had, newest first, from side branches too', async () => {
    const { root, repo } = merged();
    put(root, { 'a.txt': null });
    commit(root, 'chore: drop');
    put(root, { 'a.txt': 'one\n', ':(top)x': 'odd' });
    commit(root, 'chore: back');
    const history = await repo.history('HEAD', ['a.txt', 'side.txt', ':(top)x', 'never.txt']);
    const contents = await repo.blobs([...history.values()].flat());
    const texts = (path: string) => history.get(path)?.map((id) => contents.get(id)?.toString().trim());
    expect(texts('a.txt')?.slice(0, 2)).toEqual(['one', 'four']);
    expect(texts('a.txt')?.toSorted()).toEqual(['four', 'one', 'three', 'two']);
    expect(texts('side.txt')).toEqual(['side']);
    expect(texts(':(top)x')).toEqual(['odd']);
    expect(history.has('never.txt')).toBe(false);
  });

  it('takes folders, and more paths than a command line holds', async () => {
    const { repo } = repository({ 'd/a.txt': 'a', 'd/e/b.txt': 'b', 'c.txt': 'c' });
    expect([...(await repo.history('HEAD', ['d'])).keys()].sort()).toEqual(['d/a.txt', 'd/e/b.txt']);
    const many = Array.from({ length: 30_000 }, (_, i) => `many/${'x'.repeat(100)}/${i}`);
    expect([...(await repo.history('HEAD', [...many, 'd/e'])).keys()]).toEqual(['d/e/b.txt']);
    expect(await repo.history('HEAD', [])).toEqual(new Map());
  });

  it('needs no contents, and stops at the border of a shallow clone', async () => {
    const { root, repo } = merged();
    for (const entry of await repo.tree('HEAD')) loseBlob(root, entry.blob);
    expect((await repo.history('HEAD', ['a.txt'])).get('a.txt')).toHaveLength(4);
    expect((await repo.log(null, 'HEAD'))[0]?.files).toEqual(['a.txt']);

    const full = merged();
    const dir = temporary('shallow');
    git(dir, 'clone', '-q', '--depth', '1', `file://${full.root}`, 'clone');
    const shallow = installed().open(join(dir, 'clone'));
    expect((await shallow.history('HEAD', ['a.txt', 'side.txt'])).size).toBe(2);
    expect(await shallow.log(null, 'HEAD')).toHaveLength(1);
    expect(await shallow.commit(full.first)).toBeUndefined();
  });
});

describe('other reading', () => {
  it('gives what git printed, with and without input, and the cause of a failure', async () => {
    const { root, repo } = repository();
    expect(await repo.read(['rev-parse', '--abbrev-ref', 'HEAD'])).toBe('main\n');
    expect(await repo.read(['hash-object', '--stdin'], 'one\n')).toBe(`${git(root, 'rev-parse', 'HEAD:a.txt')}\n`);
    await expect(repo.read(['describe', '--tags'])).rejects.toMatchObject({
      code: 'process-failed',
      message: expect.stringContaining('No names found'),
    });
  });

  it('answers calls side by side, also when one of them fails', async () => {
    const { repo, first } = repository();
    const calls = Array.from({ length: 12 }, (_, i) => repo.commit(i % 2 === 0 ? 'HEAD' : 'nope'));
    expect(new Set(await Promise.all(calls))).toEqual(new Set([first, undefined]));
  });

  it('writes nothing, not even a refreshed index', async () => {
    const { root, repo } = repository();
    const index = join(root, '.git', 'index');
    // The same content with another time: git status would note that in the index.
    utimesSync(join(root, 'a.txt'), 1, 1);
    const before = readFileSync(index);
    await repo.read(['status', '--porcelain']);
    expect(readFileSync(index).equals(before)).toBe(true);
  });
});
