import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { diskFiles } from '../../src/adapters/files.ts';
import { suitesOf } from '../../src/checks/default-suites.ts';
import { loadProject } from '../../src/config/load.ts';
import { defaultBackupPolicy } from '../../src/domain/backup-policy.ts';
import { defaultCategories, defaultCommitRules } from '../../src/domain/defaults.ts';
import { LockstepError } from '../../src/domain/errors.ts';
import type { Project } from '../../src/domain/project.ts';
import { defaultRunPolicy } from '../../src/domain/run-policy.ts';
import { defaultSecrets } from '../../src/domain/secrets.ts';
import { expressionProblems } from '../../src/pipeline/config-expressions.ts';
import { temporary } from '../fixtures/sandbox.ts';

const files = diskFiles(() => undefined);
const at = (root: string): Project =>
  loadProject({
    files,
    root,
    configPath: join(root, 'sync.config.yaml'),
    stateDir: join(root, '.git', 'lockstep'),
    expressionProblems,
  });
const load = (text: string | Uint8Array, root = temporary('config')): Project => {
  writeFileSync(join(root, 'sync.config.yaml'), text);
  return at(root);
};
const failure = (text: string | Uint8Array): LockstepError => {
  try {
    load(text);
  } catch (error) {
    if (error instanceof LockstepError) return error;
    throw error;
  }
  throw new Error('it was accepted');
};
const messages = (text: string): readonly string[] =>
  failure(text)
    .details.filter((line) => line.startsWith('sync.config.yaml:'))
    .map((line) => line.slice('sync.config.yaml:'.length));
const head = 'version: 1\nproject: { name: a }\n';

describe('loadProject', () => {
  it('fills in every default', () => {
    const root = temporary('config');
    expect(load('version: 1\nproject: { name: my-lib, package: src/lib/ }\n', root)).toEqual({
      id: 'my-lib',
      root,
      stateDir: join(root, '.git', 'lockstep'),
      package: {
        name: 'my-lib',
        import: 'my_lib',
        path: 'src/lib',
        from: 'local',
        index: null,
        network: false,
        builder: null,
      },
      categories: defaultCategories,
      commitRules: defaultCommitRules,
      types: {},
      components: [],
      config: [],
      protect: [],
      secrets: defaultSecrets,
      suites: {},
      sla: { critical: '4h', default: '24h' },
      hooks: {
        prePush: {
          rules: [{ branches: null, remotes: null, require: 'checklist', onUnmet: 'block' }],
          budget: 3000,
          quiet: false,
          tags: 'look',
          deletions: 'pass',
        },
        postMerge: { act: 'sync', branches: null, budget: 3000 },
        postPush: { act: 'sync', branches: null, budget: 3000 },
      },
      runs: defaultRunPolicy,
      backups: defaultBackupPolicy,
    });
    expect(load('version: 1\nproject: { name: a }\n').package).toMatchObject({ path: null, from: 'index' });
    expect(load('version: 1\nproject: { name: a, package: . }\n').package.path).toBe('.');
  });

  it('reads what is written', () => {
    const project = load(`version: 1
project: { name: a-b, id: main, import: x.y, package: p, from: index, index: "https://example.invalid/simple", network: true, builder: python3.12 }
categories: { docs: { paths: ["docs/**"], priority: low } }
commits: [{ if: breaking, priority: high }]
components:
  one: { from: a, into: b, exclude: ["*.tmp"], on_conflict: fail }
  two: [{ from: [a, b], into: { source: c } }, { from: d, into: e }]
  three: { sources: [{ from: a, into: "\${{ target.package_dir }}/x" }], on_conflict: replace }
config:
  - { from: a.toml, into: a.toml, strategies: { providers.openai: merge, x: three-way } }
  - { from: b.toml, into: b.toml, on_conflict: fail }
secrets: [mine]
suites: { core: [{ uses: pip-check }, { name: n, uses: complete, with: { components: [one] } }] }
hooks: { pre-push: { branches: [main], budget: 5s, quiet: true, rules: [{ branches: ["v*"], require: synchronized }] }, post-merge: off, post-push: { do: notify, branches: [main] } }
sla: { high: 8h, default: 2d }
`);
    expect(project.package).toEqual({
      name: 'a-b',
      import: 'x.y',
      path: 'p',
      from: 'index',
      index: 'https://example.invalid/simple',
      network: true,
      builder: 'python3.12',
    });
    expect(project.id).toBe('main');
    expect(project.categories).toEqual([{ name: 'docs', paths: ['docs/**'], priority: 'low' }]);
    expect(project.commitRules).toEqual([{ if: 'breaking', priority: 'high' }]);
    expect(project.components).toEqual([
      { name: 'one', sources: [{ from: ['a'], into: 'b', exclude: ['*.tmp'] }], onConflict: 'fail' },
      {
        name: 'two',
        sources: [
          { from: ['a', 'b'], into: { source: 'c' }, exclude: [] },
          { from: ['d'], into: 'e', exclude: [] },
        ],
        onConflict: 'keep',
      },
      {
        name: 'three',
        sources: [{ from: ['a'], into: `\${{ target.package_dir }}/x`, exclude: [] }],
        onConflict: 'replace',
      },
    ]);
    expect(project.config).toEqual([
      { from: 'a.toml', into: 'a.toml', strategies: { 'providers.openai': 'merge', x: 'three-way' } },
      { from: 'b.toml', into: 'b.toml', strategies: {}, onConflict: 'fail' },
    ]);
    expect(project.secrets).toEqual(['mine']);
    expect(project.suites.core).toEqual([
      { name: 'pip-check', uses: 'pip-check', with: {} },
      { name: 'n', uses: 'complete', with: { components: ['one'] } },
    ]);
    expect(Object.keys(suitesOf(project))).toContain('docs');
    expect(project.sla).toEqual({ critical: '4h', high: '8h', default: '2d' });
    expect(project.hooks).toEqual({
      prePush: {
        rules: [
          { branches: ['v*'], remotes: null, require: 'synchronized', onUnmet: 'block' },
          { branches: ['main'], remotes: null, require: 'checklist', onUnmet: 'block' },
        ],
        budget: 5000,
        quiet: true,
        tags: 'look',
        deletions: 'pass',
      },
      postMerge: { act: 'off', branches: null, budget: 3000 },
      postPush: { act: 'notify', branches: ['main'], budget: 3000 },
    });
    expect(load('version: 1\nproject: { name: a }\nhooks: { pre-push: off }\n').hooks.prePush.rules).toEqual([
      { branches: null, remotes: null, require: 'off', onUnmet: 'block' },
    ]);
  });

  it('accepts the sample project and the one of this repository', () => {
    const own = dirname(fileURLToPath(new URL('../../sync.config.yaml', import.meta.url)));
    expect(at(own)).toMatchObject({ id: 'lockstep', package: { path: null }, components: [{ name: 'docs' }] });
    const sample = fileURLToPath(new URL('../fixtures/sample-project', import.meta.url));
    expect(load(readFileSync(join(sample, 'sync.config.yaml'))).components).toHaveLength(3);
  });

  it('moves the state out of the tree and nowhere into it', () => {
    const elsewhere = temporary('state');
    expect(load(`${head}state: ${elsewhere}\n`).stateDir).toBe(elsewhere);
    expect(messages(`${head}state: .state\n`)[0]).toMatch(/^3:8: the state must lie outside/);
    const root = temporary('config');
    mkdirSync(join(root, 'inner'));
    symlinkSync(join(root, 'inner'), join(elsewhere, 'way-in'));
    expect(() => load(`${head}state: ${elsewhere}/way-in\n`, root)).toThrow('1 problem');
    expect(() => load(`${head}state: ${elsewhere}/way-in/deeper\n`, root)).toThrow('1 problem');
  });

  it('shows all problems at once, in order, with line and caret', () => {
    const error = failure(`version: 1
project: { nme: a }
components:
  docs: { from: /etc, into: docs, exlude: [x] }
  docs: { from: docs, into: docs }
sla: { critical: soon }
`);
    expect(error.code).toBe('config-invalid');
    expect(error.message).toBe('5 problems in sync.config.yaml');
    expect(error.details).toEqual([
      'sync.config.yaml:2:12: unknown key `nme`; did you mean `name`?',
      '  2 | project: { nme: a }',
      '    |            ^^^',
      'sync.config.yaml:4:17: `/etc` must be relative, not absolute',
      '  4 |   docs: { from: /etc, into: docs, exlude: [x] }',
      '    |                 ^^^^',
      'sync.config.yaml:4:35: unknown key `exlude`; did you mean `exclude`?',
      '  4 |   docs: { from: /etc, into: docs, exlude: [x] }',
      '    |                                   ^^^^^^',
      'sync.config.yaml:5:3: duplicate key `docs`: it is already given above',
      '  5 |   docs: { from: docs, into: docs }',
      '    |   ^^^^',
      'sync.config.yaml:6:18: `soon` does not fit: how long a critical change may wait: a number and ms, s, m, h or d, such as 30s',
      '  6 | sla: { critical: soon }',
      '    |                  ^^^^',
    ]);
  });

  it.each([
    ['a missing version', 'project: { name: a }\n', '1:1: missing key `version`'],
    ['an empty file', '', '1:1: must be a map, not nothing'],
    ['a list', '- a\n', '1:1: must be a map, not a list'],
    ['a text for a map', 'version: 1\nproject: a\n', '2:10: must be a map, not `a`'],
    ['a number for a text', 'version: 1\nproject: { name: 1 }\n', '2:18: must be text, not `1`: put it in quotes'],
    ['a text for a choice of shapes', `${head}components: { docs: x }\n`, '3:21: must be a map or a list, not `x`'],
    ['a source without into', `${head}components: { docs: { from: x } }\n`, '3:15: missing key `into`'],
    [
      'a mistyped sources',
      `${head}components: { docs: { source: [{ from: a, into: b }] } }\n`,
      '3:23: unknown key `source`; did you mean `sources`?',
    ],
    [
      'a policy inside a list',
      `${head}components:\n  docs:\n    - { from: a, into: b, on_conflict: keep }\n`,
      '5:27: unknown key `on_conflict`; known here: exclude',
    ],
    [
      'a strategy that there is not',
      `${head}config: [{ from: a, into: b, strategies: { x: merg } }]\n`,
      '3:47: must be keep, merge, replace or three-way, not `merg`; did you mean `merge`?',
    ],
    [
      'an option of a check',
      `${head}suites: { core: [{ uses: links, with: { outsde: fail } }] }\n`,
      '3:41: unknown key `outsde`; did you mean `outside`?',
    ],
    [
      'a check without its options',
      `${head}suites: { core: [{ uses: command }] }\n`,
      '3:18: `command` needs options under `with:`',
    ],
    [
      'a name that is none',
      `${head}suites: { "a b": [] }\n`,
      '3:11: `a b` cannot be a name here: a letter, then letters, digits, dashes and underscores',
    ],
    [
      'a hook that is off by another word',
      `${head}hooks: { pre-push: none }\n`,
      '3:20: must be off or a map, not `none`',
    ],
    [
      'a path that climbs out',
      `${head}components: { docs: { from: [a, b/../../c], into: x } }\n`,
      '3:33: `b/../../c` must not climb out with `..`',
    ],
    [
      'a place that climbs out of a target',
      `${head}components: { docs: { from: a, into: { source: ../x } } }\n`,
      '3:48: `../x` must not climb out with `..`',
    ],
    [
      'an absolute configuration file',
      `${head}config: [{ from: /etc/passwd, into: b }]\n`,
      '3:18: `/etc/passwd` must be relative, not absolute',
    ],
    [
      'an absolute package',
      'version: 1\nproject: { name: a, package: /x }\n',
      '2:30: `/x` must be relative, not absolute',
    ],
    [
      'a local package without a folder',
      'version: 1\nproject: { name: a, from: local }\n',
      '2:27: `from: local` needs `package:`, the folder that pip can install',
    ],
    [
      'a component called package',
      `${head}components: { package: { from: a, into: b } }\n`,
      '3:15: `package` is the component that `project:` describes: give this one another name',
    ],
    [
      'a component called config',
      `${head}components: { config: { from: a, into: b } }\n`,
      '3:15: `config` is the component that the list `config:` describes: give this one another name',
    ],
    [
      'an integration type that there is not',
      `${head}components: { docs: { from: a, into: { site-package: b, source: c } } }\n`,
      '3:40: unknown key `site-package`; did you mean `site-packages`?',
    ],
    [
      'an integration type that there is not, among several sources',
      `${head}components:\n  docs:\n    - { from: a, into: { sorce: b } }\n`,
      '5:26: unknown key `sorce`; did you mean `source`?',
    ],
    [
      'an integration type that there is not, for a configuration file',
      `${head}config: [{ from: a, into: { sites: b } }]\n`,
      '3:29: unknown key `sites`; known here: site-packages, source',
    ],
    [
      'an unknown name in a place',
      `${head}components: { docs: { from: a, into: { site-packages: "\${{ target.pakage_dir }}/docs" } } }\n`,
      '3:67: `target` has no `pakage_dir`; did you mean `package_dir`?',
    ],
    [
      'an unknown name in a place among several sources',
      `${head}components:\n  docs:\n    sources:\n      - { from: a, into: "x/\${{ enviroment.X }}" }\n`,
      '6:33: there is no variable `enviroment`; did you mean `env`?',
    ],
    [
      'a list in a place of a configuration file',
      `${head}config: [{ from: a, into: "\${{ target.labels }}" }]\n`,
      '3:32: it gives a list<string>, where text is needed',
    ],
    [
      'a template that nothing closes',
      `${head}components: { docs: { from: a, into: "\${{ run.id" } }\n`,
      '3:39: `${{` is not closed by `}}`',
    ],
    [
      'an unknown name in an option of a check',
      `${head}suites: { core: [{ uses: command, with: { argv: ["\${{ target.pyton }}"] } }] }\n`,
      '3:62: `target` has no `pyton`; did you mean `python`?',
    ],
    [
      'a component that there is not, in a check',
      `${head}components: { docs: { from: a, into: b } }\nsuites: { docs: [{ uses: complete, with: { components: [doc] } }] }\n`,
      '4:57: there is no component named `doc`; did you mean `docs`?',
    ],
    [
      'an unknown name in a rule of commits',
      `${head}commits:\n  - { if: "type == 'fix' && scop == 'x'", priority: high }\n`,
      '4:29: there is no variable `scop`; did you mean `scope`?',
    ],
    [
      'a rule of commits that is no condition',
      `${head}commits: [{ if: "subject", priority: high }]\n`,
      '3:18: it gives a string, not true or false',
    ],
    [
      'a regular expression in a rule of commits',
      `${head}commits: [{ if: "subject.matches('(a+)+$')", priority: high }]\n`,
      '3:18: `matches` is refused here: a regular expression can run for hours; use startsWith, endsWith or contains',
    ],
    ['a duplicate key', `${head}protect: []\nprotect: []\n`, '4:1: duplicate key `protect`: it is already given above'],
  ])('refuses %s, and says nothing else', (_what, text, message) => {
    expect(messages(text)).toEqual([message]);
  });

  it('refuses a newer version by name, whatever else is in it', () => {
    const error = failure('version: 2\nnew: thing\n');
    expect(error.code).toBe('format-newer');
    expect(error.message).toContain('sync.config.yaml has version 2');
  });

  it('says what is no YAML, no text and no file', () => {
    expect(messages('version: 1\nproject: { name: a\n')[0]).toMatch(/^\d+:\d+: /);
    expect(failure(new Uint8Array([0xff, 0xfe, 0x00])).message).toBe('sync.config.yaml is not UTF-8 text');
    expect(failure(' '.repeat((1 << 19) + 1)).message).toContain('larger than 512 KiB');
    expect(() => at(temporary('config'))).toThrow('sync.config.yaml is not there');
  });

  it.each([
    ['project: { name: a\n\n\n', ['sync.config.yaml:1:19: ', '  1 | project: { name: a', '    |                   ^']],
    ['\n\n[ # open', ['sync.config.yaml:3:9: ', '  3 | [ # open', '    |         ^']],
    ['\n\n', ['sync.config.yaml:1:1: ', '  1 | ', '    | ^']],
    ['', ['sync.config.yaml:1:1: ', '  1 | ', '    | ^']],
  ])('shows the last line that says something for what is wrong at the end: %j', (text, [place = '', ...excerpt]) => {
    const [told, ...shown] = failure(text).details;
    expect(told?.startsWith(place)).toBe(true);
    expect(shown).toEqual(excerpt);
  });

  it('cuts a long line around the caret', () => {
    const filler = (a: string): string => Array.from({ length: 300 }, (_, i) => `${a}${i}`).join(', ');
    const error = failure(`${head}protect: [${filler('a')}, /etc, ${filler('b')}]\n`);
    const [, line = '', caret = ''] = error.details;
    expect(line.length).toBeLessThan(130);
    expect(line.slice(caret.indexOf('^'), caret.lastIndexOf('^') + 1)).toBe('/etc');
  });

  it('does not show passwords that stand on the line', () => {
    const error = failure(
      'version: 1\nproject: { name: a, package: p, index: "https://me:hunter2@example.invalid", api_key: hunter3 }\n',
    );
    expect(JSON.stringify([error.message, error.details])).not.toMatch(/hunter/);
  });

  it.each([
    ['nested lists', `a: ${'['.repeat(100_000)}`],
    ['nested maps', `a: ${'{a: '.repeat(100_000)}`],
    ['nested blocks', '- '.repeat(100_000)],
    ['nested keys', Array.from({ length: 1000 }, (_, depth) => `${' '.repeat(depth)}a:\n`).join('')],
    [
      'an alias bomb',
      `a0: &a0 [x, x]\n${Array.from({ length: 40 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]\n`).join('')}`,
    ],
    ['an alias inside its anchor', 'a: &a [*a]\n'],
    ['thousands of bad paths', `${head}protect: [${Array.from({ length: 3_000 }, (_, i) => `/${i}`)}]`],
    ['sixty thousand keys', Array.from({ length: 60_000 }, (_, i) => `k${i}:\n`).join('')],
    ['thousands of bad expressions', `${head}commits:\n${'  - { if: "scop", priority: high }\n'.repeat(4_000)}`],
    ['custom tags', `${head}a: !!python/object:os.system x\nb: !ruby/object y\n`],
    ['thousands of unknown keys', Array.from({ length: 3_000 }, (_, i) => `k${i}: 1\n`).join('')],
    ['thousands of duplicate keys', 'k: 1\n'.repeat(3_000)],
  ])('ends at once, and clearly, on %s', (what, text) => {
    // Milliseconds of the processor, whatever else runs: nesting must end in a blink; what is wide is read as far as the limits.
    const most = what.startsWith('nested') ? 1000 : 5000;
    const start = process.cpuUsage();
    const error = failure(text);
    expect(error.code).toBe('config-invalid');
    expect(error.details[0]).toMatch(/^sync\.config\.yaml:\d+:\d+: /);
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(most);
  });
});
