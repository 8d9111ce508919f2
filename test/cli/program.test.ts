import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { buildProgram, runCommand } from '../../src/cli/program.ts';
import type { World } from '../../src/cli/world.ts';
import { machineWorld } from '../fixtures/machine-ports.ts';
import { commit, put, sampleMain, temporary, text } from '../fixtures/sandbox.ts';

interface Answer {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const worldIn = (cwd: string, out: string[], err: string[]): World =>
  machineWorld(cwd, { out: (line) => void out.push(line), err: (line) => void err.push(line) });

const lockstep = async (cwd: string, ...argv: string[]): Promise<Answer> => {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runCommand(worldIn(cwd, out, err), argv);
  return { code, out: out.join('\n'), err: err.join('\n') };
};

/** The words that lead to every command that does something. */
const leaves = (command: Command, path: readonly string[] = []): (readonly string[])[] =>
  command.commands.length === 0 ? [path] : command.commands.flatMap((child) => leaves(child, [...path, child.name()]));

const paths = leaves(buildProgram(worldIn('/', [], []), () => {}));

describe('help', () => {
  test.each(paths.map((path) => [path.join(' ')]))('%s explains itself with an example', async (path) => {
    const { code, out, err } = await lockstep('/', ...path.split(' '), '--help');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(new RegExp(`Examples?:\\n {2}\\$ lockstep ${path}`));
    expect(out).toContain('--json');
    expect(out).toContain('-C <dir>');
  });

  test('knows every command of the reference', () => {
    const all = paths.map((path) => path.join(' '));
    for (const name of ['detect', 'checklist', 'run', 'verify', 'rollback', 'status', 'docs', 'plans', 'recover'])
      expect(all).toContain(`sync ${name}`);
    for (const name of 'list show add remove update backup backups restore rollback verify tag'.split(' '))
      expect(all).toContain(`target ${name}`);
    expect(all).toEqual(expect.arrayContaining(['config diff', 'config sync', 'validate', 'hook']));
  });

  test.each([
    ['nonsense --help', "unknown command 'nonsense'", '--help'],
    ['snyc --help', "unknown command 'snyc'", 'did you mean sync?'],
    ['-C / --json sync rnu -h', "unknown command 'rnu'", 'did you mean sync run?'],
  ])('%s is no help of something else', async (words, problem, hint) => {
    const { code, out, err } = await lockstep('/', ...words.split(' '));
    expect(code).toBe(2);
    expect(out + err).toContain(problem);
    expect(out + err).toContain(hint);
    expect(out + err).not.toContain('Commands:');
  });

  test('a group without a command shows its help and exits 2', async () => {
    const { code, err } = await lockstep('/', 'target');
    expect(code).toBe(2);
    expect(err).toContain('Usage: lockstep target');
  });

  test('--version and -V print the version', async () => {
    expect(await lockstep('/', '--version')).toEqual({ code: 0, out: '9.8.7', err: '' });
    expect((await lockstep('/', '-V')).out).toBe('9.8.7');
  });
});

describe('usage errors', () => {
  test.each([
    ['a mistyped command of a group', ['sync', 'stauts'], 'did you mean sync status?'],
    ['a mistyped group', ['snyc'], 'did you mean sync?'],
    ['a command named without its group', ['stauts'], 'did you mean sync status?'],
    ['a mistyped option', ['sync', 'detect', '--sinc', 'x'], 'did you mean --since?'],
    ['a missing argument', ['target', 'show'], "missing required argument 'target'"],
    ['a missing option', ['target', 'add', 'app'], '--path <folder>'],
    ['one argument too many', ['target', 'list', 'app'], 'too many arguments'],
    ['some and all at once', ['target', 'tag', 'app', '--all'], 'both app and --all were given'],
    ['nothing to tag', ['target', 'tag'], 'no target is named'],
    ['no suite', ['sync', 'verify', '--all-targets', '--tests', ','], '--tests names nothing'],
    ['nothing to change', ['target', 'update', 'app'], 'nothing to change of app'],
  ])('%s exits 2 and says what to type', async (_, argv, said) => {
    const { code, out, err } = await lockstep('/', ...argv);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(said);
    expect(err.split('\n').some((line) => line.startsWith('next'))).toBe(true);
  });

  test('with --json the error is one object on stdout', async () => {
    const { code, out, err } = await lockstep('/', 'sync', 'stauts', '--json');
    expect({ code, err }).toEqual({ code: 2, err: '' });
    expect(JSON.parse(out)).toMatchObject({ kind: 'error', code: 'usage', hint: 'did you mean sync status?' });
  });
});

describe('in a main project', () => {
  test('-C and --json count before the command, after its group and after it', async () => {
    const main = sampleMain(join(temporary(), 'main'));
    for (const argv of [
      ['-C', main, '--json', 'target', 'list'],
      ['target', '-C', main, '--json', 'list'],
      ['target', 'list', '-C', main, '--json'],
      ['-C', '/nowhere', 'target', 'list', '-C', main, '--json'],
    ]) {
      const { code, out } = await lockstep('/', ...argv);
      expect({ code, answer: JSON.parse(out) }).toEqual({ code: 0, answer: { kind: 'targets', targets: [] } });
    }
  });

  test('outside of one, says so and exits 2', async () => {
    const { code, err } = await lockstep(temporary(), 'sync', 'status');
    expect(code).toBe(2);
    expect(err).toContain('lies in no git repository');
  });

  test('a run needs a target; all of none is no failure', async () => {
    const main = sampleMain(join(temporary(), 'main'));
    const named = await lockstep(main, 'sync', 'run');
    expect(named.code).toBe(2);
    expect(named.err).toContain('none is registered yet');
    const all = await lockstep(main, 'sync', 'run', '--all-targets');
    expect(all.code).toBe(0);
    expect(all.out).toContain('nothing to sync');
    expect((await lockstep(main, 'sync', 'run', '--target', 'gone')).code).toBe(2);
  });

  test('detect lists categories, and exits 3 only when it is asked to', async () => {
    const main = sampleMain(join(temporary(), 'main'));
    put(main, { 'docs/new.md': '# new\n' });
    commit(main, 'docs: add a page');
    const found = await lockstep(main, 'sync', 'detect', '--since', 'v1.2.0');
    expect(found.code).toBe(0);
    expect(found.out).toMatch(/^docs {2}medium {2}1 file/m);
    expect(found.out).toContain('added: docs/new.md');
    expect(found.out).toContain('docs: add a page');
    expect((await lockstep(main, 'sync', 'detect', '--since', 'v1.2.0', '--exit-code')).code).toBe(3);
    const none = await lockstep(main, 'sync', 'detect', '--since', 'HEAD', '--exit-code');
    expect(none.code).toBe(0);
    expect(none.out.split('\n')).toHaveLength(1);
    const wrong = await lockstep(main, 'sync', 'detect', '--since', 'v1.2.O');
    expect(wrong.code).toBe(2);
    expect(wrong.err).toContain('did you mean v1.2.0?');
  });

  test("a subcommand's --version is its own, not the program's", async () => {
    const main = sampleMain(join(temporary(), 'main'));
    const { code, err } = await lockstep(main, 'target', 'tag', 'gone', '--version', 'v1');
    expect(code).toBe(2);
    expect(err).toContain('there is no target named gone');
  });

  test('validate tells every problem with its place and exits 2', async () => {
    const main = sampleMain(join(temporary(), 'main'));
    expect((await lockstep(main, 'validate')).code).toBe(0);
    put(main, { 'pipelines/odd.pipeline.yaml': 'nonsense: [\n' });
    const { code, out } = await lockstep(main, 'validate', '--json');
    const answer = JSON.parse(out) as { readonly valid: boolean; readonly problems: readonly string[] };
    expect({ code, valid: answer.valid }).toEqual({ code: 2, valid: false });
    expect(answer.problems.join('\n')).toContain('pipelines/odd');
  });

  test('a category that is no component is a usage error', async () => {
    const main = sampleMain(join(temporary(), 'main'));
    const { code, err } = await lockstep(main, 'sync', 'docs', 'app', '--categories', 'plans,dosc');
    expect(code).toBe(2);
    expect(err).toContain('did you mean docs?');
  });
});

describe('with a target', () => {
  test('registers, syncs documents, tags, rolls back and removes it, word for word as the reference writes it', async () => {
    const root = temporary();
    const main = sampleMain(join(root, 'main'));
    // Documents need no pip, and a venv without it is made in a tenth of the time.
    execFileSync('python3', ['-m', 'venv', '--without-pip', join(root, 'app', '.venv')]);
    const ok = async (...argv: string[]): Promise<string> => {
      const { code, out, err } = await lockstep(main, ...argv);
      expect({ argv, code, err }).toEqual({ argv, code: 0, err: '' });
      return out;
    };
    const json = async (...argv: string[]) => JSON.parse(await ok(...argv, '--json')) as Record<string, unknown>;
    await ok('trust', '--yes');
    expect(await ok('target', 'add', 'app', '--path', '../app', '--type', 'source')).toMatch(
      /no clone of main was found for it\nnext {2}lockstep target update app --checkout <folder>$/,
    );
    await ok('target', 'remove', 'app');
    await ok('target', 'add', 'app', '--path', '../app');
    expect(await ok('target', 'list')).toMatch(/^- \.\.\/app {2}app {2}site-packages {2}needs sync$/);

    const early = await lockstep(main, 'target', 'tag', 'app', '--version', 'v9');
    expect(early.code).toBe(5);
    expect(early.out).toContain('nothing was synced to it yet');

    await ok('sync', 'docs', 'app', '--categories', 'plans,docs,rag', '--dry-run');
    expect((await json('target', 'backups', 'app')).backups).toEqual([]);
    await ok('sync', 'docs', 'app', '--categories', 'plans,docs,rag');

    const receipt = () => {
      const folder = join(root, 'app/.lockstep/receipts');
      return JSON.parse(text(folder, readdirSync(folder)[0] ?? '')) as { readonly version: string | null };
    };
    await ok('target', 'tag', 'app', '--version', 'v9');
    expect(receipt().version).toBe('v9');
    expect((await json('target', 'list')).targets).toMatchObject([{ name: 'app', sync_version: 'v9' }]);
    await ok('target', 'tag', '--all');
    expect(receipt().version).toBe('v1.2.0');
    expect(await ok('target', 'tag', 'app')).toBe('app is tagged v1.2.0 already');

    expect((await json('config', 'diff', 'app')).files).toMatchObject([{ action: 'copy' }]);
    await ok('config', 'sync', 'app', '--merge');
    expect((await json('config', 'diff', 'app')).files).toMatchObject([{ action: 'none' }]);

    await ok('target', 'backup', 'app');
    put(main, { 'docs/new.md': '# new\n' });
    commit(main, 'docs: add a page');
    expect(await ok('sync', 'docs', 'app', '--complete')).toContain('+1 ~0 -0');
    expect(await ok('target', 'rollback', 'app', '--component', 'docs')).toContain('+0 ~0 -1');
    expect((await json('sync', 'status', '--target', 'app')).targets).toMatchObject([{ target: 'app' }]);
    await ok('target', 'show', 'app');
    await ok('target', 'update', 'app', '--status', 'needs_sync');
    await ok('sync', 'recover');
    await ok('target', 'remove', 'app');
    expect((await json('target', 'list')).targets).toEqual([]);
  });
});

test('a name in main can neither hide a line nor pose as one', async () => {
  const main = sampleMain(join(temporary(), 'main'));
  put(main, { 'docs/a\n  unchanged: b\u001b[2J.md': 'x' });
  commit(main, 'docs: \u001b[8mhidden');
  const { code, out } = await lockstep(main, 'sync', 'detect', '--since', 'HEAD~1');
  expect(code).toBe(0);
  expect(out.split('\n')).toContain('    added: docs/a\\n  unchanged: b\\u001b[2J.md');
  expect(out).not.toContain('\u001b');
});
