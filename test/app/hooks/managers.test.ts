import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { HooksPlan } from '../../../src/app/hooks/install.ts';
import { git, put } from '../../fixtures/sandbox.ts';
import { treeLines } from '../../fixtures/tree-hash.ts';
import { own, scene } from './hook-scene.ts';

type Scene = ReturnType<typeof scene>;

interface Manager {
  /** The program, and what brings it. */
  readonly needs: readonly [program: string, from: string];
  readonly manager: HooksPlan['manager'];
  /** Where its configuration or its hooks stand. */
  readonly file: string;
  /** Sets it up with a hook of the owner's, `own`, before a push. */
  readonly setUp: (at: Scene, own: string) => void;
  /** Adds what is printed, as a person does. */
  readonly add: (text: string, entries: HooksPlan['entries']) => string;
  /** What the owner's hook is given, as this manager gives it. */
  readonly gives: (at: Scene) => string;
}

const husky = fileURLToPath(new URL('../../../node_modules/husky/bin.js', import.meta.url));
const run = (at: Scene, program: string, ...args: readonly string[]): void =>
  void execFileSync(program, args, { cwd: at.root, stdio: 'pipe' });

const managers: Readonly<Record<string, Manager>> = {
  husky: {
    needs: ['node', 'npm ci'],
    manager: 'husky',
    file: '.husky/pre-push',
    setUp: (at, hook) => {
      run(at, process.execPath, husky);
      put(at.root, { '.husky/pre-push': `${hook} "$@"\n` });
    },
    add: (text) => text,
    gives: (at) => `own origin ${at.remote}\n${at.line()}`,
  },
  lefthook: {
    needs: ['lefthook', 'npm install lefthook'],
    manager: 'lefthook',
    file: 'lefthook.yml',
    setUp: (at, hook) => {
      put(at.root, {
        'lefthook.yml': `pre-push:\n  piped: true\n  commands:\n    a:\n      run: ${hook} {1} {2}\n      use_stdin: true\n`,
      });
      run(at, 'lefthook', 'install');
    },
    // `pre-push` and its commands are there already: what is printed below them is added below them.
    add: (text, entries) =>
      entries.reduce(
        (all, entry) =>
          entry.hook === 'pre-push' ? `${all}${entry.text.split('\n').slice(2).join('\n')}\n` : `${all}${entry.text}\n`,
        text,
      ),
    gives: (at) => `own origin ${at.remote}\n${at.line()}`,
  },
  'pre-commit': {
    needs: ['pre-commit', 'apt-get install pre-commit'],
    manager: 'pre-commit',
    file: '.pre-commit-config.yaml',
    setUp: (at, hook) => {
      const words = `id: own, name: own, language: system, entry: ${hook}, pass_filenames: false, always_run: true`;
      put(at.root, {
        // `push` is what Debian's version calls the stage.
        '.pre-commit-config.yaml': `fail_fast: true\nrepos:\n- repo: local\n  hooks:\n    - { ${words}, stages: [push] }\n`,
      });
      run(at, 'pre-commit', 'install', '--hook-type', 'pre-push');
    },
    add: (text, entries) =>
      entries.reduce((all, entry) => `${all}${entry.text.replaceAll('[pre-push]', '[push]')}\n`, text),
    // It hands on no lines and no arguments.
    gives: () => 'own \n',
  },
};

const there = (program: string): boolean => spawnSync(program, ['--version']).error === undefined;

/** With the manager set up by its own program, its configuration committed, and what its folder of hooks held then. */
const setUp = ({ setUp: settle }: Manager, code: number) => {
  const at = scene();
  const log = join(at.top, 'own.log');
  put(at.top, { own: own(code, log) });
  chmodSync(join(at.top, 'own'), 0o755);
  settle(at, join(at.top, 'own'));
  const commitAll = (): void => {
    git(at.root, 'add', '-A');
    git(at.root, 'commit', '-q', '--no-verify', '--allow-empty', '-m', 'chore: hooks');
  };
  commitAll();
  const hooks = (): readonly string[] =>
    ['.git/hooks', '.husky'].flatMap((dir) => (existsSync(join(at.root, dir)) ? treeLines(join(at.root, dir)) : []));
  return { at, log, commitAll, hooks, before: hooks() };
};

describe.each(Object.entries(managers))('beside %s', (_, one) => {
  const [program, from] = one.needs;
  const skipped = there(program) ? '' : ` (needs ${program}: ${from})`;

  it.skipIf(skipped !== '')(`both run, and taken away every byte is back${skipped}`, async () => {
    const { at, log, commitAll, hooks, before } = setUp(one, 0);
    const plan = await at.install();
    expect(plan.manager).toBe(one.manager);
    const file = join(at.root, one.file);
    const text = readFileSync(file, 'utf8');
    if (plan.entries.length > 0) {
      expect((await at.status()).complete).toBe(false);
      writeFileSync(file, one.add(text, plan.entries));
    }
    expect((await at.status()).hooks.find(({ name }) => name === 'pre-push')).toMatchObject({ installed: true });
    commitAll();
    git(at.root, 'push', '-q', 'origin', 'main');
    expect(readFileSync(log, 'utf8')).toBe(one.gives(at));
    expect(at.heard()).toBe(`hook pre-push origin ${at.remote}\n${at.line()}`);
    expect(git(at.remote, 'rev-parse', 'main')).toBe(git(at.root, 'rev-parse', 'main'));

    if (plan.entries.length > 0) writeFileSync(file, text);
    await at.uninstall();
    // lefthook itself adds what starts it for the hooks that its file named meanwhile.
    const left = hooks();
    expect(left).toEqual(expect.arrayContaining([...before]));
    if (one.manager !== 'lefthook') expect(left).toHaveLength(before.length);
    expect(existsSync(join(at.root, '.git/hooks/reference-transaction'))).toBe(false);
    expect(existsSync(join(at.root, '.git/lockstep'))).toBe(false);
  });

  it.skipIf(skipped !== '')(`a hook of it that fails stops the push, and Lockstep is not asked${skipped}`, async () => {
    const { at, commitAll } = setUp(one, 3);
    const plan = await at.install();
    const file = join(at.root, one.file);
    if (plan.entries.length > 0) writeFileSync(file, one.add(readFileSync(file, 'utf8'), plan.entries));
    commitAll();
    expect(() => git(at.root, 'push', '-q', 'origin', 'main')).toThrow();
    expect(git(at.remote, 'branch', '--list')).toBe('');
    expect(at.heard()).toBe('');
  });
});
