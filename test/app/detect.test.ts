import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { installedGit } from '../../src/adapters/git.ts';
import { spawnProcesses } from '../../src/adapters/processes.ts';
import { makeChecklist } from '../../src/app/checklist.ts';
import { type DetectRequest, detectChanges, fullSyncReason, reasonOf } from '../../src/app/detect.ts';
import { resolveRevision } from '../../src/app/revisions.ts';
import { defaultCategories } from '../../src/domain/defaults.ts';
import { hookSettings } from '../../src/domain/hook-settings.ts';
import type { Project } from '../../src/domain/project.ts';
import type { Receipt } from '../../src/domain/receipt.ts';
import { commit, git, initRepo, put, sampleMain, temporary } from '../fixtures/sandbox.ts';

const installed = installedGit(spawnProcesses(process.env), process.env);
const project = {
  categories: defaultCategories,
  commitRules: [{ if: 'fix', priority: 'critical' }],
} as const;

/** Detects from a base to HEAD, with rules that name a commit's type. */
const detect = async (root: string, base: DetectRequest['base'], revision = 'HEAD') => {
  const repo = installed.open(root);
  const id = (await repo.commit(revision)) ?? '';
  return detectChanges({ repo, base, commit: id, project, matches: (rule, each) => each.type === rule.if });
};

const main = () => {
  const root = sampleMain(join(temporary('main'), 'main'));
  return { root, first: git(root, 'rev-parse', 'HEAD') };
};

const files = (set: Awaited<ReturnType<typeof detect>>) =>
  set.records.map((record) => [record.category, record.files.map(({ status, path }) => `${status} ${path}`)]);

describe('detecting changes', () => {
  it('takes everything without a receipt, and says so', async () => {
    const { root, first } = main();
    for (const base of [{}, { receiptCommit: null }, { receiptCommit: undefined }]) {
      const set = await detect(root, base);
      expect(set).toMatchObject({ base: null, commit: first, unknown: expect.stringContaining('no receipt') });
      expect(set.records.flatMap((record) => record.files).every((file) => file.status === 'added')).toBe(true);
      expect(set.records.find((record) => record.category === 'rag')?.files.map((file) => file.path)).toEqual([
        'RAG/troubleshooting/README.md',
        'RAG/troubleshooting/errors/ERR-001.md',
      ]);
      expect(set.priority).toBe('high');
    }
  });

  it('finds changes, renames and deletions since the receipt, sorted and ranked', async () => {
    const { root, first } = main();
    put(root, { 'docs/guides/start.md': null, 'docs/neu é\n.md': 'new', 'odd.txt': 'x' });
    commit(root, 'docs: new words');
    git(root, 'mv', 'plans/SYNC_PLAN.md', 'plans/OTHER.md');
    put(root, { 'src/opencode/src/opencode/provider/openai.py': 'print(1)\n' });
    const last = commit(root, 'fix(provider): timeout');
    const set = await detect(root, { receiptCommit: first });
    expect(set).toMatchObject({ base: first, commit: last, unknown: null, priority: 'critical' });
    expect(set.note).toBeUndefined();
    expect(files(set)).toEqual([
      ['provider', ['modified src/opencode/src/opencode/provider/openai.py']],
      ['integration-plans', ['renamed plans/OTHER.md']],
      ['docs', ['deleted docs/guides/start.md', 'added docs/neu é\n.md']],
      ['plans', ['renamed plans/OTHER.md']],
      [null, ['added odd.txt']],
    ]);
    const provider = set.records[0];
    expect(provider).toMatchObject({
      priority: 'critical',
      cause: `${last.slice(0, 10)} fix(provider): timeout (fix)`,
      commits: [{ id: last, subject: 'fix(provider): timeout' }],
    });
    expect(set.records[3]?.files[0]).toMatchObject({ from: 'plans/SYNC_PLAN.md' });
    expect(set.records.at(-1)).toMatchObject({ priority: 'medium', commits: [{ subject: 'docs: new words' }] });
  });

  it('lets `since` win over the receipt, and takes any revision', async () => {
    const { root, first } = main();
    put(root, { 'docs/a.md': 'a' });
    const second = commit(root, 'docs: a');
    put(root, { 'docs/b.md': 'b' });
    commit(root, 'docs: b');
    expect((await detect(root, { since: 'v1.2.0', receiptCommit: second })).base).toBe(first);
    expect((await detect(root, { since: 'HEAD~1', receiptCommit: first })).base).toBe(second);
    expect(files(await detect(root, { since: 'HEAD~1' }))).toEqual([['docs', ['added docs/b.md']]]);
  });

  it('finds nothing when nothing changed, with one commit or with two of equal content', async () => {
    const { root, first } = main();
    expect(await detect(root, { receiptCommit: first })).toMatchObject({ base: first, records: [], priority: null });
    put(root, { 'docs/a.md': 'a' });
    commit(root, 'fix: a');
    put(root, { 'docs/a.md': null });
    commit(root, 'fix: a away');
    expect(await detect(root, { receiptCommit: first })).toMatchObject({ unknown: null, records: [], priority: null });
  });

  it('never counts what is not committed', async () => {
    const { root, first } = main();
    put(root, { 'docs/INDEX.md': 'dirty', 'docs/untracked.md': 'x' });
    git(root, 'add', 'docs/untracked.md');
    expect((await detect(root, { receiptCommit: first })).records).toEqual([]);
  });

  it('counts what a merge brought, with the commits of the side branch', async () => {
    const { root, first } = main();
    git(root, 'checkout', '-q', '-b', 'side');
    put(root, { 'docs/side.md': 'side' });
    commit(root, 'fix: side');
    git(root, 'checkout', '-q', 'main');
    put(root, { 'plans/main.md': 'main' });
    commit(root, 'feat: main');
    git(root, 'merge', '-q', '--no-ff', '-m', 'merge it', 'side');
    const set = await detect(root, { receiptCommit: first });
    expect(set.records.map(({ category, priority }) => [category, priority])).toEqual([
      ['docs', 'critical'],
      ['plans', 'low'],
    ]);
  });
});

describe('a base that is not simply an ancestor', () => {
  it('is unknown in a shallow clone that lacks it: everything counts as changed', async () => {
    const { root, first } = main();
    put(root, { 'docs/a.md': 'a' });
    commit(root, 'docs: a');
    const clone = join(temporary('shallow'), 'clone');
    git(root, 'clone', '-q', '--depth', '1', `file://${root}`, clone);
    const set = await detect(clone, { receiptCommit: first });
    expect(set).toMatchObject({
      base: null,
      unknown: expect.stringMatching(/shallow.*--unshallow.*everything counts/),
    });
    expect(set.records.flatMap((record) => record.files).length).toBeGreaterThan(15);
  });

  it('is unknown after history was rewritten and cleaned up', async () => {
    const { root } = main();
    put(root, { 'docs/a.md': 'a' });
    const lost = commit(root, 'docs: a');
    git(root, 'reset', '-q', '--hard', 'HEAD~1');
    git(root, 'reflog', 'expire', '--expire=now', '--all');
    git(root, 'gc', '-q', '--prune=now');
    const set = await detect(root, { receiptCommit: lost });
    expect(set).toMatchObject({ base: null, unknown: expect.stringMatching(/rewritten.*everything counts/) });
    expect(set.unknown).toContain(lost.slice(0, 10));
  });

  it('is compared exactly while its object is still there, and said to be off the path', async () => {
    const { root } = main();
    put(root, { 'docs/a.md': 'a' });
    const rewritten = commit(root, 'docs: a');
    git(root, 'reset', '-q', '--hard', 'HEAD~1');
    put(root, { 'docs/b.md': 'b' });
    commit(root, 'docs: b');
    const set = await detect(root, { receiptCommit: rewritten });
    expect(set).toMatchObject({ base: rewritten, unknown: null, note: expect.stringContaining('not in the history') });
    expect(files(set)).toEqual([['docs', ['deleted docs/a.md', 'added docs/b.md']]]);
    expect(set.records[0]?.commits.map(({ subject }) => subject)).toEqual(['docs: b']);
  });

  it('may be newer than the commit: the difference goes back', async () => {
    const { root, first } = main();
    put(root, { 'docs/a.md': 'a' });
    const newer = commit(root, 'docs: a');
    const set = await detect(root, { receiptCommit: newer }, first);
    expect(set).toMatchObject({ base: newer, commit: first, unknown: null, note: expect.stringContaining('older') });
    expect(files(set)).toEqual([['docs', ['deleted docs/a.md']]]);
  });
});

it('detects across history that lacks a blob', async () => {
  const root = initRepo(temporary('main'));
  put(root, { 'src/coverage.json': '{}'.repeat(200), 'docs/a.md': 'a' });
  const first = commit(root, 'feat: first');
  const blob = git(root, 'rev-parse', 'HEAD:src/coverage.json');
  put(root, { 'src/coverage.json': null, 'src/near.json': '{}'.repeat(199), 'docs/a.md': 'b' });
  commit(root, 'fix: move');
  rmSync(join(root, '.git', 'objects', blob.slice(0, 2), blob.slice(2)));
  expect(files(await detect(root, { receiptCommit: first }))).toEqual([
    ['docs', ['modified docs/a.md']],
    [null, ['deleted src/coverage.json', 'added src/near.json']],
  ]);
  expect((await detect(root, {}, first)).records).toHaveLength(2);
});

describe('a wrong revision', () => {
  const hint = async (root: string, revision: string) => {
    const failure = await resolveRevision(installed.open(root), revision).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'unknown-revision',
      message: expect.stringContaining(JSON.stringify(revision)),
    });
    return (failure as { hint?: string }).hint;
  };

  it('ends with the nearest branch or tag', async () => {
    const { root } = main();
    git(root, 'branch', 'feature/login');
    expect(await hint(root, 'v1.2.O')).toBe('did you mean v1.2.0?');
    expect(await hint(root, 'v1.3.0~2')).toBe('did you mean v1.2.0~2?');
    expect(await hint(root, 'mian')).toBe('did you mean main?');
    expect(await hint(root, 'feature-login')).toBe('did you mean feature/login?');
    expect(await hint(root, 'HEDA')).toBe('did you mean HEAD?');
  });

  it('says what is there when nothing is near, and when the name is right but the step too far', async () => {
    const { root } = main();
    expect(await hint(root, 'something-else-entirely')).toMatch(/there is (main, v1\.2\.0|v1\.2\.0, main); git log/);
    expect(await hint(root, 'main~40')).toContain('goes further back');
    expect(await hint(root, '--all')).toContain('git log');
    expect(await hint(initRepo(temporary('empty')), 'HEAD')).toBe('make a first commit');
  });

  it('stops detection before anything else', async () => {
    const { root } = main();
    await expect(detect(root, { since: 'v1.2.1', receiptCommit: 'HEAD' })).rejects.toMatchObject({
      code: 'unknown-revision',
    });
  });
});

describe('a full sync', () => {
  const receipt = { commit: 'c'.repeat(40) } as Receipt;
  const reason = (facts: Partial<Parameters<typeof fullSyncReason>[0]>) =>
    fullSyncReason({ receipt, version: 'v1.2.3', previousVersion: 'v1.2.3', reason: null, ...facts });

  it.each([
    [{}, null],
    [{ version: 'v1.2.4' }, null],
    [{ version: 'v1.2.3-7-gabcdef0' }, null],
    [{ previousVersion: null }, null],
    [{ version: null }, null],
    [{ reason: 'a feature that the target needs' }, null],
    [{ version: 'v1.3.0' }, 'minor version change: v1.2.3 to v1.3.0'],
    [{ version: 'v2.0.0' }, 'major version change: v1.2.3 to v2.0.0'],
    [{ reason: 'security' }, 'security advisory: security'],
    [{ reason: 'Security: CVE-2026-1' }, 'security advisory: Security: CVE-2026-1'],
    [{ receipt: undefined }, 'new target: never completely synced'],
    [{ receipt: { commit: null } as Receipt }, 'new target: never completely synced'],
  ])('%j: %s', (facts, expected) => {
    expect(reason(facts)).toBe(expected);
  });
});

it.each([
  [null, null, null],
  ['weekly', null, 'weekly'],
  [null, 'new target: never completely synced', 'new target: never completely synced'],
  ['security: CVE-2026-1', 'security advisory: security: CVE-2026-1', 'security: CVE-2026-1'],
  ['weekly', 'new target: never completely synced', 'new target: never completely synced (weekly)'],
])('what a person says, %s, hides no reason for a full sync, %s', (said, full, told) => {
  expect(reasonOf(said, full)).toBe(told);
});

describe('the checklist', () => {
  it('compares each target with its own receipt, or all with one revision, and detects once a base', async () => {
    const { root, first } = main();
    put(root, { 'docs/a.md': 'a' });
    const second = commit(root, 'docs: a');
    put(root, { 'docs/b.md': 'b' });
    const third = commit(root, 'docs: b');
    const repo = installed.open(root);
    let diffs = 0;
    const counting = {
      ...repo,
      diff: (from: string, to: string) => {
        diffs += 1;
        return repo.diff(from, to);
      },
    };
    const whole: Project = {
      ...project,
      id: 'x',
      root,
      stateDir: '',
      package: {
        name: 'o',
        import: 'o',
        path: 'src/opencode',
        from: 'local',
        index: null,
        network: false,
        builder: null,
      },
      components: [{ name: 'docs', onConflict: 'keep', sources: [{ from: ['docs'], into: 'docs', exclude: [] }] }],
      config: [],
      protect: [],
      secrets: [],
      suites: {},
      sla: { default: '24h' },
      types: {},
      hooks: hookSettings(),
    };
    const target = (name: string, receiptCommit: string | null) => ({
      name,
      type: 'source',
      receiptCommit,
      backup: null,
    });
    const request = {
      repo: counting,
      project: whole,
      commit: third,
      matches: () => false,
      targets: [
        target('one', first),
        target('twin', first),
        target('two', second),
        target('there', third),
        target('new', null),
      ],
    };
    const list = await makeChecklist(request);
    expect(diffs).toBe(2);
    expect(
      list.targets.map(({ name, base, concerned }) => [name, base, concerned.map(({ record }) => record.files.length)]),
    ).toEqual([
      ['one', first, [2]],
      ['twin', first, [2]],
      ['two', second, [1]],
      ['there', third, []],
      ['new', null, expect.any(Array)],
    ]);
    expect(list.changes.find((change) => change.category === 'docs')?.targets).toEqual(['one', 'twin', 'two', 'new']);
    const since = await makeChecklist({ ...request, since: 'HEAD~1' });
    expect(new Set(since.targets.map(({ base }) => base))).toEqual(new Set([second]));
  });
});
