import { execFileSync } from 'node:child_process';
import { readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import fse from 'fs-extra';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openMain } from '../../src/app/main-project.ts';
import { runCommand } from '../../src/cli/program.ts';
import type { BackupManifest } from '../../src/domain/backup.ts';
import { machinePorts, machineWorld } from '../fixtures/machine-ports.ts';
import { commit, git, initRepo, makeVenv, pip, put, sampleMain, setVersion, temporary } from '../fixtures/sandbox.ts';
import { startIndex } from '../fixtures/simple-index.ts';
import { treeLines } from '../fixtures/tree-hash.ts';
import { makeWheels } from '../fixtures/wheel.ts';

const lockstep = async (cwd: string, ...argv: readonly string[]): Promise<{ code: number; said: string }> => {
  const lines: string[] = [];
  const out = (line: string): void => void lines.push(line);
  const code = await runCommand(machineWorld(cwd, { out, err: out }), argv);
  return { code, said: lines.join('\n') };
};

const ok = async (cwd: string, ...argv: readonly string[]): Promise<string> => {
  const { code, said } = await lockstep(cwd, ...argv);
  expect({ argv, code, said }).toMatchObject({ code: 0 });
  return said;
};

const newestBackup = async (main: string): Promise<BackupManifest> => {
  const [newest] = (await openMain(machinePorts(), main)).backups.list('app');
  if (newest === undefined) throw new Error('no backup was made');
  return newest;
};

/** What Python itself says of an environment: asked of a pip that may be another Python's. */
const inside = (python: string, asked: readonly string[] = ['-m', 'pip']) => {
  const say = (...args: readonly string[]): string =>
    execFileSync(python, [...asked, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  const { installed } = JSON.parse(say('inspect')) as { readonly installed: readonly unknown[] };
  return { check: say('check'), installed: installed.map((one) => JSON.stringify(one)).sort() };
};

const files = (dir: string): readonly string[] => treeLines(dir, (path) => /__pycache__|^\.lockstep/.test(path));

const tool = (version: string, more: { readonly requires: readonly string[]; readonly text?: string }) => ({
  name: 'tool',
  version,
  modules: { 'tool/__init__.py': more.text ?? `VERSION = '${version}'\n`, 'tool/same.py': 'SAME = 1\n' },
  scripts: { 'tool-run': 'tool:main' },
  requires: more.requires,
});
const library = (version: string) => ({
  name: 'small-library',
  version,
  modules: { 'small_library.py': `ANSWER = '${version}'\n`, 'small_same.py': 'SAME = 1\n' },
  scripts: { 'small-run': 'small_library:main' },
});

describe('a rollback of the package', () => {
  it('brings back every distribution that the sync changed along, without an index and without pip', async () => {
    const top = temporary('package');
    const index = await startIndex();
    let open = true;
    const close = async (): Promise<void> => {
      if (open) await index.close();
      open = false;
    };
    onTestFinished(close);
    const main = initRepo(join(top, 'main'));
    put(main, {
      'sync.config.yaml': `version: 1\nproject: { name: tool, import: tool, from: index, index: '${index.url}' }\n`,
    });
    commit(main, 'feat: a tool');
    const python = makeVenv(join(top, 'app/.venv'));
    const site = join(top, 'app/.venv/lib', readdirSync(join(top, 'app/.venv/lib'))[0] ?? '', 'site-packages');
    const [one, oneLib, two, twoLib, extra, bad, badExtra] = makeWheels(top, [
      tool('1.0', { requires: ['small-library>=1'] }),
      library('1.0'),
      tool('2.0', { requires: ['small-library>=2', 'small-extra'] }),
      library('2.0'),
      { name: 'small-extra', version: '1.0', modules: { 'small_extra/deep/__init__.py': '' } },
      tool('3.0', { requires: ['small-library>=2', 'other-extra'], text: 'raise RuntimeError("broken")\n' }),
      { name: 'other-extra', version: '1.0', modules: { 'other_extra.py': '' } },
    ]);
    const publish = (...all: readonly (typeof one)[]): void => {
      for (const wheel of all) if (wheel !== undefined) index.publish(wheel.name, wheel.file, wheel.bytes);
    };
    await ok(main, 'trust', '--yes');
    await ok(main, 'target', 'add', 'app', '--path', '../app');
    publish(one, oneLib);
    await ok(main, 'sync', 'run', '--target', 'app');
    const before = { said: inside(python), files: files(join(top, 'app')) };

    publish(two, twoLib, extra);
    await ok(main, 'sync', 'run', '--target', 'app');
    const there = readdirSync(site).filter((name) => /^(?:small|tool).*\.dist-info$/.test(name));
    expect(there.sort()).toEqual(['small_extra-1.0', 'small_library-2.0', 'tool-2.0'].map((one) => `${one}.dist-info`));
    const { entries, installed } = await newestBackup(main);
    const held = entries.filter(({ state }) => state.kind === 'file').map(({ path }) => path);
    // By their RECORD: those that the upgrade left as they were too.
    for (const name of ['small_library.py', 'small_same.py', 'small_library-1.0.dist-info/RECORD', 'tool/same.py'])
      expect(held.filter((path) => path.endsWith(`/${name}`))).toHaveLength(1);
    for (const name of ['small-run', 'tool-run']) expect(held).toContain(`.venv/bin/${name}`);
    expect(installed?.filter(({ name }) => /^(?:small|tool)/.test(name))).toEqual([
      { name: 'small-library', version: '1.0' },
      { name: 'tool', version: '1.0' },
    ]);

    // A version that fails is undone whole, what came along included.
    const synced = files(join(top, 'app'));
    publish(bad, badExtra);
    expect((await lockstep(main, 'sync', 'run', '--target', 'app')).code).toBe(5);
    expect(files(join(top, 'app'))).toEqual(synced);

    await close();
    const away = readdirSync(site).filter((name) => /^pip(?:-|$)/.test(name));
    for (const name of away) renameSync(join(site, name), join(top, name));
    const { code, said } = await lockstep(main, 'target', 'rollback', 'app', '--component', 'package');
    expect(said).toMatch(/app restored from app-\S+ {2}\+\d+ ~\d+ -\d+/);
    expect(said).toMatch(
      /could not be verified: 1 of \d+ checks could not run\n {2}core: its requirements are met: .* has no pip/,
    );
    expect(code).toBe(4);
    for (const name of away) renameSync(join(top, name), join(site, name));
    expect({ said: inside(python), files: files(join(top, 'app')) }).toEqual(before);

    // The newest backup is that of 2.0, which the rollback made: it works in an environment of its own.
    expect(await ok(main, 'target', 'drill', 'app')).toContain(
      'package: tool rebuilt in a fresh environment and imported',
    );
    put(site, { 'tool/same.py': 'SAME = 2\n' });
    await ok(main, 'target', 'backup', 'app');
    const broken = await lockstep(main, 'target', 'drill', 'app');
    expect(broken.code).toBe(5);
    expect(broken.said).toMatch(
      /✗ package: rebuilt in a fresh environment: \d+ of \d+ files of tool 1\.0 are as recorded/,
    );
  }, 600_000);

  it('in a portable Python without pip brings back scripts and direct_url.json', async () => {
    const top = temporary('package');
    const main = sampleMain(join(top, 'main'));
    const builder = makeVenv(join(top, 'builder'));
    const config = fse.readFileSync(join(main, 'sync.config.yaml'), 'utf8');
    put(main, {
      'sync.config.yaml': config.replace('package: src/opencode', `package: src/opencode\n  builder: ${builder}`),
    });
    commit(main, 'build: a builder');
    const target = join(top, 'app');
    fse.ensureDirSync(target);
    execFileSync('python3', ['-m', 'venv', '--copies', '--without-pip', 'python_embeded'], { cwd: target });
    const python = join(target, 'python_embeded/bin/python');
    const asked = ['-m', 'pip', '--python', python];
    await ok(main, 'trust', '--yes');
    await ok(main, 'target', 'add', 'app', '--path', '../app');
    await ok(main, 'sync', 'run', '--target', 'app', '--only', 'backup,reinstall');
    const before = { said: inside(builder, asked), files: files(target) };
    expect(before.files.filter((line) => /\/direct_url\.json |bin\/opencode /.test(line))).toHaveLength(2);

    setVersion(main, '1.3.0');
    put(main, { 'src/opencode/src/opencode/newer.py': 'NEW = 1\n' });
    commit(main, 'feat: newer');
    await ok(main, 'trust', '--yes');
    await ok(main, 'sync', 'run', '--target', 'app', '--only', 'backup,reinstall');
    expect(inside(builder, asked)).not.toEqual(before.said);
    expect(await ok(main, 'target', 'drill', 'app')).toContain('its requirements were not checked, there is no pip');
    await lockstep(main, 'target', 'rollback', 'app', '--component', 'package');
    expect({ said: inside(builder, asked), files: files(target) }).toEqual(before);
  });

  it('of an editable install returns its clone to the recorded commit', async () => {
    const top = temporary('package');
    const main = sampleMain(join(top, 'main'));
    const target = join(top, 'app');
    const clone = join(target, 'vendor/opencode');
    git(top, 'clone', '-q', main, clone);
    const python = makeVenv(join(target, '.venv'));
    pip(python, 'install', '-q', '--no-index', '--no-build-isolation', '--no-deps', '-e', join(clone, 'src/opencode'));
    git(clone, 'clean', '-fdxq');
    await ok(main, 'trust', '--yes');
    await ok(main, 'target', 'add', 'app', '--path', '../app');
    await ok(main, 'sync', 'run', '--target', 'app', '--only', 'backup,reinstall');
    const look = () => ({
      said: inside(python),
      files: files(join(target, '.venv')),
      tree: treeLines(clone, (path) => /^\.git$|__pycache__/.test(path)),
      head: git(clone, 'rev-parse', 'HEAD'),
      status: git(clone, 'status', '--porcelain'),
    });
    const before = look();

    setVersion(main, '1.3.0');
    put(main, { 'src/opencode/src/opencode/newer.py': 'NEW = 1\n' });
    const newer = commit(main, 'feat: newer');
    await ok(main, 'trust', '--yes');
    await ok(main, 'sync', 'run', '--target', 'app', '--only', 'backup,reinstall');
    expect(git(clone, 'rev-parse', 'HEAD')).toBe(newer);
    expect((await newestBackup(main)).checkout).toMatchObject({ commit: before.head });
    expect(await ok(main, 'target', 'drill', 'app')).toContain('opencode-ai rebuilt in a fresh environment');
    await lockstep(main, 'target', 'rollback', 'app', '--component', 'package');
    expect(look()).toEqual(before);
  });
});
