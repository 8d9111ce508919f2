import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync, readdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import fse from 'fs-extra';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ConflictPolicy } from '../../src/domain/project.ts';
import { copy } from '../../src/steps/copy.ts';
import { documents, readingPorts, situationOf, syncDocuments, type World } from '../fixtures/document-target.ts';
import { commit, commitRawNames, git, initRepo, put, temporary, text } from '../fixtures/sandbox.ts';
import { treeHash } from '../fixtures/tree-hash.ts';

let main: string;
let target: string;

beforeEach(() => {
  const dir = temporary('copy');
  main = initRepo(join(dir, 'main'));
  target = join(dir, 'app');
  fse.ensureDirSync(target);
  put(main, { 'docs/a.md': 'a1\n', 'docs/deep/b.md': 'b1\n' });
  commit(main, 'docs: first');
});

const at = (more: Partial<World> = {}): World => ({ main, target, ...more });
const policy = (onConflict: ConflictPolicy): Partial<World> => ({
  project: { components: documents.map((spec) => ({ ...spec, onConflict })) },
});

describe('a first sync into an empty target', () => {
  it('copies every file, and a second one plans nothing and has no news for the receipt', async () => {
    const first = await syncDocuments(at());
    expect(first.lines).toEqual(['+ docs/a.md: new in main', '+ docs/deep/b.md: new in main']);
    expect(first.receipt.components.docs?.dirs).toEqual(['docs', 'docs/deep']);
    expect(text(target, 'docs/deep/b.md')).toBe('b1\n');
    const second = await syncDocuments(at({ receipt: first.receipt }));
    expect(second.plan).toMatchObject({ actions: [], patch: {}, skipped: 'docs is as main has it', warnings: [] });
    expect(second.news).toBe(false);
  });

  it('reads no content of main when the receipt knows every blob', async () => {
    const { receipt } = await syncDocuments(at());
    const { context } = situationOf(at({ receipt }));
    const before = context.ports.processes.counts().git ?? 0;
    await copy.plan(context, {}, 'docs');
    expect((context.ports.processes.counts().git ?? 0) - before).toBe(0);
  });

  it('only moves the commit in the receipt when unrelated files changed', async () => {
    const { receipt } = await syncDocuments(at());
    put(main, { 'other.txt': 'x' });
    const head = commit(main, 'chore: other');
    const next = await syncDocuments(at({ receipt }));
    expect(next.plan.actions).toEqual([]);
    expect(next.plan.patch.components?.docs).toEqual({ ...receipt.components.docs, commit: head });
  });

  it('takes the executable bit over, and no other bit of the mode', async () => {
    put(main, { 'docs/run.sh': '#!/bin/sh\n' });
    chmodSync(join(main, 'docs/run.sh'), 0o755);
    commit(main, 'docs: script');
    const first = await syncDocuments(at());
    expect(lstatSync(join(target, 'docs/run.sh')).mode & 0o777).toBe(0o755);
    chmodSync(join(target, 'docs/a.md'), 0o600);
    chmodSync(join(target, 'docs/run.sh'), 0o700);
    expect((await syncDocuments(at({ receipt: first.receipt }))).news).toBe(false);
    put(main, { 'docs/a.md': 'a2\n' });
    chmodSync(join(main, 'docs/a.md'), 0o755);
    commit(main, 'docs: more');
    await syncDocuments(at({ receipt: first.receipt }));
    expect(lstatSync(join(target, 'docs/a.md')).mode & 0o777).toBe(0o700);
  });

  it('copies a link that stays in its folder, and leaves out one that leads away, with a warning', async () => {
    symlinkSync('a.md', join(main, 'docs/same.md'));
    symlinkSync('../README.md', join(main, 'docs/out.md'));
    symlinkSync('/etc/passwd', join(main, 'docs/abs.md'));
    symlinkSync('deep/../../README.md', join(main, 'docs/tricky.md'));
    symlinkSync('missing.md', join(main, 'docs/dangling.md'));
    // `deep` may itself be a link somewhere: only the disk would know where this leads.
    symlinkSync('deep/../a.md', join(main, 'docs/through.md'));
    put(main, { 'README.md': 'r' });
    commit(main, 'docs: links');
    const { plan, receipt } = await syncDocuments(at());
    expect(readdirSync(join(target, 'docs')).sort()).toEqual(['a.md', 'deep', 'same.md']);
    expect(readlinkSync(join(target, 'docs/same.md'))).toBe('a.md');
    expect(plan.warnings).toHaveLength(5);
    expect(plan.warnings.join('\n')).toContain('docs/out.md is a symbolic link to ../README.md');
    expect((await syncDocuments(at({ receipt }))).news).toBe(false);
  });

  it('leaves out files whose names are not UTF-8, each by its name, and merges them under no other', async () => {
    const named = (name: string) => Buffer.from(name, 'latin1');
    commitRawNames(main, [
      [named('docs/bad\xff.md'), 'one\n'],
      [named('docs/bad\xfe.md'), 'two\n'],
    ]);
    const { plan, receipt } = await syncDocuments(at());
    expect(readdirSync(join(target, 'docs')).sort()).toEqual(['a.md', 'deep']);
    expect(plan.warnings).toEqual([
      '"docs/bad\\376.md" of main has a name that is not UTF-8: left out',
      '"docs/bad\\377.md" of main has a name that is not UTF-8: left out',
    ]);
    expect(Object.keys(receipt.components.docs?.files ?? {})).toEqual(['docs/a.md', 'docs/deep/b.md']);
  });

  it('copies pointers of Git LFS as they are committed, and says once how many there are', async () => {
    const pointer = (n: number) =>
      `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(63)}${n}\nsize 9\n`;
    put(main, { 'docs/a.bin': pointer(1), 'docs/b.bin': pointer(2), 'docs/about.md': `# LFS\n\n${pointer(3)}` });
    commit(main, 'docs: large files');
    const { plan, receipt } = await syncDocuments(at());
    expect(text(target, 'docs/a.bin')).toBe(pointer(1));
    expect(plan.warnings).toEqual([
      '2 files are pointers of Git LFS, taken as committed, without the content behind them (the first: docs/a.bin)',
    ]);
    put(main, { 'docs/a.bin': pointer(4) });
    commit(main, 'docs: a larger file');
    expect((await syncDocuments(at({ receipt }))).plan.warnings).toEqual([
      'docs/a.bin is a pointer of Git LFS, taken as committed, without the content behind it',
    ]);
  });
});

describe('what main changes later', () => {
  it('updates, adds and removes, and removes the folder that it made and left empty', async () => {
    const { receipt } = await syncDocuments(at());
    put(main, { 'docs/a.md': 'a2\n', 'docs/deep/b.md': null, 'docs/c.md': 'c1\n' });
    commit(main, 'docs: second');
    const next = await syncDocuments(at({ receipt }));
    expect(next.lines).toEqual([
      '- docs/deep/b.md: gone from main',
      '- docs/deep: nothing is left in it',
      '~ docs/a.md: changed in main',
      '+ docs/c.md: new in main',
    ]);
    expect(next.receipt.components.docs?.dirs).toEqual(['docs']);
    expect((await syncDocuments(at({ receipt: next.receipt }))).news).toBe(false);
  });

  it('keeps a file that only the receipt claims, and says so once', async () => {
    const { receipt } = await syncDocuments(at());
    put(target, { 'mine.txt': 'mine\n', 'docs/notes.md': 'mine too\n' });
    put(main, { 'docs/deep/b.md': null, 'other.md': 'main had this\n' });
    commit(main, 'docs: fewer');
    const docs = receipt.components.docs ?? { commit: '', files: {}, dirs: [] };
    const claim = (content: string) => ({ sha256: createHash('sha256').update(content).digest('hex'), mode: 0o644 });
    const files = {
      ...docs.files,
      // Of a blob that main never had, and of one with other content.
      'mine.txt': { ...claim('mine\n'), blob: '1'.repeat(40) },
      'docs/notes.md': { ...claim('mine too\n'), blob: git(main, 'rev-parse', 'HEAD:other.md') },
    };
    const forged = { ...receipt, components: { docs: { ...docs, files } } };
    const next = await syncDocuments(at({ receipt: forged }));
    expect(next.lines).toEqual(['- docs/deep/b.md: gone from main', '- docs/deep: nothing is left in it']);
    expect(next.plan.warnings).toEqual(
      ['docs/notes.md', 'mine.txt'].map(
        (path) => `${path}: the receipt claims it, and it is no version of main: kept as it is`,
      ),
    );
    expect(text(target, 'mine.txt')).toBe('mine\n');
    const again = await syncDocuments(at({ receipt: next.receipt }));
    expect(again.plan).toMatchObject({ actions: [], warnings: [] });
  });

  it('removes what is gone from main though its history is not here, below the place of its component', async () => {
    const { receipt } = await syncDocuments(at());
    const blob = git(main, 'rev-parse', 'HEAD:docs/deep/b.md');
    put(main, { 'docs/deep/b.md': null });
    commit(main, 'docs: fewer');
    rmSync(join(main, '.git/objects', blob.slice(0, 2), blob.slice(2)));
    const next = await syncDocuments(at({ receipt }));
    expect(next.lines).toEqual(['- docs/deep/b.md: gone from main', '- docs/deep: nothing is left in it']);
  });

  it('leaves a folder that holds something of the owner', async () => {
    const { receipt } = await syncDocuments(at());
    put(target, { 'docs/deep/mine.md': 'mine' });
    put(main, { 'docs/deep/b.md': null });
    commit(main, 'docs: second');
    const next = await syncDocuments(at({ receipt }));
    expect(next.lines).toEqual(['- docs/deep/b.md: gone from main']);
    expect(text(target, 'docs/deep/mine.md')).toBe('mine');
  });

  it('removes nothing that the receipt does not name', async () => {
    put(target, { 'docs/own.md': 'own' });
    const { receipt } = await syncDocuments(at());
    put(main, { docs: null, 'other.md': 'x' });
    commit(main, 'docs: all gone');
    const next = await syncDocuments(at({ receipt }));
    expect(next.plan.warnings.join()).toContain('docs is not in main at');
    expect(readdirSync(join(target, 'docs'))).toEqual(['own.md']);
  });

  it('removes nothing for a `from` that is misspelt, and everything that was really deleted', async () => {
    put(main, { 'docs/old.md': 'old' });
    commit(main, 'docs: old');
    const { receipt } = await syncDocuments(at());
    put(main, { 'docs/old.md': null });
    commit(main, 'docs: old is gone');
    const typo = {
      components: [{ ...documents[0], name: 'docs', sources: [{ from: ['doc'], into: 'docs', exclude: [] }] }],
    };
    const slip = await syncDocuments(at({ receipt, project: typo as never }));
    expect(slip.lines).toEqual(['- docs/old.md: gone from main']);
    expect(slip.plan.warnings).toEqual([expect.stringContaining('doc is not in main at')]);
    expect(text(target, 'docs/deep/b.md')).toBe('b1\n');
    const again = await syncDocuments(at({ receipt: slip.receipt, project: typo as never }));
    expect(again.lines).toEqual([]);
    const mended = await syncDocuments(at({ receipt: again.receipt }));
    expect(mended.lines).toEqual([]);
    expect(mended.receipt.decisions).toEqual([]);
  });

  it('lets a file become a folder and a folder a file', async () => {
    const { receipt } = await syncDocuments(at());
    put(main, { 'docs/a.md': null, 'docs/deep/b.md': null });
    put(main, { 'docs/a.md/inner.md': 'i', 'docs/deep': null });
    put(main, { 'docs/deep': 'now a file' });
    commit(main, 'docs: turned around');
    const next = await syncDocuments(at({ receipt }));
    expect(next.plan.warnings).toEqual([]);
    expect(text(target, 'docs/a.md/inner.md')).toBe('i');
    expect(text(target, 'docs/deep')).toBe('now a file');
    expect(next.receipt.components.docs?.dirs).toEqual(['docs', 'docs/a.md']);
    expect((await syncDocuments(at({ receipt: next.receipt }))).news).toBe(false);
  });

  it('passes a file from one component to another without removing it', async () => {
    const two = (inDocs: string[], inPlans: string[]): Partial<World> => ({
      project: {
        components: [
          { name: 'docs', sources: [{ from: inDocs, into: '.', exclude: [] }], onConflict: 'keep' },
          { name: 'plans', sources: [{ from: inPlans, into: '.', exclude: [] }], onConflict: 'keep' },
        ],
      },
    });
    const first = await syncDocuments(at(two(['docs/a.md', 'docs/deep'], [])));
    const next = await syncDocuments(at({ ...two(['docs/deep'], ['docs/a.md']), receipt: first.receipt }));
    expect(next.lines).toEqual([]);
    expect(Object.keys(next.receipt.components.plans?.files ?? {})).toEqual(['a.md']);
    expect(Object.keys(next.receipt.components.docs?.files ?? {})).toEqual(['b.md']);
  });
});

describe('what the owner changed', () => {
  it('keeps an edited file silently while main does not change it, and lists it', async () => {
    const { receipt } = await syncDocuments(at());
    put(target, { 'docs/a.md': 'mine\n' });
    const next = await syncDocuments(at({ receipt }));
    expect(next.plan.warnings).toEqual([]);
    expect(next.kept).toEqual(['docs/a.md: changed here']);
    expect(next.receipt.decisions).toMatchObject([{ path: 'docs/a.md', choice: 'kept' }]);
    expect((await syncDocuments(at({ receipt: next.receipt }))).news).toBe(false);
  });

  it('keeps it when main changes it too, warns once for each version of main, and updates once the owner goes back', async () => {
    const first = await syncDocuments(at());
    put(target, { 'docs/a.md': 'mine\n' });
    put(main, { 'docs/a.md': 'a2\n' });
    commit(main, 'docs: two');
    const second = await syncDocuments(at({ receipt: first.receipt }));
    expect(text(target, 'docs/a.md')).toBe('mine\n');
    expect(second.plan.warnings).toEqual(['docs/a.md: changed here and in main: kept as it is']);
    const third = await syncDocuments(at({ receipt: second.receipt }));
    expect(third).toMatchObject({ news: false, lines: [], kept: ['docs/a.md: changed here and in main'] });
    expect(third.plan.warnings).toEqual([]);
    put(main, { 'docs/a.md': 'a3\n' });
    commit(main, 'docs: three');
    const fourth = await syncDocuments(at({ receipt: third.receipt }));
    expect(fourth.plan.warnings).toHaveLength(1);
    put(target, { 'docs/a.md': 'a1\n' });
    const fifth = await syncDocuments(at({ receipt: fourth.receipt }));
    expect(fifth.lines).toEqual(['~ docs/a.md: changed in main']);
    expect(fifth.receipt.decisions).toEqual([]);
    expect((await syncDocuments(at({ receipt: fifth.receipt }))).news).toBe(false);
  });

  it('adopts a file that the owner brought to main’s version by hand', async () => {
    const first = await syncDocuments(at());
    put(main, { 'docs/a.md': 'a2\n' });
    put(target, { 'docs/a.md': 'a2\n' });
    commit(main, 'docs: two');
    const second = await syncDocuments(at({ receipt: first.receipt }));
    expect(second.lines).toEqual([]);
    expect(second.receipt.components.docs?.files['docs/a.md']?.blob).toBe(git(main, 'rev-parse', 'HEAD:docs/a.md'));
  });

  it('lets a deleted file stay deleted, whatever main does, until it is asked back', async () => {
    const first = await syncDocuments(at());
    rmSync(join(target, 'docs/a.md'));
    const second = await syncDocuments(at({ receipt: first.receipt }));
    expect(second.kept).toEqual(['docs/a.md: deleted here']);
    expect(second.plan.warnings).toEqual([
      expect.stringMatching(
        /^docs\/a\.md was deleted here and stays so; to bring back what is missing: lockstep sync docs \S+ --categories docs --complete$/,
      ),
    ]);
    expect(second.receipt.decisions).toMatchObject([{ path: 'docs/a.md', owner: 'deleted' }]);
    expect((await syncDocuments(at({ receipt: second.receipt }))).plan.warnings).toEqual([]);
    put(main, { 'docs/a.md': 'a2\n' });
    commit(main, 'docs: two');
    const third = await syncDocuments(at({ receipt: second.receipt }));
    expect(third.plan.warnings).toEqual(['docs/a.md: deleted here, changed in main: stays deleted']);
    expect((await syncDocuments(at({ receipt: third.receipt }))).news).toBe(false);
    const back = await syncDocuments(at({ receipt: third.receipt, run: { complete: true } }));
    expect(back.lines).toEqual(['+ docs/a.md: asked for with --complete']);
    expect(back.receipt.decisions).toEqual([]);
  });

  it('keeps a file that was edited here and deleted in main', async () => {
    const first = await syncDocuments(at());
    put(target, { 'docs/a.md': 'mine\n' });
    put(main, { 'docs/a.md': null });
    commit(main, 'docs: gone');
    const second = await syncDocuments(at({ receipt: first.receipt }));
    expect(text(target, 'docs/a.md')).toBe('mine\n');
    expect(second.receipt.decisions).toMatchObject([{ path: 'docs/a.md', main: 'deleted' }]);
    const third = await syncDocuments(at({ receipt: second.receipt }));
    expect(third).toMatchObject({ news: false, lines: [] });
    expect(third.plan.warnings).toEqual([]);
    put(target, { 'docs/a.md': 'a1\n' });
    expect((await syncDocuments(at({ receipt: third.receipt }))).lines).toEqual(['- docs/a.md: gone from main']);
  });

  it('replaces it when the policy says so, records that, and is in step afterwards', async () => {
    const first = await syncDocuments(at());
    put(target, { 'docs/a.md': 'mine\n' });
    put(main, { 'docs/a.md': 'a2\n' });
    commit(main, 'docs: two');
    const second = await syncDocuments(at({ ...policy('replace'), receipt: first.receipt }));
    expect(text(target, 'docs/a.md')).toBe('a2\n');
    expect(second.receipt.decisions).toMatchObject([{ path: 'docs/a.md', choice: 'replaced' }]);
    expect((await syncDocuments(at({ ...policy('replace'), receipt: second.receipt }))).news).toBe(false);
  });

  it('refuses before anything is done when the policy is fail, naming every path', async () => {
    const first = await syncDocuments(at());
    put(target, { 'docs/a.md': 'mine\n', 'docs/deep/b.md': 'mine\n' });
    put(main, { 'docs/a.md': 'a2\n', 'docs/deep/b.md': 'b2\n', 'docs/c.md': 'c\n' });
    commit(main, 'docs: two');
    await expect(syncDocuments(at({ ...policy('fail'), receipt: first.receipt }))).rejects.toMatchObject({
      code: 'conflict-refused',
      details: ['docs/a.md: changed here and in main', 'docs/deep/b.md: changed here and in main'],
    });
  });

  it('never deletes a folder or a link that stands where main has a file, nor writes below a link', async () => {
    const first = await syncDocuments(at());
    const elsewhere = temporary('elsewhere');
    put(elsewhere, { 'b.md': 'b1\n' });
    rmSync(join(target, 'docs'), { recursive: true });
    mkdirSync(join(target, 'docs/a.md'), { recursive: true });
    symlinkSync(elsewhere, join(target, 'docs/deep'));
    put(main, { 'docs/a.md': 'a2\n', 'docs/deep/b.md': 'b2\n', 'docs/deep/c.md': 'c\n' });
    commit(main, 'docs: two');
    const before = treeHash(elsewhere);
    const second = await syncDocuments(at({ ...policy('replace'), receipt: first.receipt, run: { complete: true } }));
    expect(second.lines).toEqual([]);
    expect(second.plan.warnings).toEqual([
      'docs/a.md: a folder stands where main has a file: kept as it is',
      'docs/deep is no folder here: what belongs below it is left out',
    ]);
    expect(treeHash(elsewhere)).toBe(before);
    expect(
      (await syncDocuments(at({ ...policy('replace'), receipt: second.receipt, run: { complete: true } }))).news,
    ).toBe(false);
  });
});

describe('a target that was filled by hand', () => {
  const history = (): void => {
    put(main, { 'docs/a.md': 'a2\n', 'docs/logo.bin': 'PNG\0\r\n1' });
    commit(main, 'docs: two');
    put(main, { 'docs/a.md': 'a3\n', 'docs/logo.bin': 'PNG\0\r\n2', 'docs/win.md': 'w1\r\nw\r\n' });
    commit(main, 'docs: three');
    put(main, { 'docs/win.md': 'w2\r\n' });
    commit(main, 'docs: four');
  };

  it('knows copies of old versions, line endings aside, and updates them', async () => {
    history();
    put(target, {
      'docs/a.md': 'a1\r\n',
      'docs/deep/b.md': 'b1\r\n',
      'docs/win.md': 'w1\nw\n',
      'docs/logo.bin': 'PNG\0\r\n1',
    });
    const old = git(main, 'rev-parse', 'HEAD~3:docs/a.md').slice(0, 10);
    const first = await syncDocuments(at(policy('fail')));
    expect(first.lines).toHaveLength(4);
    expect(first.lines[0]).toBe(`~ docs/a.md: an untouched copy of ${old} from main's history`);
    expect(text(target, 'docs/a.md')).toBe('a3\n');
    expect(text(target, 'docs/win.md')).toBe('w2\r\n');
    expect(first.plan.warnings).toEqual([]);
    expect((await syncDocuments(at({ receipt: first.receipt }))).news).toBe(false);
  });

  it('adopts what is as main has it now, without an action', async () => {
    put(target, { 'docs/a.md': 'a1\n', 'docs/deep/b.md': 'b1\n' });
    const first = await syncDocuments(at());
    expect(first.lines).toEqual([]);
    expect(Object.keys(first.receipt.components.docs?.files ?? {})).toEqual(['docs/a.md', 'docs/deep/b.md']);
    expect(first.receipt.components.docs?.dirs).toEqual([]);
  });

  it('keeps what is no version of main, and asks git’s history only while that is undecided', async () => {
    history();
    put(target, { 'docs/a.md': 'a1, and my notes\r\n', 'docs/logo.bin': 'PNG\0\n1' });
    const first = await syncDocuments(at());
    expect(first.kept).toEqual([
      'docs/a.md: here before, and no copy of any version of main',
      'docs/logo.bin: here before, and no copy of any version of main',
    ]);
    expect(first.plan.warnings).toHaveLength(2);
    expect(first.receipt.components.docs?.files['docs/a.md']).toBeUndefined();
    const ports = readingPorts();
    const second = await syncDocuments(at({ receipt: first.receipt, ports }));
    expect(second).toMatchObject({ news: false, lines: [] });
    expect(second.plan.warnings).toEqual([]);
    expect(ports.processes.counts().git).toBe(1);
  });

  it('finds copies although an old version is missing from a partial clone', async () => {
    history();
    const lost = git(main, 'rev-parse', 'HEAD~2:docs/a.md');
    rmSync(join(main, '.git/objects', lost.slice(0, 2), lost.slice(2)));
    put(target, { 'docs/a.md': 'neither\n', 'docs/win.md': 'w1\nw\n' });
    const first = await syncDocuments(at());
    expect(first.kept.join()).toContain('docs/a.md');
    expect(first.lines.join()).toContain('~ docs/win.md: an untouched copy');
  });

  it('names the file whose content the clone lacks', async () => {
    const lost = git(main, 'rev-parse', 'HEAD:docs/a.md');
    rmSync(join(main, '.git/objects', lost.slice(0, 2), lost.slice(2)));
    await expect(syncDocuments(at())).rejects.toMatchObject({
      code: 'object-missing',
      message: expect.stringContaining('docs/a.md is in main at'),
    });
  });
});

describe('which components', () => {
  const two: Partial<World> = {
    project: {
      components: [
        ...documents,
        { name: 'plans', sources: [{ from: ['plans'], into: 'plans', exclude: [] }], onConflict: 'keep' },
      ],
    },
  };

  it('copies only what the run and the step both name', async () => {
    put(main, { 'plans/p.md': 'p' });
    commit(main, 'docs: plan');
    expect((await syncDocuments(at({ ...two, run: { only: ['plans'] } }))).lines).toEqual([
      '+ plans/p.md: new in main',
    ]);
    const none = await syncDocuments(at({ ...two, run: { only: ['plans'] } }), { components: ['docs'] });
    expect(none.plan.skipped).toBe('no component was asked for');
  });

  it('names the nearest component for a wrong one', async () => {
    await expect(syncDocuments(at(), { components: ['dosc'] })).rejects.toMatchObject({
      code: 'unknown-name',
      hint: 'did you mean docs?',
    });
  });

  it('skips a component that has no place in this type of target, and says so', async () => {
    const { plan } = await syncDocuments(
      at({
        project: {
          components: [
            { name: 'docs', sources: [{ from: ['docs'], into: { source: 'docs' }, exclude: [] }], onConflict: 'keep' },
          ],
        },
      }),
    );
    expect(plan).toMatchObject({
      actions: [],
      patch: {},
      skipped: 'docs has no `into` for targets of type site-packages',
    });
  });

  it('refuses a file that the package installs itself', async () => {
    const { receipt } = await syncDocuments(at());
    const record = receipt.components.docs?.files['docs/a.md'];
    const owned = { commit: receipt.commit ?? '', files: { 'docs/a.md': record ?? { sha256: '', mode: 0 } }, dirs: [] };
    await expect(syncDocuments(at({ receipt: { ...receipt, components: { package: owned } } }))).rejects.toMatchObject({
      code: 'target-invalid',
      message: 'docs/a.md is claimed twice: by package and by docs (docs/a.md)',
    });
  });
});
