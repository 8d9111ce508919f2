import { mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fse from 'fs-extra';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand } from '../../src/cli/program.ts';
import { type DocumentStory, documentStory } from '../fixtures/document-story.ts';
import { machineWorld } from '../fixtures/machine-ports.ts';
import { initRepo, put, text } from '../fixtures/sandbox.ts';
import { treeHash } from '../fixtures/tree-hash.ts';
import { type Answer, lockstep as builtCommand, lastObject, objects } from './command.ts';

let story: DocumentStory;
beforeAll(() => {
  story = documentStory(realpathSync(mkdtempSync(join(tmpdir(), 'lockstep-wrong-'))));
  fse.ensureDirSync(join(story.top, 'empty'));
  initRepo(join(story.top, 'plain'));
});
afterAll(() => fse.removeSync(story.top));

/** The command in this process: a hundred starts of Node would show nothing more. */
const lockstep = async (cwd: string, ...words: readonly string[]): Promise<Answer> => {
  const lines = { out: '', err: '' };
  const exit = await runCommand(
    machineWorld(cwd, {
      out: (line) => {
        lines.out += `${line}\n`;
      },
      err: (line) => {
        lines.err += `${line}\n`;
      },
    }),
    words,
  );
  return { exit, ...lines };
};

interface Refused {
  /** What stands under `error`. */
  readonly says: string;
  /** What stands after `next`. */
  readonly next: string;
}

/** Says what is wrong and what to type, on standard error and as one object, exits 2 both times, and writes nothing at all. */
const refuses = async (
  dir: string,
  words: readonly string[],
  { says, next }: Refused,
  run: (dir: string, ...words: readonly string[]) => Answer | Promise<Answer> = lockstep,
): Promise<void> => {
  const before = treeHash(story.top);
  const spoken = await run(dir, ...words);
  expect({ exit: spoken.exit, out: spoken.out }).toEqual({ exit: 2, out: '' });
  expect(spoken.err).toMatch(/^error /);
  expect(spoken.err).toContain(says);
  expect(spoken.err).not.toContain('undefined');
  expect(spoken.err).toMatch(/^next {2}\S/m);
  expect(spoken.err).toContain(next);
  const asJson = await run(dir, ...words, '--json');
  expect({ exit: asJson.exit, err: asJson.err }).toEqual({ exit: 2, err: '' });
  expect(objects(asJson)).toHaveLength(1);
  expect(lastObject(asJson)).toMatchObject({ kind: 'error', hint: expect.stringContaining(next) });
  expect(treeHash(story.top)).toBe(before);
};

describe('wrong words', () => {
  it.each([
    ['a mistyped option', 'sync run --targt app', "unknown option '--targt'", 'did you mean --target?'],
    ['a mistyped group', 'snyc', "unknown command 'snyc'", 'did you mean sync?'],
    ['a mistyped command', 'sync rnu', "unknown command 'rnu'", 'did you mean sync run?'],
    ['a command that another group has too', 'backup prun', "unknown command 'prun'", 'did you mean backup prune?'],
    ['a command without its group', 'detect', "unknown command 'detect'", 'did you mean sync detect?'],
    ['a missing argument', 'target show', "missing required argument 'target'", 'lockstep target show --help'],
    ['a missing option', 'target add other', '--path <folder>', 'lockstep target add --help'],
    [
      'an option without its value',
      'sync detect --since --target app',
      '--since <commit>',
      'lockstep sync detect --help',
    ],
    ['no target', 'sync run', 'no target is named', 'lockstep sync run --target <name>'],
    ['an unknown target', 'sync run --target ap', 'there is no target named ap', 'did you mean app?'],
    ['an unknown target among known ones', 'target backup app ap', 'there is no target named ap', 'did you mean app?'],
    ['an unknown component', 'sync docs app --categories dosc', 'there is no component dosc', 'did you mean docs?'],
    ['an unknown commit', 'sync detect --since v1.2.O', '"v1.2.O" is no commit', 'did you mean v1.2.0?'],
    [
      'a folder of a commit',
      'sync detect --since HEAD:docs',
      '"HEAD:docs" is no commit',
      'name a commit, such as HEAD',
    ],
    ['a commit from before the first', 'sync detect --since HEAD~99', '"HEAD~99" is no commit', 'further back'],
    [
      'an option whose value is forgotten before another',
      'target restore app --backup --dry-run',
      'argument missing before --dry-run',
      'lockstep target restore --help',
    ],
    ['an unknown status', 'target update app --status synced', 'synced is no status', 'synchronized'],
  ])('%s', (_, words, says, next) => refuses(story.main, words.split(' '), { says, next }));

  it('an option at the end without its value', async () => {
    const { exit, err } = await lockstep(story.main, 'target', 'restore', 'app', '--backup');
    expect(exit).toBe(2);
    expect(err).toContain("'--backup <id>' argument missing\nnext  lockstep target restore --help");
    // With `--json` behind it, that would be the value, and the answer not the object that was asked for.
    const asJson = await lockstep(story.main, 'target', 'restore', 'app', '--backup', '--json');
    expect(asJson.exit).toBe(2);
    expect(lastObject(asJson)).toMatchObject({ code: 'usage' });
  });

  it('the built command says the same', async () => {
    const wrong = { says: "unknown option '--targt'", next: 'did you mean --target?' };
    await refuses(story.main, ['sync', 'run', '--targt', 'app'], wrong, builtCommand);
  });

  it('a folder without git, one that is not there, and a repository that is no main project', async () => {
    const next = '-C';
    await refuses(join(story.top, 'empty'), ['sync', 'status'], { says: 'lies in no git repository', next });
    await refuses(story.top, ['-C', 'gone', 'sync', 'status'], { says: 'gone is not there', next });
    await refuses(join(story.top, 'plain'), ['sync', 'run', '--all-targets'], {
      says: 'has no sync.config.yaml',
      next,
    });
  });
});

describe('wrong files', () => {
  /** Does something while a file reads otherwise. */
  const changed = async (dir: string, path: string, content: string, action: () => Promise<void>): Promise<void> => {
    const before = fse.pathExistsSync(join(dir, path)) ? text(dir, path) : null;
    put(dir, { [path]: content });
    try {
      await action();
    } finally {
      put(dir, { [path]: before });
    }
  };
  const run = ['sync', 'run', '--target', 'app'];

  it('a configuration that is no YAML is shown with its line', async () => {
    await changed(story.main, 'sync.config.yaml', 'version: 1\nproject: [\n', () =>
      refuses(story.main, run, { says: 'sync.config.yaml:2:11', next: 'run the same command again' }),
    );
  });

  it('a configuration of a newer version', async () => {
    const newer = text(story.main, 'sync.config.yaml').replace('version: 1', 'version: 9');
    await changed(story.main, 'sync.config.yaml', newer, () =>
      refuses(story.main, run, { says: 'sync.config.yaml has version 9', next: 'update lockstep' }),
    );
  });

  it('a registry that is no JSON, and one of a newer format', async () => {
    const path = '.git/lockstep/registry.json';
    const newer = text(story.main, path).replace('{', '{"version": 9, ');
    await changed(story.main, path, newer, async () => {
      for (const words of [run, ['target', 'update', 'app', '--hold']])
        await refuses(story.main, words, { says: 'registry.json has format 9', next: 'update lockstep' });
    });
    await changed(story.main, path, '{"targets": [', async () => {
      await refuses(story.main, run, { says: 'registry.json', next: '' });
    });
  });

  it('a pipeline of a newer version', async () => {
    const path = 'pipelines/documents.yaml';
    await changed(story.main, path, `version: 9\n${text(story.main, path)}`, () =>
      refuses(story.main, run, { says: `${path} has version 9`, next: 'update lockstep' }),
    );
  });

  // It belongs to one target, and the others go on: the run says it of that target.
  const stops = (answer: Answer, says: string): void => {
    expect(answer.exit).toBe(5);
    expect(answer.out).toContain(`error app: ${says}`);
    expect(answer.out).toMatch(/^next {2}update lockstep/im);
  };
  const last = (answer: Answer): void => {
    expect({ exit: answer.exit, err: answer.err }).toEqual({ exit: 5, err: '' });
    expect(lastObject(answer)).toMatchObject({
      kind: 'run.finished',
      exit: 5,
      results: [{ target: 'app', error: { code: 'format-newer', hint: expect.stringMatching(/update lockstep/i) } }],
    });
  };
  const target = () => treeHash(story.target);

  it('a receipt of a newer format leaves its target alone', async () => {
    const path = '.lockstep/receipts/opencode-ai.json';
    put(story.target, { [path]: '{"format": 9}' });
    const before = target();
    stops(
      await lockstep(story.main, ...run),
      `the receipt ${join(story.target, path)} was written by a newer Lockstep`,
    );
    last(await lockstep(story.main, ...run, '--json'));
    for (const words of ['target backup app', 'target tag app --version v9'])
      expect({ words, exit: (await lockstep(story.main, ...words.split(' '))).exit }).toEqual({ words, exit: 2 });
    expect(target()).toBe(before);
    put(story.target, { '.lockstep': null });
  });
});

describe('help', () => {
  const named = (help: string): readonly string[] =>
    [...(help.split('\nCommands:\n')[1]?.split('\n\n')[0] ?? '').matchAll(/^ {2}(\w+)/gm)].map(
      (match) => match[1] ?? '',
    );
  const shown = async (...words: string[]): Promise<string> => {
    const { exit, out, err } = await lockstep('/', ...words);
    expect({ words, exit, err }).toEqual({ words, exit: 0, err: '' });
    return out;
  };

  it.each(['', 'sync', 'target', 'config'])('is printed for %s and each command of it', async (group) => {
    const path = group === '' ? [] : [group];
    const whole = await shown(...path, '--help');
    expect(whole).toContain(`Usage: ${['lockstep', ...path].join(' ')} [options] [command]`);
    const commands = named(whole);
    expect(commands.length).toBeGreaterThan(1);
    for (const name of commands.filter((command) => command !== 'help'))
      expect(await shown(...path, name, '--help')).toContain(
        `Usage: ${['lockstep', ...path, name].join(' ')} [options]`,
      );
  });

  it.each(['', 'sync', 'sync run', 'target backups', 'validate'])('help %s is what --help shows', async (words) => {
    const path = words.split(' ').filter((word) => word !== '');
    expect(await shown('help', ...path)).toBe(await shown(...path, '--help'));
  });

  it('of a command that there is not says which was meant', async () => {
    for (const [words, next] of [
      ['help snyc', 'did you mean sync?'],
      ['help sync rnu', 'did you mean sync run?'],
      ['help sync run quickly', 'lockstep --help'],
    ] as const) {
      const answer = await lockstep('/', ...words.split(' '));
      expect({ words, exit: answer.exit, out: answer.out }).toEqual({ words, exit: 2, out: '' });
      expect(answer.err).toContain(next);
    }
  });
});
