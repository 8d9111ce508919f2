/** The demo's three targets: a portable Python, a clone installed editable, and one that its owner edits. */
import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { targetsFolder } from './main-project.ts';
import type { Shell } from './shell.ts';

export interface DemoTarget {
  readonly name: string;
  readonly path: string;
  readonly python: string;
  /** The command that pip installed. */
  readonly cli: string;
}

export interface DemoTargets {
  readonly portable: DemoTarget;
  readonly source: DemoTarget;
  readonly edited: DemoTarget;
}

const offline = ['--no-index', '--no-build-isolation', '--no-deps', '--quiet'];

const targetAt = (main: string, name: string, prefix: string): DemoTarget => {
  const path = join(main, targetsFolder, name);
  return { name, path, python: join(path, prefix, 'bin', 'python'), cli: join(path, prefix, 'bin', 'opencode') };
};

/** Installs `package`, a folder with version 1.1.0, as its users would. */
const makeInstalled = async (
  shell: Shell,
  target: DemoTarget,
  venv: { readonly args: readonly string[]; readonly package: string },
): Promise<void> => {
  mkdirSync(target.path, { recursive: true });
  await shell.must(target.path, ['python3', '-m', 'venv', ...venv.args]);
  await shell.must(target.path, [target.python, '-m', 'pip', 'install', ...offline, venv.package]);
};

const makeSource = async (shell: Shell, target: DemoTarget, main: string): Promise<void> => {
  mkdirSync(join(target.path, 'vendor'), { recursive: true });
  const clone = join(target.path, 'vendor', 'opencode_4py');
  await shell.must(target.path, ['git', 'clone', '-q', main, clone]);
  await shell.must(clone, ['git', 'reset', '-q', '--hard', 'v1.1.0']);
  writeFileSync(join(target.path, 'app.py'), 'import opencode\n\nprint(opencode.__version__)\n');
  await shell.must(target.path, ['python3', '-m', 'venv', '.venv']);
  await shell.must(target.path, [target.python, '-m', 'pip', 'install', ...offline, '-e', join(clone, 'src/opencode')]);
};

/** All three at version 1.1.0. `scratch` is an empty place outside every target. */
export const makeTargets = async (shell: Shell, main: string, scratch: string): Promise<DemoTargets> => {
  const targets = {
    portable: targetAt(main, 'ComfyUI_windows_portable', 'python_embeded'),
    source: targetAt(main, 'simple_python_app', '.venv'),
    edited: targetAt(main, 'edited_app', '.venv'),
  };
  await shell.must(main, ['git', 'clone', '-q', main, '-b', 'v1.1.0', '-c', 'advice.detachedHead=false', scratch]);
  const first = join(scratch, 'src/opencode');
  await Promise.all([
    makeInstalled(shell, targets.portable, { args: ['--copies', 'python_embeded'], package: first }),
    makeInstalled(shell, targets.edited, { args: ['.venv'], package: first }),
    makeSource(shell, targets.source, main),
  ]);
  return targets;
};

/** Where a `site-packages` target keeps the package and its documents. */
export const packageDir = ({ python }: DemoTarget): string => {
  const lib = join(python, '..', '..', 'lib');
  const version = readdirSync(lib).find((name) => name.startsWith('python3'));
  return join(lib, version ?? 'python3', 'site-packages', 'opencode');
};

/** What the owner of the third target did, for the claims to look for. */
export const ownerMarks = {
  document: 'docs/guides/start.md',
  sentence: 'Our proxy listens on port 3128.',
  secret: 'owner-secret-4711',
  lines: [
    'default_model = "house-model"      # which model answers',
    'log_level = "DEBUG"',
    'api_key = "owner-secret-4711"                 # fill in your own',
    'theme = "dark"               # ours',
  ],
} as const;

/** One synced document and four keys of the configuration. */
export const editAsOwner = (target: DemoTarget): void => {
  appendFileSync(join(packageDir(target), ownerMarks.document), `\n${ownerMarks.sentence}\n`);
  const config = join(target.path, 'opencode.toml');
  const text = readFileSync(config, 'utf8')
    .replace('default_model = "gpt-a"', 'default_model = "house-model"')
    .replace('log_level = "INFO"', 'log_level = "DEBUG"\ntheme = "dark"               # ours')
    .replace('api_key = ""', `api_key = "${ownerMarks.secret}"`);
  writeFileSync(config, text);
};
