import { afterEach, beforeEach, expect, it } from 'vitest';
import { commit, put, text } from '../fixtures/sandbox.ts';
import { type Words, wordsProject } from '../fixtures/words-project.ts';

let words: Words;
beforeEach(() => {
  words = wordsProject();
});
afterEach(() => words.remove());

it('syncs the rest of a target whose configuration its owner broke, and says where', async () => {
  put(words.root, {
    'sync.config.yaml': `${text(words.root, 'sync.config.yaml')}  core: [{ uses: config-parses }]\n`,
    'pipelines/words.yaml': text(words.root, 'pipelines/words.yaml').replace('[docs, said]', '[docs, said, core]'),
  });
  commit(words.root, 'test: configuration is checked');
  await words.sync(['app']);
  put(words.target('app'), { 'words.toml': 'model = "mine"\ntorn = [\n' });
  put(words.root, { 'words.toml': text(words.root, 'words.toml').replace('m1', 'm2'), 'docs/a.md': 'a2\n' });
  commit(words.root, 'feat: second');
  const { results } = await words.sync(['app']);
  expect(results).toMatchObject([{ outcome: 'done', counts: { changed: 1 } }]);
  expect(results[0]?.warnings).toContainEqual(
    expect.stringMatching(/^words\.toml:\d+:\d+: it cannot be read: not valid TOML/),
  );
  expect(text(words.target('app'), 'docs/a.md')).toBe('a2\n');
  expect(text(words.target('app'), 'words.toml')).toBe('model = "mine"\ntorn = [\n');
  expect((await words.sync(['app'])).results).toMatchObject([{ outcome: 'nothing-to-do' }]);
});
