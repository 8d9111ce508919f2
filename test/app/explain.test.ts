import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Explanation, explain } from '../../src/app/explain.ts';
import { LockstepError } from '../../src/domain/errors.ts';
import { commit, git, put, text } from '../fixtures/sandbox.ts';
import { treeHash } from '../fixtures/tree-hash.ts';
import { type Words, wordsProject } from '../fixtures/words-project.ts';

let words: Words;
beforeEach(() => {
  words = wordsProject();
});
afterEach(() => words.remove());

const ask = async (word: string | null, target = 'app'): Promise<Explanation> =>
  explain(await words.main(), { target, word, signal: new AbortController().signal, env: {} });
const asked = async (word: string): Promise<string> => {
  try {
    return JSON.stringify(await ask(word));
  } catch (error) {
    if (error instanceof LockstepError)
      return `${error.code}: ${error.message} | ${error.hint ?? ''} | ${error.details.join()}`;
    throw error;
  }
};
const head = () => git(words.root, 'rev-parse', 'HEAD');
const blobOf = (path: string) => git(words.root, 'rev-parse', `HEAD:${path}`);
const change = (files: Record<string, string | null>): string => {
  put(words.root, files);
  return commit(words.root, 'docs: a change');
};
const inTarget = (files: Record<string, string | null>) => put(words.target('app'), files);

describe('a file', () => {
  it('that nobody touched: rule, blob, receipt, hash, run', async () => {
    const { run } = await words.sync(['app']);
    expect(await ask('docs/a.md')).toMatchObject({
      kind: 'file',
      path: 'docs/a.md',
      absolute: join(words.target('app'), 'docs/a.md'),
      component: 'docs',
      rule: { component: 'docs', from: 'docs', into: 'docs', exclude: ['*.tmp'], onConflict: 'keep' },
      main: { path: 'docs/a.md', commit: head(), blob: blobOf('docs/a.md') },
      synced: { blob: blobOf('docs/a.md'), commit: head() },
      standing: { kind: 'file' },
      equals: { main: true, synced: true },
      decision: null,
      writer: { run, commit: head(), cause: 'new in main' },
      would: 'nothing',
      cause: 'as main has it',
    });
  });

  it('that main changed, removed, or has anew', async () => {
    const { run } = await words.sync(['app']);
    change({ 'docs/a.md': 'a2\n', 'docs/gone.md': null, 'docs/new.md': 'new\n' });
    expect(await ask('docs/a.md')).toMatchObject({
      would: 'write',
      cause: 'changed in main',
      equals: { main: false, synced: true },
    });
    expect(await ask('docs/gone.md')).toMatchObject({
      would: 'remove',
      cause: 'gone from main',
      main: null,
      writer: { run },
    });
    expect(await ask('docs/new.md')).toMatchObject({
      would: 'write',
      cause: 'new in main',
      synced: null,
      writer: null,
      standing: { kind: 'absent' },
    });
  });

  it('that its owner changed: kept, with the decision; the last run that wrote it is the one before', async () => {
    const first = await words.sync(['app']);
    inTarget({ 'docs/a.md': 'ours\n' });
    expect(await ask('docs/a.md')).toMatchObject({
      would: 'keep',
      cause: 'changed here',
      equals: { main: false, synced: false },
    });
    change({ 'docs/a.md': 'a2\n', 'docs/new.md': 'new\n' });
    expect(await ask('docs/a.md')).toMatchObject({ would: 'keep', cause: 'changed here and in main', decision: null });
    await words.sync(['app']);
    expect(await ask('docs/a.md')).toMatchObject({
      would: 'keep',
      cause: 'changed here and in main, as was decided before',
      decision: { choice: 'kept', main: blobOf('docs/a.md') },
      writer: { run: first.run },
    });
  });

  it('that a policy stops on, without stopping the explanation', async () => {
    await words.sync(['app']);
    inTarget({ 'strict/s.md': 'ours\n' });
    change({ 'strict/s.md': 's2\n' });
    expect(await ask('strict/s.md')).toMatchObject({
      would: 'stop',
      cause: 'changed here and in main; `on_conflict` of strict is fail',
      rule: { onConflict: 'fail' },
    });
  });

  it.each([
    ['own/mine.md', "protected: it is the target's own place (protect: own/**)"],
    ['speak.sh', "not Lockstep's: no component brings it, and the receipt does not name it"],
  ])('of the target itself: %s', async (path, cause) => {
    expect(await ask(path)).toMatchObject({
      kind: 'file',
      component: null,
      would: 'none',
      cause,
      standing: { kind: 'file' },
    });
  });

  it.each([
    ['docs/draft.tmp', 'excluded: docs (from docs) leaves out `*.tmp`'],
    ['elsewhere/e.md', 'not synced here: elsewhere (from elsewhere) has no `into` for targets of type site-packages'],
    ['notes.txt', 'no component of sync.config.yaml takes it'],
  ])('of main that does not come here: %s', async (path, cause) => {
    expect(await ask(path)).toMatchObject({
      kind: 'not-synced',
      main: { path, commit: head(), blob: blobOf(path) },
      cause,
    });
  });

  it('is meant by its absolute path, and by the end of its path', async () => {
    expect(await ask(join(words.target('app'), 'plans/p.md'))).toMatchObject({ path: 'plans/p.md' });
    expect(await ask('./plans/p.md')).toMatchObject({ path: 'plans/p.md' });
    expect(await ask('p.md')).toMatchObject({ path: 'plans/p.md' });
    change({ 'docs/deep/p.md': 'x\n' });
    expect(await asked('p.md')).toBe('usage: p.md means 2 things | name one of them whole | docs/deep/p.md,plans/p.md');
  });

  it('that is not known names the nearest', async () => {
    expect(await asked('docs/b.md')).toContain('did you mean docs/a.md?');
    expect(await asked('api_kee')).toContain('did you mean api_key?');
    expect(await asked('../../../etc/passwd')).toContain('unknown-name');
    expect(await asked('zzzzzzzzzzzzzzz')).toContain('lockstep sync explain app shows its components');
  });
});

describe('a configuration key', () => {
  const key = async (word: string) => {
    const found = await ask(word);
    if (found.kind !== 'config') throw new Error(`${word} is ${found.kind}`);
    return found.keys;
  };

  it('that a sync set: which run, of which commit', async () => {
    const first = await words.sync(['app']);
    const before = head();
    expect(await key('providers.openai.name')).toMatchObject([
      {
        setBy: 'sync',
        writer: { run: first.run, commit: before },
        strategy: 'merge',
        strategyFrom: 'providers',
        would: '=',
      },
    ]);
    change({ 'words.toml': `${text(words.root, 'words.toml')}model = "small"\n` });
    expect(await key('providers.openai.model')).toMatchObject([
      { setBy: 'nobody', would: '+', cause: 'new in main', values: { target: null, main: '"small"' } },
    ]);
    const second = await words.sync(['app']);
    expect(await key('providers.openai')).toMatchObject([
      { key: ['providers', 'openai', 'name'], setBy: 'sync', writer: { run: first.run, commit: before } },
      {
        key: ['providers', 'openai', 'model'],
        setBy: 'sync',
        writer: { run: second.run, commit: head(), cause: 'new in main' },
      },
    ]);
  });

  it('that the owner set, and what the strategy makes of it', async () => {
    await words.sync(['app']);
    inTarget({ 'words.toml': text(words.target('app'), 'words.toml').replace('"m1"', '"mine"') });
    change({ 'words.toml': text(words.root, 'words.toml').replace('"m1"', '"m2"') });
    expect(await key('words.toml:model')).toMatchObject([
      {
        setBy: 'owner',
        writer: null,
        values: { target: '"mine"', main: '"m2"' },
        strategy: 'keep',
        strategyFrom: 'model',
        would: '=',
        cause: 'strategy keep',
      },
    ]);
  });

  it('with a decision: both changed it', async () => {
    await words.sync(['app']);
    inTarget({ 'words.toml': `${text(words.target('app'), 'words.toml').replace('sk-from-main-1', 'sk-mine')}` });
    change({
      'words.toml': text(words.root, 'words.toml').replace('sk-from-main-1', 'sk-from-main-2'),
      'docs/a.md': 'a2\n',
    });
    await words.sync(['app']);
    const [found] = await key('api_key');
    expect(found).toMatchObject({
      setBy: 'owner',
      strategy: 'three-way',
      strategyFrom: null,
      decision: { choice: 'kept', cause: 'changed by the owner and in main' },
      values: { target: '•••', main: '•••' },
    });
    expect(found?.digests.target).toMatch(/^[0-9a-f]{64}$/);
    expect(found?.digests.main).toBe(found?.digests.synced);
    expect(found?.digests.target).not.toBe(found?.digests.main);
    for (const word of ['api_key', 'words.toml']) expect(await asked(word)).not.toMatch(/sk-/);
  });

  it('that was there before the first sync, that the owner added, and that they removed', async () => {
    inTarget({ 'words.toml': 'model = "m0"\nextra = 1\n' });
    expect(await key('extra')).toMatchObject([{ setBy: 'owner', setCause: 'it stood there before the first sync' }]);
    await words.sync(['app']);
    expect(await key('extra')).toMatchObject([{ setBy: 'owner', setCause: 'main had no such key at the last sync' }]);
    const toml = text(words.target('app'), 'words.toml');
    expect(toml).toContain('openai');
    inTarget({ 'words.toml': 'model = "m0"\n' });
    expect(await key('providers.openai.name')).toMatchObject([
      { setBy: 'owner', setCause: 'removed since a sync had it', values: { target: null, main: '"openai"' } },
    ]);
  });

  it('whose run is on no record any more is said to be so', async () => {
    const { run } = await words.sync(['app']);
    rmSync(join(words.root, '.git/lockstep/runs', run), { recursive: true });
    expect(await key('model')).toMatchObject([{ setBy: 'unknown', writer: null }]);
    expect(await ask('docs/a.md')).toMatchObject({ writer: null, would: 'nothing' });
  });

  it('that is not known names the nearest, in its file', async () => {
    await words.sync(['app']);
    expect(await asked('words.toml:modle')).toContain(
      'words.toml has no key modle, and main has none there | did you mean model?',
    );
    inTarget({ 'words.toml': 'torn = [\n' });
    expect(await asked('words.toml:model')).toContain('merge-failed');
    expect(await asked('docs/a.md')).toContain('"would":"nothing"');
  });

  it('a whole file shows the keys that differ', async () => {
    await words.sync(['app']);
    expect(await ask('words.toml')).toMatchObject({
      kind: 'config',
      would: 'none',
      keys: [],
      main: { path: 'words.toml' },
    });
    inTarget({ 'words.toml': text(words.target('app'), 'words.toml').replace('"m1"', '"mine"') });
    expect((await key('words.toml')).map((one) => one.key)).toEqual([['model']]);
  });
});

describe('a target', () => {
  const components = async (name = 'app') => {
    const found = await ask(null, name);
    if (found.kind !== 'target') throw new Error(found.kind);
    return Object.fromEntries(
      found.components.map(({ component, standing, cause }) => [component, `${standing}: ${cause}`]),
    );
  };

  it('shows every component with its cause, and writes nothing', async () => {
    const { run } = await words.sync(['app']);
    expect(await ask(null)).toMatchObject({
      kind: 'target',
      status: 'synchronized',
      synced: { commit: head(), run, recorded: true },
      decisions: 0,
    });
    expect(await components()).toMatchObject({
      docs: 'in-step: 2 files are as main has them',
      plans: 'in-step: 1 file is as main has it',
      elsewhere: 'not-synced: not synced here: elsewhere has no `into` for targets of type site-packages',
      config: 'in-step: words.toml: in step',
    });
    inTarget({ 'docs/gone.md': 'ours\n', 'strict/s.md': 'ours\n' });
    change({ 'docs/a.md': 'a2\n', 'strict/s.md': 's2\n', 'words.toml': 'model = "m1"\nother = 1\n' });
    const before = treeHash(words.top);
    expect(await components()).toMatchObject({
      docs: 'behind: 1 to write, 1 kept as the owner has it (docs/a.md: changed in main)',
      strict: 'stops: a sync stops before it writes: strict/s.md: changed here and in main',
      config: expect.stringMatching(/^behind: words\.toml: \d+ keys to set$/),
    });
    expect(treeHash(words.top)).toBe(before);
  });

  it('whose pipeline passes over a component says so, of the component, its files and its keys', async () => {
    const partly = text(words.root, 'pipelines/words.yaml')
      .replace('uses: copy }', 'uses: copy, with: { components: [plans] } }')
      .replace('  - { id: config, uses: merge-config }\n', '');
    change({ 'pipelines/words.yaml': partly });
    await words.sync(['app']);
    const passed = (component: string, uses = 'copy') =>
      `not synced here: no \`${uses}\` step of its pipeline words brings ${component}`;
    expect(await components()).toMatchObject({
      package: `not-synced: ${passed('package', 'reinstall')}`,
      docs: `not-synced: ${passed('docs')}`,
      plans: 'in-step: 1 file is as main has it',
      config: `not-synced: ${passed('config', 'merge-config')}`,
    });
    expect(await ask('docs/a.md')).toMatchObject({ would: 'none', cause: passed('docs') });
    expect(await ask('words.toml')).toMatchObject({ would: 'none', cause: passed('config', 'merge-config') });
  });

  it('that is not there says so, and has no components to tell of', async () => {
    rmSync(words.target('web'), { recursive: true });
    expect(await ask(null, 'web')).toMatchObject({
      status: 'unknown',
      cause: expect.stringContaining('is not there'),
      components: [],
      synced: null,
    });
    await expect(ask('docs/a.md', 'web')).rejects.toMatchObject({ code: 'target-missing' });
    await expect(ask(null, 'wep')).rejects.toMatchObject({ hint: 'did you mean web?' });
  });
});
