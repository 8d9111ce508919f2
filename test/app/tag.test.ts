import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type MainProject, openMain } from '../../src/app/main-project.ts';
import { transactionIn } from '../../src/app/open-transaction.ts';
import { recoverAll } from '../../src/app/recover-all.ts';
import { type TagReport, tagTargets } from '../../src/app/tag.ts';
import { makeTag } from '../../src/integrations/repository-tag/object.ts';
import { planRepositoryTag } from '../../src/integrations/repository-tag.ts';
import { newRunId } from '../../src/store/runs.ts';
import { type Fleet, fleet, fleetConfig } from '../fixtures/fleet.ts';
import { machinePorts } from '../fixtures/machine-ports.ts';
import { commit, git, initRepo, put } from '../fixtures/sandbox.ts';
import { treeLines } from '../fixtures/tree-hash.ts';

const pipeline = `name: tagging
steps:
  - { id: backup, uses: backup }
  - { id: docs, uses: copy, with: { components: [docs] } }
  - { id: tag, uses: tag }
`;
const failing = `${pipeline.replace('tagging', 'failing')}  - { id: last, uses: verify, with: { suites: [broken] } }\n`;

/** Two targets: `app` is a git repository of its own, `plain` is none. */
const tagged = (): Fleet => {
  const made = fleet('app', 'plain');
  put(made.root, {
    'sync.config.yaml': `${fleetConfig}suites:\n  broken: [{ uses: command, with: { argv: ["false"] } }]\n`,
    'pipelines/tagging.yaml': pipeline,
    'pipelines/failing.yaml': failing,
  });
  commit(made.root, 'feat: pipelines');
  git(made.root, 'tag', '-a', 'v1.0.0', '-m', 'v1.0.0');
  initRepo(made.at('app'));
  put(made.at('app'), { '.gitignore': '.lockstep/\n.venv/\n', 'app.py': '' });
  commit(made.at('app'), 'feat: the app');
  made.register({ name: 'app', pipeline: 'tagging' }, { name: 'plain', pipeline: 'tagging' });
  return made;
};

const tags = (dir: string): string => git(dir, 'tag', '--list');
const receiptOf = (dir: string) => JSON.parse(readFileSync(join(dir, '.lockstep/receipts/words.json'), 'utf8'));

const ask = async (
  main: MainProject,
  names: readonly string[],
  more: { version?: string | null; existing?: 'stays' | 'moves' } = {},
): Promise<readonly TagReport[]> =>
  tagTargets(main, {
    targets: { names },
    version: null,
    existing: 'stays',
    signal: new AbortController().signal,
    ...more,
  });

describe('the tag step', () => {
  it('tags a target that is a git repository, and writes the version into receipt and registry', async () => {
    const { run, at, root, main } = tagged();
    expect((await run()).exit).toBe(0);
    expect(tags(at('app'))).toBe('words-v1.0.0');
    expect(git(at('app'), 'cat-file', '-t', 'words-v1.0.0')).toBe('tag');
    expect(git(at('app'), 'rev-parse', 'words-v1.0.0^{commit}')).toBe(git(at('app'), 'rev-parse', 'HEAD'));
    expect(git(at('app'), 'tag', '-l', '--format=%(contents)', 'words-v1.0.0')).toBe(
      `words v1.0.0\n\nIts commit is ${git(root, 'rev-parse', 'HEAD')}.`,
    );
    git(at('app'), 'fsck', '--strict');
    expect(tags(root)).toBe('v1.0.0');
    const registered = (await main()).registry.read().targets;
    expect(registered.map(({ sync_version }) => sync_version)).toEqual(['v1.0.0', 'v1.0.0']);
    expect([receiptOf(at('app')).version, receiptOf(at('plain')).version]).toEqual(['v1.0.0', 'v1.0.0']);
  });

  it('shows the tag in a dry run and makes none', async () => {
    const { run, at, events } = tagged();
    const before = treeLines(at('app'));
    await run({ mode: 'dry-run' });
    expect(treeLines(at('app'))).toEqual(before);
    const plan = events.find((event) => event.kind === 'target.planned' && event.target === 'app');
    expect(JSON.stringify(plan)).toContain('"ref":"refs/tags/words-v1.0.0"');
  });

  it('leaves no tag and no object when the run is undone', async () => {
    const { run, at, register } = tagged();
    register({ name: 'app', pipeline: 'failing' });
    const before = treeLines(join(at('app'), '.git'));
    expect((await run()).exit).toBe(5);
    expect(treeLines(join(at('app'), '.git'))).toEqual(before);
    expect(git(at('app'), 'fsck', '--strict', '--unreachable')).toBe('');
  });

  it('tags no commit between releases that brought nothing, and every release', async () => {
    const { run, at, root } = tagged();
    await run();
    put(root, { 'other.txt': 'nobody syncs this\n' });
    commit(root, 'chore: other');
    const git0 = treeLines(join(at('app'), '.git'));
    await run();
    expect(receiptOf(at('app')).version).toMatch(/^v1\.0\.0-1-g/);
    expect(treeLines(join(at('app'), '.git'))).toEqual(git0);
    git(root, 'tag', '-a', 'v1.1.0', '-m', 'v1.1.0');
    await run();
    expect(tags(at('app'))).toBe('words-v1.0.0\nwords-v1.1.0');
    put(root, { 'docs/a.md': 'a2\n' });
    commit(root, 'docs: a');
    await run();
    expect(tags(at('app'))).toMatch(/^words-v1\.0\.0\nwords-v1\.1\.0\nwords-v1\.1\.0-1-g[0-9a-f]+$/);
    const settled = treeLines(at('app'));
    await run();
    expect(treeLines(at('app'))).toEqual(settled);
  });

  it('leaves a tag of the owner where it is, and says so', async () => {
    const { run, at } = tagged();
    git(at('app'), 'tag', 'words-v1.0.0');
    const theirs = git(at('app'), 'rev-parse', 'words-v1.0.0');
    put(at('app'), { 'app.py': 'more\n' });
    commit(at('app'), 'feat: more');
    const { results } = await run();
    expect(git(at('app'), 'rev-parse', 'words-v1.0.0')).toBe(theirs);
    expect(JSON.stringify(results)).toContain(
      `the git tag words-v1.0.0 stays where it is, at ${theirs.slice(0, 10)}; to move it: lockstep target tag app --version v1.0.0 --force`,
    );
  });

  it('takes the name from the configuration, and makes none when that says off', async () => {
    const { run, at, root, register } = tagged();
    const config = readFileSync(join(root, 'sync.config.yaml'), 'utf8');
    put(root, { 'sync.config.yaml': `${config}tag: { name: "got/\${{ target.name }}/\${{ version }}" }\n` });
    commit(root, 'feat: names');
    git(root, 'tag', 'v2.0.0');
    register({ name: 'app', pipeline: 'tagging' });
    await run();
    expect(tags(at('app'))).toBe('got/app/v2.0.0');
    put(root, { 'sync.config.yaml': `${config}tag: off\n` });
    commit(root, 'feat: no names');
    git(root, 'tag', 'v3.0.0');
    await run();
    expect(tags(at('app'))).toBe('got/app/v2.0.0');
    expect(receiptOf(at('app')).version).toBe('v3.0.0');
  });

  it('signs where git is configured so, and undoes the run when it cannot be signed', async () => {
    const { run, at, dir, root } = tagged();
    const program = join(dir, 'sign');
    const signature = '-----BEGIN PGP SIGNATURE-----\\n\\nsigned here\\n-----END PGP SIGNATURE-----\\n';
    put(dir, { sign: `#!/bin/sh\ncat >/dev/null\necho '[GNUPG:] SIG_CREATED ' >&2\nprintf -- '${signature}'\n` });
    chmodSync(program, 0o755);
    for (const [key, value] of [
      ['tag.gpgSign', 'true'],
      ['gpg.program', program],
      ['user.signingKey', 'key'],
    ] as const)
      git(at('app'), 'config', key, value);
    await run();
    expect(git(at('app'), 'cat-file', 'tag', 'words-v1.0.0')).toContain('signed here');
    put(dir, { sign: '#!/bin/sh\ncat >/dev/null\necho no key >&2\nexit 1\n' });
    put(root, { 'docs/a.md': 'a2\n' });
    commit(root, 'docs: a');
    const { results } = await run({ targets: { names: ['app'] } });
    expect(JSON.stringify(results)).toContain('git could not make the tag words-v1.0.0-1-g');
    expect(tags(at('app'))).toBe('words-v1.0.0');
    expect(receiptOf(at('app')).version).toBe('v1.0.0');
  });
});

describe('target tag', () => {
  it('tags in receipt, registry and repository, and writes nothing the second time', async () => {
    const { run, at, main } = tagged();
    await run();
    const [app, plain] = await ask(await main(), ['app', 'plain'], { version: 'v9' });
    expect(app).toMatchObject({ version: 'v9', before: 'v1.0.0', git: { name: 'words-v9', outcome: 'made' } });
    expect(plain).toMatchObject({ version: 'v9', git: null, error: null });
    expect(tags(at('app'))).toBe('words-v1.0.0\nwords-v9');
    expect(receiptOf(at('app')).version).toBe('v9');
    const before = treeLines(at('app'));
    expect(await ask(await main(), ['app'], { version: 'v9' })).toMatchObject([{ git: { outcome: 'there' } }]);
    expect(treeLines(at('app'))).toEqual(before);
  });

  it('never moves a tag without being told to, and then writes nothing at all', async () => {
    const { run, at, main } = tagged();
    await run();
    git(at('app'), 'tag', 'words-v9');
    put(at('app'), { 'app.py': 'more\n' });
    const head = commit(at('app'), 'feat: more');
    const before = treeLines(at('app'));
    const [refused] = await ask(await main(), ['app'], { version: 'v9' });
    expect(refused?.error).toMatchObject({
      code: 'conflict-refused',
      hint: 'to move it: lockstep target tag app --version v9 --force',
    });
    expect(treeLines(at('app'))).toEqual(before);
    const [moved] = await ask(await main(), ['app'], { version: 'v9', existing: 'moves' });
    expect(moved).toMatchObject({ error: null, git: { outcome: 'moved', commit: head } });
    expect(git(at('app'), 'rev-parse', 'words-v9^{commit}')).toBe(head);
    put(at('app'), { 'app.py': 'still more\n' });
    commit(at('app'), 'feat: still more');
    expect(await ask(await main(), ['app'], { version: 'v9' })).toMatchObject([
      { error: null, git: { outcome: 'left', commit: head } },
    ]);
  });

  it('never lands in main for a target that is an ignored folder of it', async () => {
    const { run, root, register } = tagged();
    put(root, { '.gitignore': 'apps/\n', 'apps/inner/.venv/lib/python3.11/site-packages/README.txt': '' });
    commit(root, 'chore: ignore');
    register({ name: 'inner', path: 'apps/inner', pipeline: 'tagging' });
    await run();
    const [inner] = await ask(await await fleetMain(root), ['inner'], { version: 'v9' });
    expect(inner).toMatchObject({ version: 'v9', git: null, error: null });
    expect(tags(root)).toBe('v1.0.0');
    // A broken `.git` of its own leads git to the repository around it.
    put(root, { 'apps/inner/.git/HEAD': 'nothing\n' });
    expect(await ask(await fleetMain(root), ['inner'], { version: 'v10' })).toMatchObject([{ git: null, error: null }]);
    expect(tags(root)).toBe('v1.0.0');
  });

  it('leaves a repository alone whose git data lies outside of the target', async () => {
    const { run, root, at, dir, register } = tagged();
    git(root, 'worktree', 'add', '-q', '--detach', at('tree'));
    put(at('tree'), { '.venv/lib/python3.11/site-packages/README.txt': '' });
    register({ name: 'tree', pipeline: 'tagging' });
    await run();
    const [tree] = await ask(await fleetMain(root), ['tree'], { version: 'v9' });
    expect(tree?.git).toEqual({
      name: 'words-v9',
      outcome: 'left',
      commit: null,
      cause: `its git data lies outside of the target, in ${join(dir, 'main/.git')}`,
    });
    expect(tags(root)).toBe('v1.0.0');
  });

  it('tags the target whatever repository a calling git hook has in its environment', async () => {
    const { run, root, at } = tagged();
    await run();
    const names = ['GIT_DIR', 'GIT_WORK_TREE', 'GIT_INDEX_FILE', 'GIT_COMMITTER_NAME'] as const;
    onTestFinished(() => {
      for (const name of names) delete process.env[name];
    });
    const main = await fleetMain(root);
    process.env.GIT_DIR = join(root, '.git');
    process.env.GIT_WORK_TREE = root;
    process.env.GIT_INDEX_FILE = join(root, '.git/index');
    process.env.GIT_COMMITTER_NAME = 'Somebody Else';
    await ask({ ...main, ports: machinePorts() }, ['app'], { version: 'v9' });
    for (const name of names) delete process.env[name];
    expect([tags(root), tags(at('app'))]).toEqual(['v1.0.0', 'words-v1.0.0\nwords-v9']);
    expect(git(at('app'), 'cat-file', 'tag', 'words-v9')).not.toContain('Somebody Else');
  });

  it('refuses a version that git takes for no tag', async () => {
    const { run, at, main } = tagged();
    await run();
    const [report] = await ask(await main(), ['app'], { version: 'v 9' });
    expect(report?.error).toMatchObject({ code: 'usage', message: 'git takes no tag named "words-v 9"' });
    expect(receiptOf(at('app')).version).toBe('v1.0.0');
  });
});

it('a run that was killed between the tag and the receipt leaves no tag once it is recovered', async () => {
  const { run, at, main: open } = tagged();
  await run();
  const main = await open();
  const roots = { target: at('app') };
  const before = treeLines(join(at('app'), '.git'));
  const ground = { ports: main.ports, roots, signal: new AbortController().signal };
  const wish = { name: 'cut-off', message: 'm', cause: 'c', moves: [], existing: 'stays' } as const;
  const outlook = await planRepositoryTag(ground, wish);
  if (outlook.kind !== 'tag') throw new Error(outlook.kind);
  const { actions, contents } = await makeTag(ground, outlook.action);
  const transaction = await transactionIn(main, { target: 'app', roots, run: newRunId(main.ports.clock) });
  const [content] = [...contents.values()];
  await transaction.stage(actions, async () => main.ports.files.read(content?.from === 'file' ? content.path : ''));
  await transaction.swap(actions);
  expect(tags(at('app'))).toBe('cut-off\nwords-v1.0.0');
  expect(await recoverAll(main)).toMatchObject([{ target: 'app', error: null }]);
  expect(treeLines(join(at('app'), '.git'))).toEqual(before);
});

/** The main project as it is configured now. */
const fleetMain = (root: string): Promise<MainProject> => openMain(machinePorts(), root);
