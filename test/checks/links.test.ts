import { rmSync } from 'node:fs';
import { join } from 'node:path';
import fse from 'fs-extra';
import { beforeEach, expect, it } from 'vitest';
import type { CheckResult } from '../../src/checks/check.ts';
import { links } from '../../src/checks/links.ts';
import type { Project } from '../../src/domain/project.ts';
import { situationOf, syncDocuments, type World } from '../fixtures/document-target.ts';
import { commit, initRepo, put, temporary } from '../fixtures/sandbox.ts';

let main: string;
let target: string;

const components: Project['components'] = [
  { name: 'docs', sources: [{ from: ['docs'], into: 'docs', exclude: [] }], onConflict: 'keep' },
  { name: 'rag', sources: [{ from: ['RAG'], into: 'rag', exclude: [] }], onConflict: 'keep' },
];

beforeEach(() => {
  const dir = temporary('links');
  main = initRepo(join(dir, 'main'));
  target = join(dir, 'app');
  fse.ensureDirSync(target);
});

const check = async (
  files: Readonly<Record<string, string>>,
  more: { options?: Readonly<Record<string, unknown>>; after?: () => void; world?: Partial<World> } = {},
): Promise<CheckResult> => {
  put(main, files);
  commit(main, 'docs: pages');
  const world: World = { main, target, ...more.world, project: { components, ...more.world?.project } };
  const { receipt } = await syncDocuments(world);
  more.after?.();
  const second = await syncDocuments({ ...world, receipt });
  return links.run(situationOf({ ...world, receipt: second.receipt }).context, more.options ?? {});
};

it('follows every form of link that Markdown and HTML have', async () => {
  const page = [
    '# Title with `code` & more',
    '## Same',
    '## Same',
    '[a](b.md) ![i](img/x.png "t") <a href="b.md#b">x</a> <img src=\'img/x.png\'>',
    '[r] [text][r] [self](#title-with-code--more) [second](#same-1) [dir](img/) [dir2](..) [top](#)',
    '[space](two%20words.md) [query](b.md?raw=1#b) [id](b.md#given)',
    '[out](https://example.invalid/x) [mail](mailto:a@example.invalid) [host](//example.invalid/x)',
    '`[code](nowhere.md)` <!-- [no](nowhere.md) <a href="nowhere.md"> -->',
    '',
    '[r]: <b.md#b>',
  ].join('\n');
  const result = await check({
    'docs/a.md': page,
    'docs/b.md': '# B\n<a id="given"></a>\n',
    'docs/two words.md': '',
    'docs/img/x.png': 'png',
  });
  expect(result).toEqual({ outcome: 'passed', cause: '13 relative links in 3 pages hold' });
});

it('says how many of the pages are there', async () => {
  const missing = await check(
    { 'docs/a.md': '[b](b.md)', 'docs/b.md': '' },
    { after: () => rmSync(join(target, 'docs/a.md')) },
  );
  expect(missing).toEqual({ outcome: 'passed', cause: '0 relative links in 1 of 2 pages hold' });
});

it('fails for a link that works in main and is broken here, naming file and line', async () => {
  const result = await check({
    'docs/a.md': '# A\n\n[e](../RAG/e.md)\n[h](../RAG/e.md#head)\n',
    'RAG/e.md': '# Head\n',
  });
  expect(result).toMatchObject({
    outcome: 'failed',
    cause: '2 of 2 relative links work in main and are broken here',
    details: ['docs/a.md:3 → ../RAG/e.md (no such file)', 'docs/a.md:4 → ../RAG/e.md#head (no such file)'],
  });
});

it('lists a link that is broken in main too, and does not fail for it', async () => {
  const result = await check({ 'docs/a.md': '[x](gone.md)\n\n<a href="#nothing">y</a>\n\n[r]: ./none.md\n' });
  expect(result).toMatchObject({
    outcome: 'passed',
    cause: '3 relative links in 1 page looked at; broken in main too: 3',
    details: [
      'docs/a.md:1 → gone.md (no such file, in main too)',
      'docs/a.md:3 → #nothing (no heading #nothing, in main too)',
      'docs/a.md:5 → ./none.md (no such file, in main too)',
    ],
  });
});

it('judges a link out of the copied set by the target’s disk', async () => {
  const files = { 'docs/a.md': '[code](../src/x.py)\n', 'src/x.py': '' };
  expect(await check(files)).toMatchObject({
    outcome: 'failed',
    details: ['docs/a.md:1 → ../src/x.py (no such file, not copied from main)'],
  });
  expect(await check(files, { options: { outside: 'list' } })).toMatchObject({
    outcome: 'passed',
    cause: '1 relative link in 1 page looked at; leading to files that are not copied: 1',
  });
  put(target, { 'src/x.py': '' });
  expect(await check(files)).toMatchObject({ outcome: 'passed' });
});

it('does not take a file outside the target for a link’s end', async () => {
  put(join(target, '..'), { 'beside.md': '' });
  const files = { 'docs/sub/a.md': '[x](../../../beside.md)' };
  expect((await check(files)).details?.[0]).toContain('leads out');
});

it('lists what the owner broke, by an edit or a deletion, and does not fail for it', async () => {
  const result = await check(
    { 'docs/a.md': '[b](b.md#head)\n[c](c.md)\n', 'docs/b.md': '# Head\n', 'docs/c.md': '' },
    {
      after: () => {
        put(target, { 'docs/b.md': '# Another\n[mine](mine.md)\n' });
        rmSync(join(target, 'docs/c.md'));
      },
    },
  );
  expect(result).toMatchObject({
    outcome: 'passed',
    cause: expect.stringContaining('broken by what was changed here: 3'),
  });
});

it('fails when a copied file is missing and nobody decided so', async () => {
  put(main, { 'docs/a.md': '[b](b.md)', 'docs/b.md': '' });
  commit(main, 'docs: pages');
  const { receipt } = await syncDocuments({ main, target });
  rmSync(join(target, 'docs/b.md'));
  expect(await links.run(situationOf({ main, target, receipt }).context, {})).toMatchObject({
    outcome: 'failed',
    details: ['docs/a.md:1 → b.md (no such file)'],
  });
});
