import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fse from 'fs-extra';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { addTarget, removeTarget } from '../../src/app/targets.ts';
import { commit, put } from '../fixtures/sandbox.ts';
import { type Words, wordsProject } from '../fixtures/words-project.ts';

let words: Words;
beforeAll(() => {
  words = wordsProject();
});
afterAll(() => words.remove());

const added = async (name: string) => {
  const main = await words.main();
  return addTarget(main, { name, path: words.target(name), cwd: words.top, type: 'site-packages', pipeline: 'words' });
};

it('takes over from the receipt what a lost registry knew of a target', async () => {
  const { commit: synced } = await words.sync(['app']);
  const before = JSON.parse(words.state('registry.json')).targets[0];
  fse.removeSync(join(words.root, '.git/lockstep'));
  const { record, found } = await added('app');
  const { last_sync, sync_version, sync_commit } = before;
  expect(record).toMatchObject({
    last_sync,
    sync_version,
    sync_commit,
    status: expect.stringMatching(/needs_sync|unknown/),
  });
  expect(sync_commit).toBe(synced);
  expect(found.at(-1)).toBe(
    `it was synced before: commit ${synced.slice(0, 10)}, at ${last_sync} (its receipt says so)`,
  );
  expect(JSON.parse(words.state('registry.json')).targets[0]).toMatchObject({ last_sync, sync_commit });
});

it('registers a target whose receipt cannot be read, or that has none, as never synced', async () => {
  put(words.root, { 'docs/a.md': 'a2\n' });
  commit(words.root, 'docs: second');
  expect((await added('web')).record).toMatchObject({ last_sync: null, sync_version: null });
  await removeTarget(await words.main(), 'app');
  const path = join(words.target('app'), '.lockstep/receipts/words.json');
  put(words.target('app'), { '.lockstep/receipts/words.json': readFileSync(path, 'utf8').slice(0, 99) });
  const { record, found } = await added('app');
  expect(record.last_sync).toBeNull();
  expect(found.at(-1)).toContain(`the receipt ${path} is damaged`);
});
