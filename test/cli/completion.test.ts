import { mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import fse from 'fs-extra';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { liveNames } from '../../src/app/live-names.ts';
import { commandsOf, optionsOf, whatIsAsked } from '../../src/cli/completion/asked.ts';
import { candidatesFor } from '../../src/cli/completion/candidates.ts';
import { meaningOfArgument, meaningOfOption } from '../../src/cli/completion/meanings.ts';
import { shells } from '../../src/cli/completion/shells/index.ts';
import { buildProgram, runCommand } from '../../src/cli/program.ts';
import { machinePorts, machineWorld } from '../fixtures/machine-ports.ts';
import { commit, git, initRepo, put, temporary } from '../fixtures/sandbox.ts';

const program = buildProgram(machineWorld('/', { out: () => {}, err: () => {} }), () => {});

interface Found {
  readonly path: string;
  readonly command: Command;
}

const all = (command: Command = program, path = ''): readonly Found[] => [
  { path, command },
  ...command.commands.flatMap((child) => all(child, path === '' ? child.name() : `${path} ${child.name()}`)),
];

const nobody = async () => ({ names: async () => [], statuses: () => [] });
const wordsFor = async (words: readonly string[], look: Parameters<typeof candidatesFor>[2] = nobody) =>
  (await candidatesFor(program, words, look)).words.map(({ word }) => word);
const typed = (path: string): readonly string[] => (path === '' ? [] : path.split(' '));

describe.each(
  all().map(({ path, command }) => [path === '' ? 'lockstep' : path, path, command] as const),
)('%s', (_, path, command) => {
  it('has all its options and commands offered, each with what it does', async () => {
    const { words } = await candidatesFor(program, [...typed(path), '-'], nobody);
    const offered = new Set(words.map(({ word }) => word));
    for (const { long, short, hidden } of command.options.filter((option) => !option.hidden)) {
      if (long) expect(offered, `${path} ${long}`).toContain(long);
      if (short) expect(offered, `${path} ${short} ${hidden}`).toContain(short);
    }
    expect(offered).toContain('--help');
    expect(words.filter(({ says }) => says === '')).toEqual([]);
    if (command.commands.length > 0)
      expect(await wordsFor([...typed(path), ''])).toEqual(commandsOf(command).map((one) => one.name()));
  });

  it('says of every value what it names', () => {
    for (const option of optionsOf(command).filter(({ required, optional }) => required || optional))
      expect(meaningOfOption(path, option), `${path} ${option.flags}`).toBeDefined();
    for (const argument of command.registeredArguments.filter(() => !path.startsWith('__')))
      expect(meaningOfArgument(path, argument), `${path} <${argument.name()}>`).toBeDefined();
  });
});

describe('what a line asks for', () => {
  const asked = (...words: string[]) => {
    const { asks, path, current, before } = whatIsAsked(program, words);
    const of = asks.kind === 'value' ? asks.option.long : asks.kind === 'argument' ? asks.argument.name() : '';
    return [path, asks.kind, of, before, current];
  };

  test.each([
    [
      ['sync', 'run', '--target', ''],
      ['sync run', 'value', '--target', '', ''],
    ],
    [
      ['sync', 'run', '--target', 'a', ''],
      ['sync run', 'value', '--target', '', ''],
    ],
    [
      ['sync', 'run', '--target=a'],
      ['sync run', 'value', '--target', '--target=', 'a'],
    ],
    [
      ['sync', 'run', '--target', '=', 'a'],
      ['sync run', 'value', '--target', '', 'a'],
    ],
    [
      ['sync', 'run', '--target', '='],
      ['sync run', 'value', '--target', '', ''],
    ],
    [
      ['sync', 'run', '--target', '=', 'a', 'b'],
      ['sync run', 'argument', 'targets', '', 'b'],
    ],
    [
      ['target', 'restore', 'app', '--backup', 'x'],
      ['target restore', 'value', '--backup', '', 'x'],
    ],
    [
      ['target', 'show', ''],
      ['target show', 'argument', 'target', '', ''],
    ],
    [
      ['target', 'show', 'app', ''],
      ['target show', 'options', '', '', ''],
    ],
    [
      ['sync', 'run', '--', '-'],
      ['sync run', 'argument', 'targets', '', '-'],
    ],
    [
      ['-C', '/x', 'sync', ''],
      ['sync', 'commands', '', '', ''],
    ],
    [
      ['nonsense', ''],
      ['', 'options', '', '', ''],
    ],
    [[], ['', 'commands', '', '', '']],
  ] as const)('%j', (words, expected) => expect(asked(...words)).toEqual(expected));
});

describe('live names', () => {
  let root = '';
  const look = async () => liveNames(machinePorts(), root);
  const backups = ['app-20261123T031530Z-4f2a', 'app-20261124T031530Z-11aa'];

  const made: string[] = [];
  afterAll(() => {
    for (const dir of made) fse.removeSync(dir);
  });
  beforeAll(() => {
    const dir = realpathSync(mkdtempSync(join(tmpdir(), 'lockstep-names-')));
    made.push(dir);
    root = initRepo(join(dir, 'main'));
    put(root, {
      'sync.config.yaml':
        'version: 1\nproject: { name: words }\ncomponents:\n  docs: { from: docs, into: docs }\n  rag: { from: RAG, into: RAG }\nsuites:\n  smoke: []\n',
      'pipelines/team.yaml':
        'name: team\nextends: site-packages\nsteps:\n  - { before: verify, id: nodes, run: [make] }\n',
      'pipelines/broken.yaml': 'name: [\n',
    });
    commit(root, 'feat: first');
    git(root, 'tag', 'v1.0.0');
    const state = '.git/lockstep';
    put(root, {
      [`${state}/registry.json`]: JSON.stringify({
        targets: [
          {
            name: 'app',
            path: '../app',
            type: 'source',
            status: 'needs_sync',
            sync_version: 'v1.0.0',
            last_sync: null,
          },
          { name: 'my web', path: '../web', type: 'source', status: 'unknown' },
        ],
      }),
      [`${state}/runs/20261123T031530Z-4f2a/run.json`]: '{}',
      [`${state}/runs/20261124T031530Z-11aa/run.json`]: '{}',
      [`${state}/runs/log.ndjson`]: '',
      [`${state}/store/backups/app/${backups[0]}.json`]: '{}',
      [`${state}/store/backups/app/${backups[1]}.json`]: '{}',
      [`${state}/store/backups/web/web-20261124T031530Z-22bb.json`]: '{}',
    });
  });

  test.each([
    ['targets', ['sync', 'run', '--target', ''], ['app', 'my web']],
    ['targets that are not named yet', ['target', 'backup', 'app', ''], ['my web']],
    ['runs, the newest first', ['sync', 'show', ''], ['last', '20261124T031530Z-11aa', '20261123T031530Z-4f2a']],
    ['backups of the target', ['target', 'restore', 'app', '--backup', ''], [...backups].reverse()],
    ['backups by their beginning', ['target', 'restore', 'app', '--backup', 'app-20261123'], [backups[0]]],
    ['components', ['sync', 'rollback', '--target', 'app', '--component', 'd'], ['docs']],
    ['more components', ['sync', 'docs', 'app', '--categories', 'docs,r'], ['docs,rag']],
    ['suites', ['target', 'verify', 'app', '--tests=s'], ['--tests=smoke']],
    ['steps, of broken pipelines none', ['sync', 'run', '--only', 'no'], ['nodes']],
    ['pipelines and targets', ['pipeline', 'show', ''], ['broken', 'site-packages', 'source', 'team', 'app', 'my web']],
    ['types', ['target', 'add', 'x', '--type', 'so'], ['source']],
    ['statuses', ['target', 'update', 'app', '--status', 'roll'], ['rolled_back']],
    ['revisions', ['sync', 'detect', '--since', 'v'], ['v1.0.0']],
    ['commands below', ['help', 'sync', 'rol'], ['rollback']],
    ['shells', ['completion', ''], ['bash', 'zsh', 'fish']],
  ] as const)('%s', async (_, words, expected) => expect(await wordsFor(words, look)).toEqual(expected));

  it('says how a target stands', async () => {
    const { words } = await candidatesFor(program, ['target', 'show', 'a'], look);
    expect(words).toEqual([{ word: 'app', says: 'needs_sync v1.0.0' }]);
  });

  it('are those of a linked worktree, of a folder below, and of a state that is elsewhere', async () => {
    const tree = join(root, '..', 'tree');
    git(root, 'worktree', 'add', '-q', '--detach', tree);
    put(root, { 'deep/er/x': '' });
    const names = (dir: string) => liveNames(machinePorts(), dir).names('target', { target: undefined });
    for (const dir of [tree, join(root, 'deep/er')])
      expect((await names(dir)).map(({ name }) => name)).toEqual(['app', 'my web']);
    put(root, { '../elsewhere/registry.json': '{"targets":[{"name":"far"}]}' });
    put(tree, { 'sync.config.yaml': 'version: 1\nproject: { name: words }\nstate: ../elsewhere\n' });
    expect((await names(tree)).map(({ name }) => name)).toEqual(['far']);
  });

  it('are none where nothing can be read, and never an error', async () => {
    const dir = temporary('completion');
    put(dir, { '.git/lockstep/registry.json': '{', 'sync.config.yaml': ': [' });
    for (const thing of ['target', 'run', 'backup', 'revision'] as const)
      expect(await liveNames(machinePorts(), dir).names(thing, { target: undefined }), thing).toEqual([]);
    expect(await liveNames(machinePorts(), '/').names('target', { target: undefined })).toEqual([]);
  });
});

describe('the commands', () => {
  const lockstep = async (...argv: string[]) => {
    const out: string[] = [];
    const err: string[] = [];
    const world = machineWorld('/', { out: (line) => void out.push(line), err: (line) => void err.push(line) });
    return { code: await runCommand(world, argv), out: out.join('\n'), err: err.join('\n') };
  };

  test.each(
    shells.map(({ name }) => [name]),
  )('completion %s prints a script that calls this Lockstep', async (name) => {
    const { code, out } = await lockstep('completion', name);
    expect(code).toBe(0);
    expect(out).toContain('__complete --');
    expect(JSON.parse((await lockstep('completion', name, '--json')).out)).toMatchObject({
      kind: 'completion',
      shell: name,
    });
  });

  it('a shell that is mistyped is met with the nearest one', async () => {
    expect(await lockstep('completion', 'bsh')).toMatchObject({
      code: 2,
      err: expect.stringContaining('did you mean bash?'),
    });
  });

  it('__complete answers options after --, and is in no help', async () => {
    expect((await lockstep('__complete', '--', 'sync', 'detect', '--sin')).out).toMatch(
      /^words\n--since\tany revision/,
    );
    expect((await lockstep('--help')).out).not.toContain('__complete');
    expect(await wordsFor(['__'])).toEqual([]);
  });
});
