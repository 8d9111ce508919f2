/** A main project and a target that are one sync apart, and a way to bring both back to that in place. */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { type Ended, laneEnvironment, mustRun, runCommand } from './command.ts';
import { bringBack } from './pristine.ts';
import { realPython, toolsIn } from './tools.ts';

export interface SceneSize {
  readonly name: string;
  readonly pages: number;
  readonly modules: number;
  /** Whether the package changes too, so that it is reinstalled. */
  readonly package: 'changes' | 'stays';
  /** Whether the target's Python has a pip of its own; without one, another Python's is used. */
  readonly pip: 'own' | 'other';
}

/** Some 30 files that change, in every way there is: every single call can be a point. */
export const smallScene: SceneSize = { name: 'small', pages: 8, modules: 6, package: 'changes', pip: 'own' };
/** 1,500 files: 1,200 documents and 300 modules. */
export const fullScene: SceneSize = { name: 'full', pages: 1170, modules: 286, package: 'changes', pip: 'own' };
/** Documents and configuration alone, for the ordinary tests. */
export const shortScene: SceneSize = { name: 'short', pages: 8, modules: 0, package: 'stays', pip: 'other' };

export const sceneSizes: readonly SceneSize[] = [smallScene, fullScene, shortScene];

export interface Scene {
  readonly size: SceneSize;
  readonly lane: string;
  readonly main: string;
  readonly target: string;
  readonly state: string;
  readonly scratch: string;
  readonly python: string;
  readonly env: Readonly<Record<string, string>>;
  /** Node and the built command: words follow. */
  readonly command: readonly [string, string];
  readonly commits: { readonly before: string; readonly after: string };
  /** `lockstep <words>` in main, to its end. */
  readonly lockstep: (...words: readonly string[]) => Promise<Ended>;
  /** Target and state as they were before the sync, whatever happened to them. */
  readonly reset: (wheel: Wheel) => void;
  /** Keeps the wheel that the sync just built, for each later `reset('in store')`. */
  readonly keepWheel: () => void;
}

/** Whether the package's wheel is in the store when the sync begins, so that none has to be built: half of a small sync's time. */
export type Wheel = 'in store' | 'to build';

export interface ScenePlace {
  readonly lane: string;
  /** The built command. */
  readonly command: string;
  /** The sample project. */
  readonly template: string;
}

const put = (root: string, path: string, text: string): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
};

const edit = (root: string, path: string, change: (text: string) => string): void => {
  const before = readFileSync(join(root, path), 'utf8');
  const after = change(before);
  if (after === before) throw new Error(`the change to ${path} no longer fits the sample project`);
  writeFileSync(join(root, path), after);
};

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i);
const pagePath = (i: number): string => `docs/pages/${i % 12}/page-${i}.md`;
const modulePath = (i: number): string => `src/opencode/src/opencode/generated/m${i % 8}/module_${i}.py`;
const packageFacts = ['src/opencode/pyproject.toml', 'src/opencode/src/opencode/__init__.py'] as const;

const setVersion = (root: string, version: string): void => {
  for (const path of packageFacts) {
    edit(root, path, (text) => text.replace(/(version(?:__)? = )"[^"]+"/, `$1"${version}"`));
  }
};

const link = (root: string, path: string, to: string): void => {
  rmSync(join(root, path), { force: true });
  symlinkSync(to, join(root, path));
};

/** A sync that is killed needs no check but one that starts a program; what all of them cost, hundreds of trials would pay. */
const fewerChecks = (root: string): void =>
  edit(root, 'sync.config.yaml', (text) =>
    text
      .split('\n')
      .filter((line) => !/name: (?:configuration loads|no broken links)/.test(line))
      .map((line) => (line.trim() === 'integration:' ? '  integration: []' : line))
      .join('\n'),
  );

const firstVersion = (root: string, size: SceneSize): void => {
  fewerChecks(root);
  for (const i of numbers(size.pages))
    put(root, pagePath(i), `# Page ${i}\n\nFirst edition.\n${'text '.repeat(i % 50)}\n`);
  for (const i of numbers(size.modules)) {
    put(root, `src/opencode/src/opencode/generated/m${i % 8}/__init__.py`, '');
    put(root, modulePath(i), `VALUE = ${i}\nEDITION = 1\n${'# filler\n'.repeat(i % 30)}`);
  }
  if (size.modules > 0) put(root, 'src/opencode/src/opencode/generated/__init__.py', '');
  put(root, 'docs/old/deep/one.md', '# One\n');
  put(root, 'docs/old/deep/two.md', '# Two\n');
  put(root, 'docs/turns/in.md', '# In a folder that becomes a file\n');
  put(root, 'docs/becomes-folder', 'a file that becomes a folder\n');
  put(root, 'docs/tool.sh', '#!/bin/sh\necho tool\n');
  put(root, 'docs/was-file', 'becomes a link\n');
  link(root, 'docs/link', 'INDEX.md');
  link(root, 'docs/old-link', 'INDEX.md');
};

/** Everything that can happen to a path: edited, added, removed, moved, another mode, another kind. */
const secondVersion = (root: string, size: SceneSize): void => {
  for (const i of numbers(size.pages)) {
    if (i % 9 === 4) rmSync(join(root, pagePath(i)));
    else if (i % 9 !== 5) edit(root, pagePath(i), (text) => text.replace('First edition', 'Second edition'));
    if (i % 9 === 6) put(root, `docs/new/${i % 4}/page-${i}.md`, `# New ${i}\n`);
  }
  rmSync(join(root, 'docs/old'), { recursive: true });
  rmSync(join(root, 'docs/turns'), { recursive: true });
  put(root, 'docs/turns', 'now a file\n');
  rmSync(join(root, 'docs/becomes-folder'));
  put(root, 'docs/becomes-folder/in.md', '# In\n');
  chmodSync(join(root, 'docs/tool.sh'), 0o755);
  link(root, 'docs/was-file', 'guides/start.md');
  link(root, 'docs/link', 'guides/start.md');
  rmSync(join(root, 'docs/old-link'));
  link(root, 'docs/new-link', 'tool.sh');
  edit(root, 'config/opencode.toml', (text) => text.replace('default_model = "gpt-a"', 'default_model = "gpt-z"'));
  put(
    root,
    'config/opencode.toml',
    `${readFileSync(join(root, 'config/opencode.toml'), 'utf8')}\n[crash]\nnew = true\n`,
  );
  if (size.package === 'stays') return;
  for (const i of numbers(size.modules)) {
    if (i % 7 === 3) rmSync(join(root, modulePath(i)));
    // The same size as before: only the time tells a compiled file that it is stale.
    else edit(root, modulePath(i), (text) => text.replace('EDITION = 1', 'EDITION = 2'));
    if (i % 7 === 5) put(root, `src/opencode/src/opencode/generated/later/module_${i}.py`, `VALUE = ${i}\n`);
  }
  setVersion(root, '1.3.0');
};

/** What the owner of the target did since the first sync: to be kept, or merged with. */
const editAsOwner = (target: string, packageDir: string): void => {
  put(packageDir, 'docs/guides/start.md', '# Ours\n');
  put(packageDir, 'docs/own.md', '# Not known to main\n');
  mkdirSync(join(target, 'own/empty'), { recursive: true, mode: 0o700 });
  chmodSync(join(target, 'own/empty'), 0o710);
  edit(target, 'opencode.toml', (text) => text.replace('log_level = "INFO"', 'log_level = "DEBUG"'));
};

const commitAll = async (cwd: string, env: Scene['env'], message: string): Promise<string> => {
  await mustRun({ cwd, env, argv: ['git', 'add', '-A'] });
  await mustRun({ cwd, env, argv: ['git', 'commit', '-q', '-m', message] });
  return (await mustRun({ cwd, env, argv: ['git', 'rev-parse', 'HEAD'] })).out.trim();
};

/** Builds a scene in an empty lane, offline; some 10 seconds. */
export const makeScene = async (size: SceneSize, place: ScenePlace): Promise<Scene> => {
  const { lane, template } = place;
  const main = join(lane, 'main');
  const target = join(lane, 'app');
  const scratch = join(lane, 'scratch');
  const kept = join(lane, 'pristine');
  const built = join(lane, 'wheels');
  const state = join(main, '.git/lockstep');
  mkdirSync(scratch, { recursive: true });
  const env = { ...laneEnvironment(lane, scratch), PATH: toolsIn(join(lane, 'tools')) };
  const command = [process.execPath, place.command] as const;
  cpSync(template, main, { recursive: true, filter: (path) => !path.includes('__pycache__') });
  await mustRun({ cwd: main, env, argv: ['git', 'init', '-q', '-b', 'main'] });
  firstVersion(main, size);
  const before = await commitAll(main, env, 'feat: first version');
  await mustRun({ cwd: main, env, argv: ['git', 'tag', 'v1.2.0'] });
  mkdirSync(target);
  const withoutPip = size.pip === 'other' ? ['--without-pip'] : [];
  await mustRun({ cwd: target, env, argv: [realPython(), '-m', 'venv', ...withoutPip, '.venv'] });
  const lockstep = (...words: readonly string[]): Promise<Ended> =>
    runCommand({ cwd: main, env, argv: [...command, ...words] });
  const must = (...words: readonly string[]): Promise<Ended> =>
    mustRun({ cwd: main, env, argv: [...command, ...words] });
  await must('trust', '--yes');
  await must('target', 'add', 'app', '--path', '../app');
  await must('sync', 'run', '--target', 'app');
  const lib = join(target, '.venv/lib');
  const site = join(lib, readdirSync(lib).find((name) => name.startsWith('python3')) ?? '', 'site-packages');
  if (!existsSync(join(site, 'opencode/docs/INDEX.md'))) throw new Error('the first sync did not bring the documents');
  editAsOwner(target, join(site, 'opencode'));
  secondVersion(main, size);
  const after = await commitAll(main, env, 'feat: second version');
  await mustRun({ cwd: main, env, argv: ['git', 'tag', 'v1.3.0'] });
  // What is remembered by inode and time would be believed in one trial and not in the next.
  for (const cache of ['layouts', 'store/seen']) rmSync(join(state, cache), { recursive: true, force: true });
  const python = join(target, '.venv/bin/python');
  for (const [from, name] of [
    [target, 'app'],
    [state, 'state'],
  ] as const) {
    await mustRun({
      cwd: lane,
      env,
      argv: ['sh', '-c', 'mkdir -p "$2" && cp -a "$1" "$2/$3"', 'sh', from, kept, name],
    });
  }
  return {
    size,
    lane,
    main,
    target,
    state,
    scratch,
    python,
    env,
    command,
    commits: { before, after },
    lockstep,
    keepWheel: () => {
      rmSync(built, { recursive: true, force: true });
      cpSync(join(state, 'store/wheels'), built, { recursive: true, preserveTimestamps: true });
    },
    reset: (wheel) => {
      bringBack(join(kept, 'app'), target);
      const wheels = join(state, 'store/wheels');
      bringBack(join(kept, 'state'), state, wheel === 'in store' && existsSync(built) ? [wheels] : []);
      if (wheel === 'in store' && existsSync(built)) bringBack(built, wheels);
      rmSync(scratch, { recursive: true, force: true });
      mkdirSync(scratch);
    },
  };
};
