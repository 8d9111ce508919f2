import { mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fse from 'fs-extra';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DocumentStory, documentStory } from '../fixtures/document-story.ts';
import { initRepo, put, text } from '../fixtures/sandbox.ts';
import { treeHash } from '../fixtures/tree-hash.ts';
import { type Answer, lastObject, lockstep, objects } from './command.ts';

let story: DocumentStory;
beforeAll(() => {
  story = documentStory(realpathSync(mkdtempSync(join(tmpdir(), 'lockstep-wrong-'))));
  fse.ensureDirSync(join(story.top, 'empty'));
  initRepo(join(story.top, 'plain'));
});
afterAll(() => fse.removeSync(story.top));

interface Refused {
  /** What stands under `error`. */
  readonly says: string;
  /** What stands after `next`. */
  readonly next: string;
}

/** Says what is wrong and what to type, on standard error and as one object, exits 2 both times, and writes nothing at all. */
const refuses = (dir: string, words: readonly string[], { says, next }: Refused): void => {
  const before = treeHash(story.top);
  const spoken = lockstep(dir, ...words);
  expect({ exit: spoken.exit, out: spoken.out }).toEqual({ exit: 2, out: '' });
  expect(spoken.err).toMatch(/^error /);
  expect(spoken.err).toContain(says);
  expect(spoken.err).toMatch(/^next {2}\S/m);
  expect(spoken.err).toContain(next);
  const asJson = lockstep(dir, ...words, '--json');
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
    ['a command without its group', 'detect', "unknown command 'detect'", 'did you mean sync detect?'],
    ['a missing argument', 'target show', "missing required argument 'target'", '--help'],
    ['a missing option', 'target add other', '--path <folder>', '--help'],
    ['no target', 'sync run', 'no target is named', 'lockstep sync run --target <name>'],
    ['an unknown target', 'sync run --target ap', 'there is no target named ap', 'did you mean app?'],
    ['an unknown target among known ones', 'target backup app ap', 'there is no target named ap', 'did you mean app?'],
    ['an unknown component', 'sync docs app --categories dosc', 'there is no component dosc', 'did you mean docs?'],
    ['an unknown commit', 'sync detect --since v1.2.O', '"v1.2.O" is no commit', 'did you mean v1.2.0?'],
    ['an unknown status', 'target update app --status synced', 'synced is no status', 'synchronized'],
  ])('%s', (_, words, says, next) => refuses(story.main, words.split(' '), { says, next }));

  it('a folder without git, one that is not there, and a repository that is no main project', () => {
    const next = '-C';
    refuses(join(story.top, 'empty'), ['sync', 'status'], { says: 'lies in no git repository', next });
    refuses(story.top, ['-C', 'gone', 'sync', 'status'], { says: 'gone is not there', next });
    refuses(join(story.top, 'plain'), ['sync', 'run', '--all-targets'], { says: 'has no sync.config.yaml', next });
  });
});

describe('wrong files', () => {
  /** Does something while a file reads otherwise. */
  const changed = (dir: string, path: string, content: string, action: () => void): void => {
    const before = fse.pathExistsSync(join(dir, path)) ? text(dir, path) : null;
    put(dir, { [path]: content });
    try {
      action();
    } finally {
      put(dir, { [path]: before });
    }
  };
  const run = ['sync', 'run', '--target', 'app'];

  it('a configuration that is no YAML is shown with its line', () => {
    changed(story.main, 'sync.config.yaml', 'version: 1\nproject: [\n', () =>
      refuses(story.main, run, { says: 'sync.config.yaml:3:1', next: 'run the same command again' }),
    );
  });

  it('a configuration of a newer version', () => {
    const newer = text(story.main, 'sync.config.yaml').replace('version: 1', 'version: 9');
    changed(story.main, 'sync.config.yaml', newer, () =>
      refuses(story.main, run, { says: 'sync.config.yaml has version 9', next: 'update lockstep' }),
    );
  });

  it('a registry that is no JSON, and one of a newer format', () => {
    const path = '.git/lockstep/registry.json';
    const newer = text(story.main, path).replace('{', '{"version": 9, ');
    changed(story.main, path, newer, () => {
      for (const words of [run, ['target', 'update', 'app', '--hold']])
        refuses(story.main, words, { says: 'registry.json has format 9', next: 'update lockstep' });
    });
    changed(story.main, path, '{"targets": [', () => {
      refuses(story.main, run, { says: 'registry.json', next: '' });
    });
  });

  it('a pipeline of a newer version', () => {
    const path = 'pipelines/documents.yaml';
    changed(story.main, path, `version: 9\n${text(story.main, path)}`, () =>
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

  it('a receipt of a newer format leaves its target alone', () => {
    const path = '.lockstep/receipts/opencode-ai.json';
    put(story.target, { [path]: '{"format": 9}' });
    const before = target();
    stops(lockstep(story.main, ...run), `the receipt ${join(story.target, path)} was written by a newer Lockstep`);
    last(lockstep(story.main, ...run, '--json'));
    for (const words of ['target backup app', 'target tag app --version v9'])
      expect({ words, exit: lockstep(story.main, ...words.split(' ')).exit }).toEqual({ words, exit: 2 });
    expect(target()).toBe(before);
    put(story.target, { '.lockstep': null });
  });
});

describe('help', () => {
  const named = (help: string): readonly string[] =>
    [...(help.split('\nCommands:\n')[1]?.split('\n\n')[0] ?? '').matchAll(/^ {2}(\w+)/gm)].map(
      (match) => match[1] ?? '',
    );
  const shown = (...words: string[]): string => {
    const { exit, out, err } = lockstep('/', ...words);
    expect({ words, exit, err }).toEqual({ words, exit: 0, err: '' });
    return out;
  };

  it.each(['', 'sync', 'target', 'config'])('is printed for %s and each command of it', (group) => {
    const path = group === '' ? [] : [group];
    const whole = shown(...path, '--help');
    expect(whole).toContain(`Usage: ${['lockstep', ...path].join(' ')} [options] [command]`);
    const commands = named(whole);
    expect(commands.length).toBeGreaterThan(1);
    for (const name of commands.filter((command) => command !== 'help'))
      expect(shown(...path, name, '--help')).toContain(`Usage: ${['lockstep', ...path, name].join(' ')} [options]`);
  });

  it.each(['', 'sync', 'sync run', 'target backups', 'validate'])('help %s is what --help shows', (words) => {
    const path = words.split(' ').filter((word) => word !== '');
    expect(shown('help', ...path)).toBe(shown(...path, '--help'));
  });

  it('of a command that there is not says which was meant', () => {
    for (const [words, next] of [
      ['help snyc', 'did you mean sync?'],
      ['help sync rnu', 'did you mean sync run?'],
      ['help sync run quickly', 'lockstep --help'],
    ] as const) {
      const answer = lockstep('/', ...words.split(' '));
      expect({ words, exit: answer.exit, out: answer.out }).toEqual({ words, exit: 2, out: '' });
      expect(answer.err).toContain(next);
    }
  });
});
