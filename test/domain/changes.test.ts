import { describe, expect, it } from 'vitest';
import { compileGlobs, openCategories } from '../../src/domain/categories.ts';
import type { CategoryRule, Commit, CommitRule, FileChange } from '../../src/domain/change.ts';
import { classify, countFiles, type RuleMatcher } from '../../src/domain/changes.ts';
import { defaultCategories, defaultCommitRules } from '../../src/domain/defaults.ts';

const modified = (...paths: string[]): FileChange[] => paths.map((path) => ({ path, status: 'modified' }));
const commitOf = (id: string, subject: string, files: string[], facts: Partial<Commit> = {}): Commit => {
  const [type = 'other'] = subject.split(/[(:!]/);
  return { id, subject, type, scope: '', breaking: false, author: 'Ada', time: '', files, ...facts };
};

const categories: CategoryRule[] = [
  { name: 'tools', paths: ['**/tool/*.py'], priority: 'high' },
  { name: 'python', paths: ['**/*.py'], priority: 'low' },
  { name: 'docs', paths: ['docs/**'], priority: 'medium' },
];
const commitRules: CommitRule[] = [
  { if: 'security', priority: 'critical' },
  { if: 'fix', priority: 'high' },
  { if: 'refactor', priority: 'low' },
];
const matches: RuleMatcher = (rule, commit) => rule.if === commit.type;

const sort = (changes: FileChange[], commits: Commit[] = []) =>
  classify({ changes, commits, categories, commitRules, matches });

describe('globs', () => {
  it('see dot files and newlines as names like others, and match nothing when there are none', () => {
    const docs = compileGlobs(['docs/**', '*.md']);
    for (const path of ['docs/.hidden/x', 'docs/two\nlines.md', 'docs/é/日本.md', '.x.md'])
      expect(docs(path), path).toBe(true);
    for (const path of ['docs-evil/x', 'a/b.md', 'doc']) expect(docs(path), path).toBe(false);
    expect(compileGlobs([])('anything')).toBe(false);
  });
});

describe('sorting changes into categories', () => {
  it('lists a file under every category that names it, and counts it once', () => {
    const records = sort(modified('src/tool/read.py', 'docs/a.md'));
    expect(records.map((record) => [record.category, record.files.map((file) => file.path)])).toEqual([
      ['tools', ['src/tool/read.py']],
      ['python', ['src/tool/read.py']],
      ['docs', ['docs/a.md']],
    ]);
    expect(countFiles(records)).toBe(2);
  });

  it('lists what no category names as such, with priority medium', () => {
    expect(sort(modified('LICENSE'))).toEqual([
      {
        category: null,
        priority: 'medium',
        cause: 'no category names it: medium',
        files: modified('LICENSE'),
        commits: [],
      },
    ]);
  });

  it('puts a renamed file in the categories of both of its names, once in each', () => {
    const renamed: FileChange = { path: 'docs/read.md', from: 'src/tool/read.py', status: 'renamed' };
    const within: FileChange = { path: 'docs/new.md', from: 'docs/old.md', status: 'renamed' };
    const records = sort([renamed, within]);
    expect(records.map((record) => [record.category, record.files])).toEqual([
      ['tools', [renamed]],
      ['python', [renamed]],
      ['docs', [within, renamed]],
    ]);
  });

  it('makes no record without a change', () => {
    expect(sort([])).toEqual([]);
  });
});

describe('priority', () => {
  it("is the category's own when no commit raises it, and says so", () => {
    const [record] = sort(modified('docs/a.md'), [commitOf('1', 'feat: x', ['docs/a.md'])]);
    expect(record).toMatchObject({
      priority: 'medium',
      cause: 'category docs is medium',
      commits: [{ id: '1', subject: 'feat: x' }],
    });
  });

  it('is raised by a commit that touched one of the files, and only there', () => {
    const records = sort(modified('docs/a.md', 'lib/b.py'), [
      commitOf('0123456789abcdef', 'security: leak', ['docs/a.md', 'elsewhere']),
      commitOf('2', 'fix: x', ['docs/a.md']),
    ]);
    expect(records.map((record) => [record.category, record.priority])).toEqual([
      ['python', 'low'],
      ['docs', 'critical'],
    ]);
    expect(records[1]?.cause).toBe('0123456789 security: leak (security)');
  });

  it('is never lowered by a commit', () => {
    const [record] = sort(modified('docs/a.md'), [commitOf('1', 'refactor: x', ['docs/a.md'])]);
    expect(record).toMatchObject({ priority: 'medium', cause: 'category docs is medium' });
  });

  it('is raised through the former name of a renamed file', () => {
    const renamed: FileChange = { path: 'docs/new.md', from: 'docs/old.md', status: 'renamed' };
    expect(sort([renamed], [commitOf('1', 'fix: x', ['docs/old.md'])])[0]?.priority).toBe('high');
  });

  it('takes the highest of all rules that hold for one commit', () => {
    const both: RuleMatcher = (rule) => rule.if !== 'refactor';
    const [record] = classify({
      changes: modified('docs/a.md'),
      commits: [commitOf('1', 'x', ['docs/a.md'])],
      categories,
      commitRules,
      matches: both,
    });
    expect(record).toMatchObject({ priority: 'critical', cause: '1 x (security)' });
  });

  it('lists the commits of a record newest first, each once', () => {
    const commits = [
      commitOf('3', 'c', ['docs/a.md', 'docs/b.md']),
      commitOf('2', 'b', ['other']),
      commitOf('1', 'a', ['docs/b.md']),
    ];
    expect(sort(modified('docs/b.md', 'docs/a.md'), commits)[0]?.commits.map(({ id }) => id)).toEqual(['3', '1']);
  });
});

describe('the default categories', () => {
  const of = (path: string) =>
    openCategories(defaultCategories)
      .of(path)
      .map((rule) => `${rule.name} ${rule.priority}`);

  it.each([
    ['src/opencode/provider/openai.py', ['provider high']],
    ['src/opencode/src/opencode/provider/openai.py', ['provider high']],
    ['src/opencode/core/providers/local.py', ['provider high']],
    ['src/opencode/tool/read.py', ['tools high']],
    ['src/opencode/core/session.py', ['session high']],
    ['src/opencode/src/opencode/core/session.py', ['session high']],
    ['src/opencode/core/config.py', ['config medium']],
    ['opencode.toml', ['config medium']],
    ['config/presets/local.toml', ['config medium']],
    ['src/opencode/cli/commands/run.py', ['cli medium']],
    ['src/opencode/cli/main.py', ['cli medium']],
    ['RAG/troubleshooting/errors/ERR-001.md', ['rag high']],
    ['docs/api/reference.md', ['docs medium']],
    ['README.md', ['docs medium']],
    ['plans/FEATURE_PLAN.md', ['plans low']],
    ['plans/MEMORY_INTEGRATION_PLAN.md', ['integration-plans high', 'plans low']],
    ['plans/archive/TARGET_PROJECT_SYNC_PLAN.md', ['integration-plans high', 'plans low']],
    ['.github/workflows/ci.yml', []],
    ['src/opencode/core/agent.py', []],
  ])('%s', (path, expected) => {
    expect(of(path)).toEqual(expected);
  });

  it('have rules for every row of the third table', () => {
    expect(new Set(defaultCommitRules.map((rule) => rule.priority))).toEqual(
      new Set(['critical', 'high', 'medium', 'low']),
    );
  });
});
