import { describe, expect, it } from 'vitest';
import type { ChangeRecord, ChangeSet, FileChange } from '../../src/domain/change.ts';
import { buildChecklist } from '../../src/domain/checklist.ts';
import { renderChecklist } from '../../src/domain/checklist-markdown.ts';
import { type ComponentMap, concerns } from '../../src/domain/concerns.ts';

const project: ComponentMap = {
  package: { path: 'src/opencode' },
  components: [
    {
      name: 'docs',
      onConflict: 'keep',
      sources: [
        { from: ['docs/'], into: 'docs', exclude: ['private/**'] },
        { from: ['./README.md'], into: { 'site-packages': 'docs' }, exclude: [] },
      ],
    },
    { name: 'plans', onConflict: 'keep', sources: [{ from: ['plans'], into: { source: 'plans' }, exclude: [] }] },
  ],
  config: [{ from: 'config/opencode.toml', into: { 'site-packages': 'opencode.toml' }, strategies: {} }],
};

const modified = (...paths: string[]): FileChange[] => paths.map((path) => ({ path, status: 'modified' }));
const record = (
  category: string | null,
  files: readonly FileChange[],
  priority: ChangeRecord['priority'] = 'medium',
): ChangeRecord => ({
  category,
  priority,
  cause: `category ${category} is ${priority}`,
  files,
  commits: [],
});
const changeSet = (records: readonly ChangeRecord[], facts: Partial<ChangeSet> = {}): ChangeSet => ({
  base: 'b'.repeat(40),
  commit: 'c'.repeat(40),
  unknown: null,
  records,
  priority: 'medium',
  ...facts,
});
const all = (path: string, type = 'site-packages') =>
  concerns(project, changeSet([record('x', modified(path))]), type).concerned.flatMap((concern) => concern.components);

describe('what concerns a target', () => {
  it.each([
    ['src/opencode/pyproject.toml', ['package']],
    ['src/opencode-evil/x', []],
    ['docs/a.md', ['docs']],
    ['docs-old/a.md', []],
    ['docs/private/a.md', []],
    ['README.md', ['docs']],
    ['config/opencode.toml', ['config']],
    ['config/other.toml', []],
    ['plans/a.md', []],
    ['LICENSE', []],
  ])('%s', (path, expected) => {
    expect(all(path)).toEqual(expected);
  });

  it('depends on the type of the target where `into` does', () => {
    expect(all('README.md', 'source')).toEqual([]);
    expect(all('plans/a.md', 'source')).toEqual(['plans']);
    expect(all('config/opencode.toml', 'source')).toEqual([]);
    expect(all('docs/a.md', 'source')).toEqual(['docs']);
  });

  it('is everything when the package is the whole repository, and nothing of it when it comes from an index', () => {
    const whole = { ...project, package: { path: '.' } };
    expect(concerns(whole, changeSet([record(null, modified('LICENSE'))]), 'source').concerned).toHaveLength(1);
    const index = { ...project, package: { path: null } };
    expect(concerns(index, changeSet([record(null, modified('src/opencode/a.py'))]), 'source').concerned).toEqual([]);
  });

  it('includes a file that was moved out of a component', () => {
    const moved: FileChange = { path: 'attic/a.md', from: 'docs/a.md', status: 'renamed' };
    expect(concerns(project, changeSet([record('docs', [moved])]), 'source').concerned[0]?.components).toEqual([
      'docs',
    ]);
  });

  it('splits a record whose files reach the target in part', () => {
    const split = concerns(
      project,
      changeSet([record('mixed', modified('docs/a.md', 'LICENSE', 'docs/private/b.md'))]),
      'source',
    );
    expect(split.concerned.map((concern) => concern.record.files)).toEqual([modified('docs/a.md')]);
    expect(split.others.map((other) => other.files)).toEqual([modified('LICENSE', 'docs/private/b.md')]);
  });
});

describe('the checklist', () => {
  const changes = changeSet([
    record('plans', modified('plans/a.md'), 'low'),
    record('provider', modified('src/opencode/provider/a.py'), 'high'),
    record(null, modified('LICENSE')),
  ]);
  const build = (backup: string | null = null) =>
    buildChecklist({
      commit: 'c'.repeat(40),
      project,
      targets: [
        { name: 'comfy', type: 'site-packages', changes, backup },
        { name: 'app', type: 'source', changes, backup },
        { name: 'calm', type: 'source', changes: changeSet([]), backup: null },
      ],
    });

  it('says which targets each change concerns, the most urgent first', () => {
    expect(build().changes).toEqual([
      expect.objectContaining({ category: 'provider', priority: 'high', targets: ['comfy', 'app'] }),
      expect.objectContaining({ category: null, priority: 'medium', targets: [], files: ['LICENSE'] }),
      expect.objectContaining({ category: 'plans', priority: 'low', targets: ['app'] }),
    ]);
  });

  it('gives each target its own records and its own priority, from what reaches it', () => {
    const [comfy, app, calm] = build().targets;
    expect(comfy?.concerned.map(({ record: { category } }) => category)).toEqual(['provider']);
    expect(comfy?.others.map(({ category }) => category)).toEqual(['plans', null]);
    expect(app?.concerned.map(({ record: { category } }) => category)).toEqual(['provider', 'plans']);
    expect([comfy?.priority, app?.priority, calm?.priority]).toEqual(['high', 'high', null]);
  });

  it("has the reference's preparation steps, done only when they are", () => {
    const steps = (checklist: ReturnType<typeof build>) => checklist.steps.map((step) => [step.text, step.done]);
    expect(steps(build())).toEqual([
      ['All target projects identified', true],
      ['Changes requiring sync detected', true],
      ['Sync checklist generated', true],
      ['Target projects backed up', false],
      ['Ready to push', false],
    ]);
    expect(build('b-1').steps.every((step) => step.done)).toBe(true);
    const none = buildChecklist({ commit: 'c', project, targets: [] });
    expect(none.steps.filter((step) => !step.done).map((step) => step.text)).toEqual([
      'All target projects identified',
      'Ready to push',
    ]);
  });

  it('is written as Markdown', () => {
    expect(renderChecklist(build('b-1')).join('\n')).toMatchInlineSnapshot(`
      "# Sync checklist for cccccccccc

      - [x] All target projects identified
      - [x] Changes requiring sync detected
      - [x] Sync checklist generated
      - [x] Target projects backed up
      - [x] Ready to push

      ## Changes

      - **high** provider: 1 file; concerns comfy, app; category provider is high
      - **medium** no category: 1 file; concerns no target; category null is medium
      - **low** plans: 1 file; concerns app; category plans is low

      ## comfy (site-packages, since bbbbbbbbbb)

      - [x] backed up: b-1
      - [ ] **high** provider: 1 file in package; category provider is high
        - modified: \`src/opencode/provider/a.py\`

      Changed without reaching this target:

      - plans: 1 file
      - no category: 1 file

      ## app (source, since bbbbbbbbbb)

      - [x] backed up: b-1
      - [ ] **high** provider: 1 file in package; category provider is high
        - modified: \`src/opencode/provider/a.py\`
      - [ ] **low** plans: 1 file in plans; category plans is low
        - modified: \`plans/a.md\`

      Changed without reaching this target:

      - no category: 1 file

      ## calm (source, since bbbbbbbbbb)

      - [x] nothing to sync: no change reaches this target
      "
    `);
  });

  it('says how much of a category reaches no target, where some of it reaches one', () => {
    const mixed = changeSet([record(null, modified('src/opencode/a.py', 'LICENSE', 'odd.txt'))]);
    const checklist = buildChecklist({
      commit: 'c',
      project,
      targets: [{ name: 'app', type: 'source', changes: mixed, backup: null }],
    });
    expect(checklist.changes).toMatchObject([{ targets: ['app'], unreached: 2 }]);
    expect(renderChecklist(checklist)).toContain(
      '- **medium** no category: 3 files; concerns app (2 of them no target); category null is medium',
    );
  });

  it('does not call a target in step that a rollback brought back', () => {
    const back = 'docs was rolled back to aaaaaaaaaa';
    const of = (changes: ChangeSet) =>
      renderChecklist(
        buildChecklist({
          commit: 'c',
          project,
          targets: [{ name: 'app', type: 'source', changes, backup: 'b-1', back }],
        }),
      );
    for (const changes of [changeSet([]), changeSet([record('docs', modified('docs/a.md'))])]) {
      expect(of(changes)).toContain(`- [ ] ${back}: a sync brings it forward again, whatever changed in main`);
      expect(of(changes).join('\n')).not.toContain('nothing to sync');
    }
    expect(of(changeSet([record('docs', modified('docs/a.md'))])).join('\n')).toContain('docs: 1 file in docs');
  });

  it('says why everything counts as changed, and cuts long lists', () => {
    const many = changeSet([record('docs', modified(...Array.from({ length: 12 }, (_, i) => `docs/${i}.md`)))], {
      base: null,
      unknown: 'no receipt',
      note: 'odd',
    });
    const lines = renderChecklist(
      buildChecklist({ commit: 'c', project, targets: [{ name: 'new', type: 'source', changes: many, backup: null }] }),
    );
    expect(lines).toEqual(
      expect.arrayContaining(['> no receipt', '> odd', '## new (source, everything)', '  - and 2 files more']),
    );
  });

  it('keeps every name and message in its line', () => {
    const nasty = { ...record('docs', modified('docs/a\n- [x] `b`.md')), cause: 'fix: a\n- [x] done' };
    const lines = renderChecklist(
      buildChecklist({
        commit: 'c',
        project,
        targets: [{ name: 'x', type: 'source', changes: changeSet([nasty]), backup: null }],
      }),
    );
    expect(lines.filter((each) => each.includes('\n'))).toEqual([]);
    expect(lines).toContain('  - modified: `` "docs/a\\n- [x] `b`.md" ``');
  });
});
