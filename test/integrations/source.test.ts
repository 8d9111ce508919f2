/** `source` targets: a clone of main is fast-forwarded by the transaction alone, and installed editable only when that changes. */

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import fse from 'fs-extra';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type BackupManifest, manifestFormat } from '../../src/domain/backup.ts';
import { toAbsolute, toRooted } from '../../src/domain/paths.ts';
import type { StepPlan } from '../../src/domain/plan.ts';
import type { Receipt } from '../../src/domain/receipt.ts';
import { planRestore } from '../../src/domain/restore.ts';
import { packageMetadata } from '../../src/integrations/checkout/metadata.ts';
import { integrationOf } from '../../src/integrations/index.ts';
import { linkedCause, source } from '../../src/integrations/source.ts';
import { recover } from '../../src/pipeline/recover.ts';
import { openTransaction, type PlacedAction } from '../../src/pipeline/transaction.ts';
import type { Ports, PythonReport } from '../../src/ports.ts';
import { receiptPath } from '../../src/store/receipts.ts';
import {
  countedProcesses,
  makeVenvTarget,
  type Prepared,
  planLines,
  prepare,
  realPorts,
  receiptAfter,
  removeScratch,
  type VenvTarget,
} from '../fixtures/package-target.ts';
import { commit, commitRawNames, git, put, sampleMain, setVersion, text } from '../fixtures/sandbox.ts';
import { treeLines } from '../fixtures/tree-hash.ts';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'lockstep-source-')));
const main = join(root, 'main');
const clone = join(root, 'clone');
const saved = join(root, 'saved');
let target: VenvTarget;
let first: Receipt;
let base: string;

let report: Promise<PythonReport> | undefined;

/** Real ports that ask the one Python of this file once. */
const fastPorts = (): Ports => {
  const ports = realPorts();
  const inspect: Ports['python']['inspect'] = (...asked) => {
    report ??= ports.python.inspect(...asked);
    return report;
  };
  return { ...ports, python: { inspect } };
};

const withoutLogs = (path: string): boolean => path === '.git/logs' || path.startsWith('.git/logs/');

const prepared = (receipt?: Receipt, ports = fastPorts(), layout = {}): Promise<Prepared> =>
  prepare({
    main,
    target,
    ports,
    receipt,
    layout: {
      roots: { target: target.root, checkout: clone },
      type: 'source',
      checkout: clone,
      packageDir: null,
      ...layout,
    },
  });

/** Puts a plan in place with the real transaction, and answers with it, not yet committed. */
const swapped = async ({ context, contents }: Prepared, plan: StepPlan) => {
  const transaction = openTransaction({
    ports: context.ports,
    roots: context.layout.roots,
    target: 'ComfyUI',
    run: 'run',
    projectId: 'opencode',
    state: { journal: join(root, 'journal') },
  });
  const actions = plan.actions.filter((action): action is PlacedAction => action.kind !== 'note');
  await transaction.stage(actions, async (digest) => {
    const content = contents.get(digest);
    if (content?.from === 'bytes') return content.bytes;
    if (content?.from === 'file') return readFileSync(content.path);
    throw new Error(`nothing was provided for ${digest}`);
  });
  await transaction.swap(actions);
  return transaction;
};

const sync = async (receipt?: Receipt) => {
  const ready = await prepared(receipt);
  const plan = await source.planPackage(ready.context, 'reinstall');
  const transaction = await swapped(ready, plan);
  const after = receiptAfter(ready, plan);
  await transaction.commit(after);
  return { ...ready, plan, receipt: after };
};

const planned = async (receipt: Receipt | undefined = first): Promise<StepPlan> =>
  source.planPackage((await prepared(receipt)).context, 'reinstall');

const cloneLines = (plan: StepPlan): string[] =>
  planLines(plan)
    .filter((line) => line.includes('@checkout/') && !line.includes('/.git/objects/'))
    .map((line) => line.replace('@checkout/', ''))
    .sort();

/** pip and setuptools, which no test touches, take long to read. */
const states = (): readonly string[] => [
  ...treeLines(clone, withoutLogs),
  ...treeLines(target.root, (path) => /site-packages\/(?:pip|setuptools|pkg_resources|_distutils_hack)/.test(path)),
];
const healthy = (): void => {
  expect(git(clone, 'status', '--porcelain')).toBe('');
  expect(git(clone, 'rev-parse', 'HEAD')).toBe(git(main, 'rev-parse', 'HEAD'));
  expect(git(clone, 'symbolic-ref', 'HEAD')).toBe('refs/heads/main');
  expect(git(clone, 'log', '--format=%H')).toBe(git(main, 'log', '--format=%H'));
  execFileSync('git', ['fsck', '--full', '--strict'], { cwd: clone, stdio: 'pipe' });
};

/** What git has to say against the clone; dangling objects, which harm nothing, aside. */
const fsck = (): string =>
  execFileSync('git', ['fsck', '--full', '--strict', '--no-dangling'], { cwd: clone, encoding: 'utf8', stdio: 'pipe' });

beforeAll(async () => {
  target = makeVenvTarget(root);
  sampleMain(main);
  put(main, { 'docs/old name.md': 'one\ntwo\nthree\nfour\n', 'tools/only.py': 'x = 1\n', kind: 'a file\n' });
  symlinkSync('README.md', join(main, 'link'));
  base = commit(main, 'feat: more');
  git(root, 'clone', '-q', main, clone);
  first = (await sync()).receipt;
  for (const dir of [target.site, join(target.root, '.venv', 'bin')]) {
    for (const name of fse.readdirSync(dir).filter((entry) => /opencode/.test(entry))) {
      fse.copySync(join(dir, name), join(saved, basename(dir), name));
    }
  }
});

beforeEach(() => {
  git(main, 'checkout', '-q', '-B', 'main', base);
  git(main, 'clean', '-fdq');
  fse.removeSync(clone);
  git(root, 'clone', '-q', main, clone);
  target.reset();
  for (const dir of [target.site, join(target.root, '.venv', 'bin')]) fse.copySync(join(saved, basename(dir)), dir);
  fse.removeSync(join(root, 'journal'));
});

afterAll(() => {
  removeScratch();
  fse.removeSync(root);
});

/** Every kind of change that a commit can hold. */
const changeMain = (): string => {
  put(main, {
    'src/opencode/src/opencode/core/new.py': 'NEW = 1\n',
    'src/opencode/src/opencode/tool/read.py': 'CHANGED = 1\n',
    'tools/only.py': null,
    'deep/er/file.txt': 'deep\n',
    kind: null,
  });
  put(main, { 'kind/inside.txt': 'now a folder\n', 'run.sh': '#!/bin/sh\n' });
  git(main, 'mv', 'docs/old name.md', 'docs/new näme.md');
  chmodSync(join(main, 'run.sh'), 0o755);
  chmodSync(join(main, 'MISSION.md'), 0o755);
  fse.removeSync(join(main, 'link'));
  symlinkSync('docs/INDEX.md', join(main, 'link'));
  symlinkSync('kind', join(main, 'link2'));
  return commit(main, 'feat: everything changes');
};

describe('the first sync of a clone', () => {
  it('installs the package editable from the real clone', () => {
    const info = fse.readdirSync(target.site).find((name) => /^opencode_ai.*dist-info$/.test(name)) ?? '';
    expect(JSON.parse(text(target.site, `${info}/direct_url.json`))).toEqual({
      dir_info: { editable: true },
      url: `file://${clone}/src/opencode`,
    });
    const where = execFileSync(target.python, ['-c', 'import opencode; print(opencode.__file__)'], {
      encoding: 'utf8',
    });
    expect(where.trim()).toBe(join(clone, 'src/opencode/src/opencode/__init__.py'));
    const said = execFileSync(target.python, ['-m', 'pip', 'list', '--format=json'], { encoding: 'utf8' });
    expect(said).toContain(`"editable_project_location": "${clone}/src/opencode"`);
    expect(first.components.package?.package).toMatchObject({ version: '1.2.0', wheel: null, checkout: base });
  });

  it('is in the registry, for a layout with a checkout', async () => {
    const { context } = await prepared();
    expect(integrationOf('source')).toBe(source);
    expect(source.matches(context.layout)).toBe(true);
  });

  it('is followed by nothing to do, without a Python', async () => {
    const ports = fastPorts();
    const processes = countedProcesses(ports.processes);
    const { context } = await prepared(first, { ...ports, processes });
    processes.started.length = 0;
    expect(await source.assess(context)).toEqual({ state: 'in-step', cause: `clone at ${base.slice(0, 10)}` });
    const plan = await source.planPackage(context, 'reinstall');
    expect(plan.actions).toEqual([]);
    expect(plan.skipped).toMatch(/^clone at /);
    expect(plan.patch.components?.package).toEqual(first.components.package);
    expect(processes.started.filter((line) => !line.startsWith('git:'))).toEqual([]);
  });
});

describe('a fast-forward', () => {
  it('brings added, changed, removed, renamed, executable and linked files, and git agrees', async () => {
    const to = changeMain();
    expect(await source.assess((await prepared(first)).context)).toEqual({
      state: 'behind',
      cause: `clone at ${base.slice(0, 10)} → ${to.slice(0, 10)}`,
    });
    const { plan, receipt } = await sync(first);
    expect(cloneLines(plan)).toEqual(
      [
        '+ deep/er/file.txt',
        '+ docs/new näme.md',
        '+ kind/inside.txt',
        '+ link2',
        '+ run.sh',
        '+ src/opencode/src/opencode/core/new.py',
        '- docs/old name.md',
        '- kind',
        '- tools',
        '- tools/only.py',
        '~ .git/index',
        '~ MISSION.md',
        '~ link',
        '~ src/opencode/src/opencode/tool/read.py',
      ].sort(),
    );
    healthy();
    expect(treeLines(clone, (path) => path === '.git' || path === '.lockstep')).toEqual(
      treeLines(main, (path) => path === '.git' || path === 'tools'),
    );
    expect(lstatSync(join(clone, 'link')).isSymbolicLink()).toBe(true);
    expect(receipt.components.package?.package?.checkout).toBe(to);
    expect(receipt.components.package?.files['@checkout/run.sh']?.mode).toBe(
      lstatSync(join(clone, 'run.sh')).mode & 0o777,
    );
    expect(await source.assess((await prepared(receipt)).context)).toMatchObject({ state: 'in-step' });
    expect((await planned(receipt)).actions).toEqual([]);
  });

  it('does not run pip where the metadata stays', async () => {
    changeMain();
    const ports = fastPorts();
    const processes = countedProcesses(ports.processes);
    const { context } = await prepared(first, { ...ports, processes });
    processes.started.length = 0;
    await source.planPackage(context, 'reinstall');
    expect(processes.started.filter((line) => !line.startsWith('git:'))).toEqual([]);
  });

  it('writes nothing in clone, target or main while it is planned', async () => {
    changeMain();
    const before = [...states(), ...treeLines(main)];
    await planned();
    expect([...states(), ...treeLines(main)]).toEqual(before);
  });

  it('is undone to the very bytes', async () => {
    changeMain();
    setVersion(main, '1.3.0');
    commit(main, 'feat: 1.3.0');
    const before = [...states(), ...treeLines(join(clone, '.git', 'logs'))];
    const ready = await prepared(first);
    const transaction = await swapped(ready, await source.planPackage(ready.context, 'reinstall'));
    expect(git(clone, 'rev-parse', 'HEAD')).not.toBe(base);
    expect(git(clone, 'reflog', '-1', '--format=%gs')).toBe('lockstep: run');
    expect(await transaction.undo()).toMatchObject({ left: [], unfinished: [] });
    expect([...states(), ...treeLines(join(clone, '.git', 'logs'))]).toEqual(before);
    expect(fsck()).toBe('');
    expect(git(clone, 'status', '--porcelain')).toBe('');
    expect(git(clone, 'rev-parse', 'HEAD')).toBe(base);
  });

  it('is undone to the very bytes, .git included, by whoever recovers it after a crash', async () => {
    changeMain();
    const before = treeLines(clone);
    const ready = await prepared(first);
    await swapped(ready, await source.planPackage(ready.context, 'reinstall'));
    const { ports } = ready.context;
    const found = await recover({ ports, state: { journal: join(root, 'journal') } });
    expect(found).toMatchObject([{ outcome: 'undone', left: [], unfinished: [] }]);
    expect(treeLines(clone)).toEqual(before);
    expect(fsck()).toBe('');
  });

  it('makes no reflog where the clone keeps none, and leaves the lines of others in the one it has', async () => {
    changeMain();
    git(clone, 'commit', '-q', '--allow-empty', '-m', 'gone again');
    git(clone, 'reset', '-q', '--hard', base);
    fse.removeSync(join(clone, '.git', 'logs', 'refs'));
    const before = treeLines(join(clone, '.git', 'logs'));
    const ready = await prepared(first);
    const transaction = await swapped(ready, await source.planPackage(ready.context, 'reinstall'));
    expect(treeLines(join(clone, '.git', 'logs'))).toHaveLength(before.length);
    await transaction.undo();
    expect(treeLines(join(clone, '.git', 'logs'))).toEqual(before);
  });

  it('reinstalls editable when the version changes, and points at the clone', async () => {
    setVersion(main, '1.3.0');
    commit(main, 'feat: 1.3.0');
    const { plan, receipt } = await sync(first);
    expect(planLines(plan).filter((line) => line.includes('dist-info/METADATA'))).toHaveLength(2);
    healthy();
    const version = 'import importlib.metadata as m, opencode; print(m.version("opencode-ai"), opencode.__version__)';
    expect(execFileSync(target.python, ['-c', version], { encoding: 'utf8' }).trim()).toBe('1.3.0 1.3.0');
    expect(receipt.components.package?.package?.version).toBe('1.3.0');
    execFileSync(target.python, ['-m', 'pip', 'check'], { stdio: 'pipe' });
    expect((await planned(receipt)).actions).toEqual([]);
  });

  it('installs again for any change of the code where the version is computed from it', async () => {
    const { context } = await prepared(first);
    const pyproject = text(main, 'src/opencode/pyproject.toml').replace(/version = .*/, 'dynamic = ["version"]');
    put(main, { 'src/opencode/pyproject.toml': pyproject });
    const one = commit(main, 'build: a computed version');
    put(main, { 'src/opencode/src/opencode/core/new.py': 'NEW = 1\n' });
    const two = commit(main, 'feat: new');
    const digest = async (id: string) =>
      (await packageMetadata(context, await context.main.repo.tree(id), 'src/opencode'))?.digest;
    expect(await digest(one)).not.toBe(await digest(two));
    put(main, { 'README.md': 'changed\n' });
    expect(await digest(commit(main, 'docs: readme'))).toBe(await digest(two));
  });

  it('points an import hook at the clone, and refuses one that leads nowhere there', async () => {
    const backend = text(main, 'src/opencode/backend.py');
    const hook = (below: string): string =>
      backend.replace(
        /^def build_editable[\s\S]*?(?=^def )/m,
        `def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), ${JSON.stringify(below)})
    finder = "MAPPING = {'opencode': %r}\\n" % path
    return _wheel(wheel_directory, [("__editable___opencode_ai_finder.py", finder.encode())])


`,
      );
    const { project } = (await prepared(first)).context;
    expect(project.package.path).toBe('src/opencode');
    put(main, { 'src/opencode/backend.py': hook('src/opencode') });
    setVersion(main, '1.4.0');
    commit(main, 'build: a finder');
    const { receipt } = await sync(first);
    expect(text(target.site, '__editable___opencode_ai_finder.py')).toBe(
      `MAPPING = {'opencode': '${clone}/src/opencode/src/opencode'}\n`,
    );
    const found = execFileSync('grep', ['-rl', 'lockstep-source-', target.site, '--include=*.py', '--include=*.pth']);
    expect(found.toString().trim().split('\n')).toHaveLength(1);
    put(main, { 'src/opencode/backend.py': hook('build/editable') });
    setVersion(main, '1.5.0');
    commit(main, 'build: a finder that leads nowhere');
    await expect(planned(receipt)).rejects.toMatchObject({
      code: 'package-install-failed',
      message: expect.stringMatching(/build\/editable, which main's commit does not hold/),
    });
  });

  it('adds only the branch when a fetch has brought the objects', async () => {
    changeMain();
    git(clone, 'fetch', '-q');
    expect(planLines(await planned()).filter((line) => line.includes('/objects/'))).toEqual([]);
    await sync(first);
    healthy();
  });

  it('gives a shallow clone what its history lacks', async () => {
    put(main, { 'docs/again.md': 'comes and goes\n' });
    commit(main, 'docs: add');
    put(main, { 'docs/again.md': null });
    commit(main, 'docs: remove');
    fse.removeSync(clone);
    git(root, 'clone', '-q', '--depth', '1', `file://${main}`, clone);
    put(main, { 'docs/again.md': 'comes and goes\n' });
    const to = commit(main, 'docs: add again');
    await sync(first);
    expect(text(clone, 'docs/again.md')).toBe('comes and goes\n');
    expect(git(clone, 'rev-parse', 'HEAD')).toBe(to);
    execFileSync('git', ['fsck', '--full'], { cwd: clone, stdio: 'pipe' });
  });

  it('writes files as the clone is configured, line endings included', async () => {
    put(main, { '.gitattributes': '*.bat text eol=crlf\n', 'run.bat': 'echo\n' });
    commit(main, 'feat: a script for another system');
    await sync(first);
    expect(text(clone, 'run.bat')).toBe('echo\r\n');
    healthy();
  });

  it('keeps untracked files, and ignored ones', async () => {
    changeMain();
    put(clone, { 'notes.txt': 'mine', 'tools/mine.txt': 'mine too' });
    await sync(first);
    expect(text(clone, 'notes.txt')).toBe('mine');
    expect(text(clone, 'tools/mine.txt')).toBe('mine too');
  });

  it('names for the backup every file that a restore has to bring back', async () => {
    const files = await source.packageFiles((await prepared(first)).context);
    const tracked = git(clone, 'ls-files', '-z')
      .split('\0')
      .filter((path) => path !== '');
    expect(files).toEqual(expect.arrayContaining(tracked.map((path) => join(clone, path))));
    expect(files).toContain(join(clone, '.git', 'index'));
    expect(files.filter((path) => path.endsWith('dist-info/RECORD'))).toHaveLength(1);
  });
});

describe('a clone at the commit, with edits of its owner', () => {
  const edited = 'src/opencode/src/opencode/tool/read.py';
  const assessed = async (receipt = first) => source.assess((await prepared(receipt)).context);

  it.each([
    ['seen by git', () => {}],
    ['staged', () => git(clone, 'add', edited)],
    ['hidden from git', () => git(clone, 'update-index', '--skip-worktree', edited)],
    ['removed', () => fse.removeSync(join(clone, edited))],
  ])('is said, with the files, and left as it is (%s)', async (_how, act) => {
    put(clone, { [edited]: 'MINE = 1\n', 'README.md': 'no part of the package\n' });
    act();
    const before = states();
    const words = expect.stringMatching(
      /^1 file of the package differs from the commit .* kept .*: .*\/tool\/read\.py$/,
    );
    expect(await assessed()).toMatchObject({ state: 'in-step', besides: words });
    const plan = await planned();
    expect(plan).toMatchObject({ actions: [], warnings: [words] });
    expect(plan.patch.decisions).toMatchObject([{ path: `@checkout/${edited}`, choice: 'kept' }]);
    const next = { ...first, decisions: plan.patch.decisions ?? [] };
    expect((await planned(next)).patch.decisions).toEqual(plan.patch.decisions);
    expect(states()).toEqual(before);
  });

  it('is never overwritten, and refused where the policy is to fail', async () => {
    put(clone, { [edited]: 'MINE = 1\n' });
    const { context } = await prepared(first);
    expect((await source.planPackage(context, 'reinstall', { onConflict: 'replace' })).actions).toEqual([]);
    await expect(source.planPackage(context, 'reinstall', { onConflict: 'fail' })).rejects.toMatchObject({
      code: 'conflict-refused',
      message: expect.stringContaining(edited),
      hint: expect.stringContaining('stash'),
    });
  });

  it('is not taken for what Lockstep wrote, when a receipt is written for the first time', async () => {
    put(clone, { [edited]: 'MINE = 1\n' });
    const { patch } = await source.planPackage((await prepared(undefined)).context, 'reinstall');
    const files = patch.components?.package?.files ?? {};
    expect(files['@checkout/MISSION.md']).toBeDefined();
    expect(files[`@checkout/${edited}`]).toBeUndefined();
  });

  it('has nothing to say any more once they are undone, hidden or not, nor of edits outside of the package', async () => {
    put(clone, { [edited]: 'MINE = 1\n' });
    const decisions = (await planned()).patch.decisions ?? [];
    git(clone, 'checkout', '-q', '--', edited);
    git(clone, 'update-index', '--assume-unchanged', edited);
    put(clone, { 'README.md': 'edited\n' });
    expect((await planned({ ...first, decisions })).patch.decisions).toEqual([]);
    expect(await assessed()).toEqual({ state: 'in-step', cause: `clone at ${base.slice(0, 10)}` });
    expect((await planned()).warnings).toEqual([]);
  });
});

describe('a restore from a backup of the package', () => {
  /** What the backup step holds, with the bytes in memory. */
  const backupOf = async (plan: StepPlan, { context }: Prepared, receipt: Receipt) => {
    const { files, git: reader } = context.ports;
    const { roots } = context.layout;
    const paths = new Set([
      ...plan.actions.flatMap((action) => (action.kind === 'file' ? [action.path] : [])),
      ...Object.keys(receipt.components.package?.files ?? {}),
      ...(await source.packageFiles(context)).map((path) => toRooted(roots, path)),
    ]);
    const bytes = new Map<string, Buffer>();
    const entries = [...paths].sort().map((path) => {
      const absolute = toAbsolute(roots, path);
      const state = files.state(absolute);
      if (state.kind === 'file') bytes.set(state.sha256, files.read(absolute));
      return { path, component: 'package', state, mtimeNs: String(files.stat(absolute)?.mtimeNs ?? 0n) };
    });
    const head = (await reader.open(clone).commit('HEAD')) ?? '';
    const checkout = { path: clone, ref: 'refs/heads/main', commit: head };
    const facts = { format: manifestFormat, id: 'b', target: 'ComfyUI', time: receipt.time, run: null } as const;
    const manifest: BackupManifest = {
      ...facts,
      commit: head,
      version: null,
      components: ['package'],
      entries,
      receipt,
      checkout,
    };
    return { manifest, bytes };
  };

  it('brings clone, branch and installation back over two syncs, and keeps the objects', async () => {
    changeMain();
    const ready = await prepared(first);
    const plan = await source.planPackage(ready.context, 'reinstall');
    const { manifest, bytes } = await backupOf(plan, ready, first);
    const skip = (path: string): boolean => path === '.git' || path === '.lockstep';
    const before = treeLines(clone, skip);
    await (await swapped(ready, plan)).commit(receiptAfter(ready, plan));
    put(main, { 'docs/second.md': 'second\n', 'plans/SYNC_PLAN.md': 'second\n' });
    setVersion(main, '1.3.0');
    const second = commit(main, 'feat: 1.3.0');
    const { receipt, context } = await sync(receiptAfter(ready, plan));
    healthy();
    const { roots } = context.layout;
    const restore = planRestore({
      manifest,
      components: null,
      receipt,
      receiptFile: receiptPath(roots.target, 'opencode'),
      roots,
      files: context.ports.files,
      project: 'opencode',
      run: 'restore',
      time: receipt.time,
      checkoutNow: { path: clone, ref: 'refs/heads/main', commit: second },
    });
    expect(restore.warnings).toEqual([]);
    expect(restore.replacesNewerEdits).toBe(0);
    const transaction = openTransaction({
      ports: context.ports,
      roots,
      target: 'ComfyUI',
      run: 'restore',
      projectId: 'opencode',
      state: { journal: join(root, 'journal') },
    });
    await transaction.stage(restore.actions, async (digest) => bytes.get(digest) ?? Buffer.of());
    await transaction.swap(restore.actions);
    await transaction.commit(restore.receipt);
    expect(git(clone, 'rev-parse', 'HEAD')).toBe(base);
    expect(git(clone, 'status', '--porcelain')).toBe('');
    expect(treeLines(clone, skip)).toEqual(before);
    execFileSync('git', ['fsck', '--full', '--strict'], { cwd: clone, stdio: 'pipe' });
    const version = 'import importlib.metadata as m, opencode; print(m.version("opencode-ai"), opencode.__version__)';
    expect(execFileSync(target.python, ['-c', version], { encoding: 'utf8' }).trim()).toBe('1.2.0 1.2.0');
  });
});

describe('a clone that cannot be moved without loss is refused', () => {
  const refusal = async (pattern: RegExp): Promise<void> => {
    const before = states();
    const ready = await prepared(first);
    await expect(source.planPackage(ready.context, 'reinstall')).rejects.toMatchObject({
      code: 'checkout-refused',
      message: expect.stringMatching(pattern),
      hint: expect.any(String),
    });
    expect(states()).toEqual(before);
  };

  it('with edits, naming them', async () => {
    changeMain();
    put(clone, { 'README.md': 'edited\n' });
    await refusal(/not committed: README\.md/);
  });

  it('with edits that are staged', async () => {
    changeMain();
    put(clone, { 'README.md': 'edited\n' });
    git(clone, 'add', 'README.md');
    await refusal(/not committed: README\.md/);
  });

  it('with edits that git was told not to see', async () => {
    changeMain();
    git(clone, 'update-index', '--assume-unchanged', 'src/opencode/src/opencode/tool/read.py');
    put(clone, { 'src/opencode/src/opencode/tool/read.py': 'MINE = 1\n' });
    await refusal(/hides edits from git.*read\.py/);
  });

  it('with commits of its own', async () => {
    changeMain();
    put(clone, { 'mine.txt': 'mine' });
    commit(clone, 'feat: mine');
    await refusal(/does not lead to/);
  });

  it('when it is newer than the run', async () => {
    changeMain();
    git(clone, 'pull', '-q', '--ff-only');
    git(main, 'checkout', '-q', '-B', 'main', base);
    git(main, 'branch', '-f', 'later', git(clone, 'rev-parse', 'HEAD'));
    await refusal(/newer than/);
  });

  it('on no branch', async () => {
    changeMain();
    git(clone, 'checkout', '-q', '--detach');
    await refusal(/detached HEAD/);
  });

  it('in the middle of a merge', async () => {
    changeMain();
    writeFileSync(join(clone, '.git', 'MERGE_HEAD'), `${base}\n`);
    await refusal(/unfinished.*MERGE_HEAD/);
  });

  it('with an untracked file where main has one', async () => {
    changeMain();
    put(clone, { 'run.sh': 'mine\n' });
    await refusal(/untracked files.*run\.sh/);
  });

  it('with an untracked file where main has a folder', async () => {
    changeMain();
    put(clone, { deep: 'mine\n' });
    await refusal(/untracked files.*deep/);
  });

  it('with an untracked file in a folder that becomes a file', async () => {
    put(main, { tools: null });
    put(main, { tools: 'now a file\n' });
    commit(main, 'feat: tools is a file');
    put(clone, { 'tools/mine.txt': 'mine\n' });
    await refusal(/tools\/mine\.txt.*not tracked/);
    fse.removeSync(join(clone, 'tools/mine.txt'));
    await sync(first);
    healthy();
  });

  it.each([
    ['core.sparseCheckout', 'true', /sparse checkout/],
    ['extensions.partialClone', 'origin', /partial clone/],
    ['extensions.refStorage', 'reftable', /keeps its branches as reftable/],
  ])('with %s = %s', async (key, value, pattern) => {
    changeMain();
    git(clone, 'config', key, value);
    await refusal(pattern);
  });

  it('where main moved a submodule', async () => {
    git(main, 'update-index', '--add', '--cacheinfo', `160000,${base},vendor/lib`);
    git(main, 'commit', '-q', '-m', 'feat: a submodule');
    await refusal(/submodule vendor\/lib/);
  });

  it('where main changed a file whose name is not UTF-8', async () => {
    commitRawNames(main, [[Buffer.from('docs/bad\xff.md', 'latin1'), 'new\n']]);
    await refusal(/main changed "docs\/bad\\377\.md", whose name is not UTF-8/);
  });

  it('as a linked worktree whose git folder lies elsewhere', async () => {
    fse.removeSync(clone);
    const other = join(root, 'other');
    git(root, 'clone', '-q', main, other);
    git(other, 'worktree', 'add', '-q', '-b', 'side', clone);
    changeMain();
    await refusal(/git folder of .* lies elsewhere/);
    fse.removeSync(other);
  });

  it('as a worktree of main itself', async () => {
    fse.removeSync(clone);
    git(main, 'worktree', 'add', '-q', '-b', 'side', clone);
    changeMain();
    await refusal(/worktree of the main project/);
    git(main, 'worktree', 'remove', '--force', clone);
    git(main, 'branch', '-D', 'side');
  });

  it('where no clone is', async () => {
    fse.removeSync(clone);
    mkdirSync(clone);
    await refusal(/not the top of a git clone/);
    const { context } = await prepared(first);
    expect((await source.assess(context)).state).toBe('unknown');
    expect((await source.packageFiles(context)).filter((path) => path.startsWith(clone))).toEqual([]);
  });
});

describe('a target that is linked to the main root', () => {
  it('is never written, and says so', async () => {
    changeMain();
    const { context } = await prepared(undefined, fastPorts(), {
      roots: { target: target.root },
      checkout: main,
      linkedToMain: true,
    });
    expect(await source.assess(context)).toEqual({ state: 'linked', cause: linkedCause });
    expect(await source.planPackage(context, 'reinstall')).toMatchObject({
      actions: [],
      skipped: linkedCause,
      patch: {},
    });
    expect(await source.packageFiles(context)).toEqual([]);
    expect(existsSync(join(main, '.lockstep'))).toBe(false);
  });
});
