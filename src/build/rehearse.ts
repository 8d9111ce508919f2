/**
 * Runs the built program on a small project, as the commands that people wait for, and keeps what V8 compiled for them.
 * All in one process, so that each chunk is kept once. What cannot be run here (no git, no Python) is not compiled beforehand.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { openPack, writePack } from './pack.ts';

const dir = mkdtempSync(join(tmpdir(), 'lockstep-build-'));
const file = join(__dirname, 'program.pack');
const [main, target] = [join(dir, 'main'), join(dir, 'app')];

const put = (path: string, text: string): void => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
};

const config = `version: 1
project: { name: app }
components:
  docs: { from: docs, into: docs }
config:
  - { from: settings.toml, into: settings.toml }
`;

const env: Readonly<Record<string, string>> = {
  PATH: process.env.PATH ?? '',
  HOME: join(dir, 'home'),
  TMPDIR: tmpdir(),
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'a',
  GIT_AUTHOR_EMAIL: 'a@a',
  GIT_COMMITTER_NAME: 'a',
  GIT_COMMITTER_EMAIL: 'a@a',
};
const call = (program: string, ...args: string[]): boolean =>
  spawnSync(program, args, { env, stdio: 'ignore' }).status === 0;

/** Whether there is a project to rehearse on. */
const plant = (): boolean => {
  put(join(main, 'docs/a.md'), '# A\n\nText.\n');
  put(join(main, 'settings.toml'), '# kept\nlevel = "info"\n\n[a]\nb = 1\n');
  put(join(target, 'docs/b.md'), '# B\n');
  put(join(target, 'settings.toml'), '# kept\nlevel = "debug"\n');
  put(join(main, 'sync.config.yaml'), config);
  const record = {
    name: 'app',
    path: '../app',
    type: 'site-packages',
    last_sync: null,
    sync_version: null,
    status: 'unknown',
  };
  put(join(main, '.git/lockstep/registry.json'), JSON.stringify({ targets: [record] }));
  return (
    call('git', 'init', '-q', main) &&
    call('git', '-C', main, 'add', '-A') &&
    call('git', '-C', main, 'commit', '-q', '-m', 'docs: all') &&
    call('python3', '-m', 'venv', '--without-pip', join(target, '.venv'))
  );
};

const rehearsed: readonly string[] = [
  '--help',
  'trust --yes',
  'validate',
  'sync status',
  'target backup app',
  'sync run --all-targets --only backup,copy,merge-config --dry-run',
  'sync run --all-targets --only backup,copy,merge-config',
  'sync run --all-targets --only backup,copy,merge-config',
  'sync detect',
  'sync checklist',
  'target backup app',
  'sync verify --all-targets',
  'hook pre-push origin ../far',
];

/** A command ends by ending its process: here that ends the command alone. */
const play = async (run: () => void, words: string): Promise<void> => {
  const { exit } = process;
  process.argv.splice(2, process.argv.length, ...words.split(' '));
  await new Promise<void>((resolve) => {
    process.exit = (() => resolve()) as unknown as typeof process.exit;
    run();
  });
  process.exit = exit;
};

const rehearse = async (): Promise<void> => {
  // What is compiled must still be there at the end; a flag that differs from the usual then would make it useless.
  setFlagsFromString('--no-flush-bytecode');
  const pack = openPack(file, require);
  const ready = plant();
  for (const one of [process, process.stdout, process.stderr]) one.setMaxListeners(0);
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, env);
  process.chdir(main);
  process.argv[1] = join(__dirname, 'main.js');
  for (const words of ready ? rehearsed : rehearsed.slice(0, 1)) {
    pack.forget('main.js');
    await play(() => void pack.load('main.js'), words);
  }
  setFlagsFromString('--flush-bytecode');
  writePack(file, pack.chunks());
  // Told by how this ends, for the build hears nothing else of it.
  if (!ready) process.exitCode = 3;
};

void rehearse().finally(() => rmSync(dir, { recursive: true, force: true }));
