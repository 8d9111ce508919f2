import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fse from 'fs-extra';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { fetchPins } from '../../../src/integrations/package/index-pin.ts';
import { sitePackages } from '../../../src/integrations/site-packages.ts';
import {
  countedProcesses,
  makeVenvTarget,
  planLines,
  prepare,
  realPorts,
  removeScratch,
  type Situation,
  syncPackage,
  type VenvTarget,
} from '../../fixtures/package-target.ts';
import { commit, pip, put, sampleMain, setVersion, temporary, text } from '../../fixtures/sandbox.ts';
import { type SimpleIndex, startIndex } from '../../fixtures/simple-index.ts';

const pyproject = 'src/opencode/pyproject.toml';
let parent: string;
let target: VenvTarget;
let index: SimpleIndex;
const wheels: Record<string, { file: string; bytes: Buffer }> = {};

/** Builds the sample's package, or a one-module package of another name, and remembers the wheel. */
const build = (label: string, edit: (project: string) => void): void => {
  const project = join(parent, `main-${label}`);
  sampleMain(project);
  edit(project);
  const out = join(project, 'out');
  pip(
    target.python,
    'wheel',
    '-q',
    '--no-index',
    '--no-deps',
    '--no-build-isolation',
    '-w',
    out,
    join(project, 'src/opencode'),
  );
  const [file = ''] = fse.readdirSync(out);
  wheels[label] = { file, bytes: readFileSync(join(out, file)) };
};

const replaceIn = (project: string, from: string, to: string): void =>
  put(project, { [pyproject]: text(project, pyproject).replace(from, to) });

beforeAll(() => {
  parent = mkdtempSync(join(tmpdir(), 'lockstep-index-'));
  target = makeVenvTarget(parent);
  build('1.2.0', () => undefined);
  build('1.3.0', (project) => {
    setVersion(project, '1.3.0');
    replaceIn(project, 'dependencies = []', 'dependencies = ["small-library>=1"]');
  });
  build('library', (project) => {
    replaceIn(project, '"opencode-ai"', '"small-library"');
    fse.removeSync(join(project, 'src/opencode/src/opencode'));
    put(project, {
      'src/opencode/src/small_library.py': 'ANSWER = 42\n',
      [pyproject]: text(project, pyproject).replace(/\n\[project\.scripts\][\s\S]*$/, ''),
    });
  });
  build('backend', (project) => {
    replaceIn(project, '"opencode-ai"', '"small-backend"');
    const backend = text(project, 'src/opencode/backend.py').replace(
      'os.path.dirname(os.path.abspath(__file__))',
      'os.getcwd()',
    );
    fse.removeSync(join(project, 'src/opencode/src/opencode'));
    put(project, {
      'src/opencode/src/small_backend.py': backend,
      [pyproject]: text(project, pyproject).replace(/\n\[project\.scripts\][\s\S]*$/, ''),
    });
  });
});
beforeEach(async () => {
  index = await startIndex();
});
afterEach(async () => {
  target.reset();
  await index.close();
});
afterAll(() => {
  fse.removeSync(parent);
  removeScratch();
});

const publish = (project: string, label: string, sha256?: string): void => {
  const wheel = wheels[label];
  if (wheel !== undefined) index.publish(project, wheel.file, wheel.bytes, sha256);
};
const situation = (more: Partial<Situation> = {}): Situation => ({
  main: sampleMain(join(temporary('main'), 'project')),
  target,
  stateDir: temporary('state'),
  ...more,
  package: { from: 'index', path: null, index: index.url, ...more.package },
});
const plan = async (of: Situation) => sitePackages.planPackage((await prepare(of)).context, 'reinstall');

it('installs what pip resolves, pinned by name, version and sha256, dependencies included', async () => {
  publish('opencode-ai', '1.2.0');
  publish('opencode-ai', '1.3.0');
  publish('small-library', 'library');
  const ports = realPorts();
  const processes = countedProcesses(ports.processes);
  const { plan: planned, receipt } = await syncPackage(situation({ ports: { ...ports, processes } }));
  expect(processes.started.filter((entry) => entry === 'pip: -m pip wheel')).toHaveLength(1);
  expect(planned.actions.filter((action) => action.kind === 'note').map(({ text: said }) => said)).toEqual([
    expect.stringMatching(/^opencode-ai 1\.3\.0 from the index \(sha256 [0-9a-f]{12}\)$/),
    expect.stringMatching(/^small-library 1\.2\.0 from the index \(sha256 [0-9a-f]{12}\)$/),
  ]);
  const frozen = pip(target.python, 'freeze');
  expect(frozen).toContain('opencode-ai==1.3.0');
  expect(frozen).toContain('small-library==1.2.0');
  expect(pip(target.python, 'check')).toContain('No broken requirements');
  expect(receipt.components.package?.package).toEqual({
    name: 'opencode-ai',
    version: '1.3.0',
    wheel: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
});

it('goes on naming a dependency that came along, until it is no longer what was brought', async () => {
  publish('opencode-ai', '1.3.0');
  publish('small-library', 'library');
  const first = situation();
  const { receipt } = await syncPackage(first);
  const library = (of: typeof receipt): string[] =>
    Object.keys(of.components.package?.files ?? {}).filter((path) => /small_library/.test(path));
  expect(library(receipt)).toContainEqual(expect.stringMatching(/\/small_library\.py$/));
  // Only the package itself is put in again: pip has nothing to say of what it needs.
  fse.removeSync(join(target.site, 'opencode/tool/read.py'));
  const mended = await syncPackage({ ...first, receipt });
  expect(library(mended.receipt)).toEqual(library(receipt));
  expect(mended.receipt.components.package?.dirs).toEqual(receipt.components.package?.dirs);
  expect((await plan({ ...first, receipt: mended.receipt })).patch.components?.package?.files).toEqual(
    mended.receipt.components.package?.files,
  );
  put(target.site, { 'small_library.py': 'ANSWER = 43\n' });
  fse.removeSync(join(target.site, 'opencode/tool/read.py'));
  const after = await syncPackage({ ...first, receipt: mended.receipt });
  expect(library(after.receipt)).not.toContainEqual(expect.stringMatching(/\/small_library\.py$/));
  expect(library(after.receipt).length).toBeGreaterThan(0);
});

it('plans nothing while the newest is whole, upgrades when there is a newer one, and mends what is missing', async () => {
  publish('opencode-ai', '1.2.0');
  const first = situation();
  const { receipt } = await syncPackage(first);
  const again = { ...first, receipt };
  const second = await plan(again);
  expect(second).toMatchObject({ actions: [], skipped: 'opencode-ai 1.2.0 is the newest that the index offers' });
  expect(second.patch.components?.package).toEqual(receipt.components.package);
  expect((await sitePackages.assess((await prepare(again)).context)).state).toBe('in-step');
  fse.removeSync(join(target.site, 'opencode/tool/read.py'));
  expect(planLines(await plan(again))).toEqual([expect.stringMatching(/^\+ .*opencode\/tool\/read\.py$/)]);
  publish('opencode-ai', '1.3.0');
  publish('small-library', 'library');
  const { plan: upgrade } = await syncPackage(again);
  expect(upgrade.actions[0]).toMatchObject({
    text: expect.stringContaining('opencode-ai 1.2.0 → 1.3.0 from the index'),
  });
  expect(pip(target.python, 'check')).toContain('No broken requirements');
});

it('keeps what its owner installed in its place, but for the newest that the index offers', async () => {
  // Not in one go: the index is served by this very process.
  const byName = (version: string) => {
    const args = ['-q', '--no-deps', '--force-reinstall', '--index-url', index.url, `opencode-ai==${version}`];
    return promisify(execFile)(target.python, ['-m', 'pip', 'install', ...args], {
      env: { ...process.env, PIP_NO_INDEX: '0', no_proxy: '127.0.0.1', NO_PROXY: '127.0.0.1' },
    });
  };
  publish('opencode-ai', '1.2.0');
  const first = situation();
  const { receipt: older } = await syncPackage(first);
  publish('opencode-ai', '1.3.0');
  publish('small-library', 'library');
  const { receipt } = await syncPackage({ ...first, receipt: older });
  // Put there by the sync of another target that has the same Python.
  expect(await plan({ ...first, receipt: older })).toMatchObject({ actions: [], warnings: [] });

  await byName('1.2.0');
  const kept = await syncPackage({ ...first, receipt });
  expect(kept.plan.actions).toEqual([]);
  expect(kept.plan.warnings).toEqual([
    'opencode-ai 1.2.0 was installed by its owner, where the last sync had put 1.3.0; kept as it is, main has 1.3.0 of the index',
  ]);
  const again = { ...first, receipt: kept.receipt };
  expect((await plan(again)).warnings).toEqual([]);
  const { context } = await prepare(again);
  expect(await sitePackages.assess(context)).toMatchObject({
    state: 'in-step',
    besides: 'opencode-ai 1.2.0 is kept as its owner installed it',
  });
  const replaced = await sitePackages.planPackage(context, 'reinstall', { onConflict: 'replace' });
  expect(replaced.warnings).toEqual([expect.stringContaining('; replaced, it is in the backup')]);
  expect(planLines(replaced)).toContainEqual(expect.stringMatching(/^\+ .*opencode_ai-1\.3\.0\.dist-info\/METADATA$/));
  await expect(sitePackages.planPackage(context, 'reinstall', { onConflict: 'fail' })).rejects.toMatchObject({
    code: 'conflict-refused',
  });
  await byName('1.3.0');
  expect(await plan({ ...first, receipt: older })).toMatchObject({ actions: [], warnings: [] });
});

it('fetches a pin once, also for the next run', async () => {
  publish('opencode-ai', '1.2.0');
  const ports = realPorts();
  const processes = countedProcesses(ports.processes);
  const first = situation({ ports: { ...ports, processes } });
  const one = await plan(first);
  expect((await plan(first)).actions).toEqual(one.actions);
  expect(processes.started.filter((entry) => entry === 'pip: -m pip wheel')).toHaveLength(1);
});

it('refuses a file that is not what the index promised', async () => {
  publish('opencode-ai', '1.2.0', '0'.repeat(64));
  await expect(plan(situation())).rejects.toMatchObject({
    code: 'package-install-failed',
    message: expect.stringContaining('sha256 differs'),
  });
});

it('refuses a file that changed after it was pinned', async () => {
  publish('opencode-ai', '1.2.0');
  const { context } = await prepare(situation());
  const pip = { argv: [target.python, '-m', 'pip'], version: '23' } as const;
  const network = { kind: 'on', index: index.url } as const;
  const url = new URL(`/files/${wheels['1.2.0']?.file}`, index.url).href;
  const pin = { name: 'opencode-ai', version: '1.2.0', url, sha256: '0'.repeat(64), direct: false };
  await expect(fetchPins(context, { pip, network, pins: [pin] })).rejects.toMatchObject({
    code: 'package-install-failed',
    message: expect.stringContaining('sha256 differs'),
  });
  await expect(fetchPins(context, { pip, network, pins: [{ ...pin, sha256: null }] })).rejects.toThrow(
    /gives no sha256/,
  );
});

it('names the one of several pins whose file changed, and has the others', async () => {
  publish('opencode-ai', '1.2.0');
  publish('small-library', 'library');
  const { context } = await prepare(situation());
  const pip = { argv: [target.python, '-m', 'pip'], version: '23' } as const;
  const network = { kind: 'on', index: index.url } as const;
  const pinTo = (name: string, label: string, digest?: string) => {
    const { file = '', bytes = Buffer.alloc(0) } = wheels[label] ?? {};
    const sha256 = digest ?? createHash('sha256').update(bytes).digest('hex');
    return { name, version: '1.2.0', url: new URL(`/files/${file}`, index.url).href, sha256, direct: false };
  };
  const good = pinTo('opencode-ai', '1.2.0');
  const bad = pinTo('small-library', 'library', '0'.repeat(64));
  await expect(fetchPins(context, { pip, network, pins: [good, bad] })).rejects.toMatchObject({
    code: 'package-install-failed',
    message: expect.stringMatching(/^small-library 1\.2\.0 cannot be fetched .*sha256 differs/),
  });
  expect(context.wheels.find(`pin:${bad.sha256}`)).toBeUndefined();
  const pins = [pinTo('small-library', 'library'), good];
  expect((await fetchPins(context, { pip, network, pins })).map(({ name }) => name)).toEqual([
    'small-library',
    'opencode-ai',
  ]);
});

it('says which package an index does not have, and shows no password', async () => {
  const url = index.url.replace('http://', 'http://ada:secret@');
  const failure = await plan(situation({ package: { index: url } })).catch((error: unknown) => error);
  expect(failure).toMatchObject({
    code: 'package-install-failed',
    message: expect.stringContaining('opencode-ai cannot be found'),
  });
  expect(JSON.stringify(failure) + String(failure)).not.toContain('secret');
});

it('takes a missing dependency of a local package from the index when that is allowed', async () => {
  publish('small-library', 'library');
  const local = situation({ package: { from: 'local', path: 'src/opencode', network: true } });
  replaceIn(local.main, 'dependencies = []', 'dependencies = ["small-library>=1"]');
  commit(local.main, 'feat: needs a library');
  const { plan: planned, receipt } = await syncPackage(local);
  expect(planLines(planned)).toContainEqual(expect.stringMatching(/^\+ .*\/small_library\.py$/));
  expect(pip(target.python, 'check')).toContain('No broken requirements');
  expect((await plan({ ...local, receipt })).skipped).not.toBeNull();
});

it('takes build requirements from the index when that is allowed', async () => {
  publish('small-backend', 'backend');
  const local = situation({ package: { from: 'local', path: 'src/opencode', network: true } });
  replaceIn(
    local.main,
    'requires = []\nbuild-backend = "backend"\nbackend-path = ["."]',
    'requires = ["small-backend"]\nbuild-backend = "small_backend"',
  );
  commit(local.main, 'build: backend of the index');
  const { plan: planned } = await syncPackage(local);
  expect(planned.skipped).toBeNull();
  expect(pip(target.python, 'list')).toContain('opencode-ai');
});
