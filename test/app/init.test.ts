import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { clackPrompts } from '../../src/adapters/prompts.ts';
import { surveyFiles } from '../../src/app/init/survey.ts';
import { runCommand } from '../../src/cli/program.ts';
import { LockstepError } from '../../src/domain/errors.ts';
import type { Prompts } from '../../src/ports.ts';
import { fleet, makeFleetTarget } from '../fixtures/fleet.ts';
import { machineWorld } from '../fixtures/machine-ports.ts';
import { commit, initRepo, put, temporary, text } from '../fixtures/sandbox.ts';
import { treeHash } from '../fixtures/tree-hash.ts';

const written = [
  'schemas/sync.config.schema.json',
  'schemas/pipeline.schema.json',
  'pipelines/site-packages.yaml',
  'pipelines/source.yaml',
  'sync.config.yaml',
];

interface Answer {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const lockstep = async (dir: string, words: readonly string[], prompts?: Prompts): Promise<Answer> => {
  const out: string[] = [];
  const err: string[] = [];
  const world = machineWorld(dir, { out: (line) => void out.push(line), err: (line) => void err.push(line) });
  const terminal = prompts === undefined ? world.terminal : { ...world.terminal, prompts };
  // There also where nothing was built: hooks whose program is gone are not in place.
  const launcher = { node: process.execPath, main: process.execPath };
  const code = await runCommand({ ...world, terminal, launcher }, words);
  return { code, out: out.join('\n'), err: err.join('\n') };
};

/** A project with a package, documents and a configuration file, and beside it a folder with a Python and one without. */
const project = (): string => {
  const dir = temporary('init');
  const root = initRepo(join(dir, 'main'));
  put(root, {
    'pyproject.toml': '[project]\nname = "my-tool"\n',
    'src/my_tool/__init__.py': '',
    'tests/__init__.py': '',
    'docs/guide.md': '# Guide\n',
    'my plans/p.md': 'p\n',
    'config/my-tool.toml': 'a = 1\n',
  });
  commit(root, 'feat: first');
  makeFleetTarget(join(dir, 'app'));
  put(dir, { 'other/README.md': '' });
  return root;
};

describe('what is found', () => {
  const found = (files: Readonly<Record<string, string>>) =>
    surveyFiles(Object.keys(files), { read: (path) => files[path] ?? '', fallback: 'here' });

  it.each([
    [
      'a package below src, named otherwise than its module',
      { 'src/x/pyproject.toml': '[project]\nname = "x-ai"', 'src/x/src/x/__init__.py': '' },
      { folder: 'src/x', name: 'x-ai', module: 'x' },
    ],
    [
      'poetry',
      { 'pyproject.toml': '[tool.poetry]\nname = "My.Tool"', 'my_tool/__init__.py': '', 'a/__init__.py': '' },
      { folder: '.', name: 'My.Tool', module: 'my_tool' },
    ],
    ['setup.py', { 'setup.py': 'setup(name="old-tool")' }, { folder: '.', name: 'old-tool', module: 'old_tool' }],
    [
      'setup.cfg beside a pyproject that only says what builds it',
      { 'pyproject.toml': '[build-system]\nrequires = []', 'setup.cfg': '[metadata]\nname = cfg-tool\n' },
      { folder: '.', name: 'cfg-tool', module: 'cfg_tool' },
    ],
    [
      'a pyproject that cannot be read',
      { 'lib/pyproject.toml': '[project' },
      { folder: 'lib', name: 'lib', module: 'lib' },
    ],
  ])('%s', (_what, files, expected) => {
    expect(found(files as Record<string, string>).packages).toEqual([expected]);
  });

  it('takes tools, tests and examples for no package, and code for no documents', () => {
    const files = {
      'pyproject.toml': '[tool.ruff]\nline-length = 100',
      'tests/fixtures/a/pyproject.toml': '[project]\nname = "a"',
      'docs/conf.py': '',
      'RAG/a.md': '',
      'config/deep/a.toml': '',
      'conf/a.toml': '',
    };
    expect(found(files)).toEqual({ packages: [], docs: ['RAG'], config: ['conf/a.toml'] });
  });

  it('takes a TOML file at the root for configuration when it is called so, or like the package', () => {
    const files = {
      'pyproject.toml': '[project]\nname = "My.Tool"',
      'my_tool/__init__.py': '',
      'settings.toml': '',
      'my-tool.toml': '',
      'ruff.toml': '',
      'poetry.toml': '',
      'a/settings.toml': '',
    };
    expect(found(files).config).toEqual(['my-tool.toml', 'settings.toml']);
  });
});

describe('init', () => {
  it('writes what is missing, right as it stands; a second one writes nothing, and nothing over an edited file', async () => {
    const root = project();
    const first = await lockstep(root, ['init', '--yes', '--json']);
    expect(JSON.parse(first.out)).toMatchObject({
      kind: 'init',
      found: {
        packages: [{ folder: '.', name: 'my-tool', module: 'my_tool' }],
        docs: ['docs'],
        config: ['config/my-tool.toml'],
        targets: ['../app'],
      },
      written,
      kept: [],
      targets: [],
    });
    expect(first.code).toBe(0);
    expect(text(root, 'sync.config.yaml')).toMatch(/^# yaml-language-server: \$schema=\.\/schemas\/sync\.config/);
    for (const name of ['site-packages', 'source'])
      expect(text(root, `pipelines/${name}.yaml`)).toMatch(/^# yaml-language-server: \$schema=\.\.\/schemas\/pipeline/);
    expect(existsSync(join(root, '.git/hooks/pre-push'))).toBe(true);
    commit(root, 'chore: lockstep');
    expect(await lockstep(root, ['validate'])).toMatchObject({ code: 0, out: expect.not.stringContaining('!') });

    put(root, { 'pipelines/source.yaml': `${text(root, 'pipelines/source.yaml')}# mine\n` });
    const before = treeHash(root);
    const second = await lockstep(root, ['init', '--yes']);
    expect(second.code).toBe(0);
    expect(second.out).toContain('nothing is missing: nothing to write');
    expect(treeHash(root)).toBe(before);

    put(root, { 'schemas/pipeline.schema.json': null });
    expect(JSON.parse((await lockstep(root, ['init', '--yes', '--json'])).out)).toMatchObject({
      written: ['schemas/pipeline.schema.json'],
    });
    expect(treeHash(root)).toBe(before);
  });

  it('shows with --dry-run all that it would write, and writes nothing', async () => {
    const root = project();
    const before = treeHash(root);
    const { code, out } = await lockstep(root, ['init', '--yes', '--dry-run']);
    expect(code).toBe(0);
    for (const path of written) expect(out).toContain(`would write ${path}`);
    expect(out).toContain('  - { from: config/my-tool.toml, into: my-tool.toml }');
    expect(out).toContain('would write .git/hooks/pre-push');
    expect(treeHash(root)).toBe(before);
  });

  it('asks nobody where nobody sits: that is a wrong word, and nothing is written', async () => {
    const root = project();
    const before = treeHash(root);
    const { code, err } = await lockstep(root, ['init']);
    expect(code).toBe(2);
    expect(err).toContain('nobody can be asked here, and --package was not given');
    expect(err).toContain('lockstep init --yes');
    expect(treeHash(root)).toBe(before);
    expect((await lockstep(temporary('init'), ['init', '--yes'])).code).toBe(2);
  });

  it('has an option for every question; names that YAML would read otherwise stay what they are', async () => {
    const root = project();
    const flags = ['--package', '.', '--name', 'on', '--import', 'my_tool', '--docs', 'my plans', '--no-hooks'];
    const more = ['--config', 'config/my-tool.toml', '--target', '../app', '--target', '../nowhere'];
    const { code, out } = await lockstep(root, ['init', '--json', ...flags, ...more]);
    expect(JSON.parse(out)).toMatchObject({
      hooks: { wanted: false, written: [] },
      targets: [{ target: 'app', error: null }, { target: 'nowhere' }],
    });
    expect(code).toBe(4);
    expect(text(root, 'sync.config.yaml')).toMatch(/^ {2}name: "on" +# as pip knows it$/m);
    expect(text(root, 'sync.config.yaml')).toMatch(/^# hooks:$/m);
    expect(existsSync(join(root, '.git/hooks/pre-push'))).toBe(false);
    commit(root, 'chore: lockstep');
    expect(await lockstep(root, ['validate'])).toMatchObject({ code: 0 });
    expect((await lockstep(root, ['target', 'list'])).out).toContain('app');
  });

  it('refuses answers that make no configuration, before anything is written', async () => {
    const root = project();
    const before = treeHash(root);
    const wrong = [
      [['--name', ''], 'these answers make no configuration'],
      [['--package', 'docs'], 'docs holds no package'],
      [['--docs', '../app'], '../app is not in the project'],
      [['--config', 'config/none.toml'], 'config/none.toml is not in the project'],
    ] as const;
    for (const [words, said] of wrong) {
      const { code, err } = await lockstep(root, ['init', '--yes', ...words]);
      expect(code, said).toBe(2);
      expect(err).toContain(said);
    }
    expect(treeHash(root)).toBe(before);
  });

  it('of a project of documents alone makes one that is right too', async () => {
    const root = initRepo(join(temporary('init'), '2 words'));
    put(root, { 'docs/a.md': '# A\n' });
    expect((await lockstep(root, ['init', '--yes', '--no-hooks', '--name', 'words'])).code).toBe(0);
    expect(text(root, 'sync.config.yaml')).toContain('  docs: { from: docs, into: docs/words }');
    commit(root, 'docs: first');
    expect(await lockstep(root, ['validate'])).toMatchObject({ code: 0, out: expect.not.stringContaining('!') });
  });

  it('asks nothing the second time where nothing is missing', async () => {
    const { root } = fleet();
    const first = await lockstep(root, ['init', '--hooks']);
    expect(first).toMatchObject({ code: 0, out: expect.stringContaining('kept sync.config.yaml') });
    expect(await lockstep(root, ['init'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('nothing is missing'),
    });
  });

  it("offers as targets what has a Python, also in what git ignores; not the project's own environment", async () => {
    const root = project();
    put(root, {
      '.gitignore': 'for_testing/\n.venv/\nnode_modules/\n',
      '.venv/pyvenv.cfg': 'version = 3.11.2\n',
      'for_testing/as_dependency/portable/python_embeded/python.exe': '',
      'node_modules/a/venv/pyvenv.cfg': '',
    });
    const { out } = await lockstep(root, ['init', '--yes', '--dry-run', '--json']);
    expect(JSON.parse(out)).toMatchObject({ found: { targets: ['../app', 'for_testing/as_dependency/portable'] } });
  });

  it('asks a person what was not typed, with what was found to begin with', async () => {
    const root = project();
    const asked: string[] = [];
    const prompts: Prompts = {
      text: async ({ message, initial }) => {
        asked.push(`${message}: ${initial}`);
        return initial;
      },
      choose: async ({ message, options }) => {
        asked.push(`${message}: ${options.join(' ')}`);
        return options;
      },
      confirm: async ({ message }) => {
        asked.push(message);
        return false;
      },
    };
    const { code } = await lockstep(root, ['init', '--import', 'my_tool'], prompts);
    expect(code).toBe(0);
    expect(asked).toEqual([
      'Folder of the package (empty: it comes from an index): .',
      'Name of the package, as pip knows it: my-tool',
      'Folders of documents to bring along: docs',
      'Configuration files to merge key by key: config/my-tool.toml',
      'Targets to register: ../app',
      'Install the git hooks?',
    ]);
    expect(text(root, '.git/lockstep/registry.json')).toContain('"../app"');
  });

  it('writes nothing when the person ends the asking, and says so by its exit code', async () => {
    const root = project();
    const before = treeHash(root);
    const input = new PassThrough();
    const output = new PassThrough();
    output.resume();
    // Ctrl-C at the last question.
    const real = clackPrompts({ input, output, signal: new AbortController().signal });
    const prompts: Prompts = {
      text: async ({ initial }) => initial,
      choose: async ({ initial }) => initial,
      confirm: (question) => {
        const answer = real.confirm(question);
        setTimeout(() => input.write('\u0003'), 50);
        return answer;
      },
    };
    expect((await lockstep(root, ['init'], prompts)).code).toBe(130);
    expect(treeHash(root)).toBe(before);
  });
});

it('what is typed at a prompt is the answer', async () => {
  const input = new PassThrough();
  const output = new PassThrough();
  output.resume();
  const prompts = clackPrompts({ input, output, signal: new AbortController().signal });
  const typing = (keys: string) => setTimeout(() => input.write(keys), 50);
  typing('\r');
  expect(await prompts.text({ message: 'name', initial: 'my-tool' })).toBe('my-tool');
  typing('\r');
  expect(await prompts.choose({ message: 'docs', options: ['a', 'b'], initial: ['b'] })).toEqual(['b']);
  typing('\u0003');
  await expect(prompts.text({ message: 'name', initial: '' })).rejects.toBeInstanceOf(LockstepError);
});
