import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fse from 'fs-extra';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { sourceKey } from '../../../src/integrations/package/source-project.ts';
import { sitePackages } from '../../../src/integrations/site-packages.ts';
import { openTransaction } from '../../../src/pipeline/transaction.ts';
import {
  applyPlan,
  countedProcesses,
  makeVenvTarget,
  planLines,
  prepare,
  realPorts,
  receiptAfter,
  removeScratch,
  syncPackage,
  type VenvTarget,
} from '../../fixtures/package-target.ts';
import { commit, commitRawNames, pip, put, sampleMain, setVersion, temporary, text } from '../../fixtures/sandbox.ts';

let parent: string;
let withPip: VenvTarget;
let withoutPip: VenvTarget;

beforeAll(() => {
  parent = mkdtempSync(join(tmpdir(), 'lockstep-pythons-'));
  withPip = makeVenvTarget(parent, 'with-pip');
  const root = join(parent, 'ComfyUI');
  execFileSync('python3', ['-m', 'venv', '--without-pip', join(root, 'python_embeded')]);
  const lib = join(root, 'python_embeded', 'lib');
  const site = join(lib, readdirSync(lib)[0] ?? '', 'site-packages');
  const python = join(root, 'python_embeded', 'bin', 'python');
  withoutPip = { root, python, site, reset: () => fse.emptyDirSync(site) };
});
afterEach(() => {
  withPip.reset();
  withoutPip.reset();
});
afterAll(() => {
  fse.removeSync(parent);
  removeScratch();
});

const main = (): string => sampleMain(join(temporary('main'), 'project'));

it("installs into a Python without pip by another Python's pip, with scripts that name the target's", async () => {
  const { plan } = await syncPackage({ main: main(), target: withoutPip, package: { builder: withPip.python } });
  expect(plan.skipped).toBeNull();
  const script = join(withoutPip.root, 'python_embeded/bin/opencode');
  expect(text(withoutPip.root, 'python_embeded/bin/opencode').split('\n')[0]).toBe(`#!${withoutPip.python}`);
  expect(execFileSync(script, ['--version'], { encoding: 'utf8' }).trim()).toBe('1.2.0');
});

it('says that no pip was found when there is none for it', async () => {
  const ports = realPorts();
  const inner = ports.processes;
  const processes = {
    ...inner,
    run: (request: Parameters<typeof inner.run>[0]) =>
      inner.run(
        request.argv[0] === withoutPip.python
          ? request
          : { ...request, argv: request.as === 'python' ? ['false'] : request.argv },
      ),
  };
  await syncPackage({ main: main(), target: withPip });
  withPip.reset();
  const { context } = await prepare({ main: main(), target: withoutPip, ports: { ...ports, processes } });
  await expect(sitePackages.planPackage(context, 'reinstall')).rejects.toMatchObject({
    code: 'package-install-failed',
    message: expect.stringContaining('has no pip, and no other Python with pip 22.3 was found'),
    hint: expect.stringContaining('ensurepip'),
  });
});

it('keeps a wheel that fits one version of Python under that version', async () => {
  const project = main();
  const backend = 'src/opencode/backend.py';
  const tag = '"cp%d%d" % __import__("sys").version_info[:2]';
  put(project, {
    [backend]: text(project, backend)
      .replace('Tag: py3-none-any\\n"', 'Tag: " + TAG.encode() + b"-none-any\\n"')
      .replace('"-py3-none-any.whl"', '"-" + TAG + "-none-any.whl"')
      .replace('HERE =', `TAG = ${tag}\nHERE =`),
  });
  commit(project, 'build: for one version of Python');
  const ports = realPorts();
  const processes = countedProcesses(ports.processes);
  const situation = { main: project, target: withPip, ports: { ...ports, processes } };
  const { context } = await syncPackage(situation);
  withPip.reset();
  expect(context.wheels.find(await sourceKey(context, 'src/opencode'))).toBeUndefined();
  await syncPackage(situation);
  expect(processes.started.filter((entry) => entry === 'pip: -m pip wheel')).toHaveLength(1);
});

it('takes links inside the package along and leaves out, with a word, what leads out of it', async () => {
  const project = main();
  const link = (to: string, path: string): void => fse.symlinkSync(to, join(project, 'src/opencode', path));
  link('session.py', 'src/opencode/core/alias.py');
  link('../../../../../README.md', 'src/opencode/core/README.md');
  link('/etc/hostname', 'src/opencode/core/hostname');
  put(project, {
    'src/opencode/src/opencode/model.bin': `version https://git-lfs.github.com/spec/v1\noid sha256:${'1'.repeat(64)}\n`,
  });
  commit(project, 'feat: links');
  commitRawNames(project, [[Buffer.from('src/opencode/src/opencode/bad\xff.py', 'latin1'), 'x = 1\n']]);
  const { plan } = await syncPackage({ main: project, target: withPip });
  const session = text(withPip.site, 'opencode/core/session.py');
  expect(text(withPip.site, 'opencode/core/alias.py')).toBe(session);
  expect(readdirSync(join(withPip.site, 'opencode/core'))).not.toContain('README.md');
  expect(plan.warnings).toEqual([
    'src/opencode/src/opencode/core/README.md is left out of the build: it leads out of src/opencode',
    'src/opencode/src/opencode/core/hostname is left out of the build: it leads out of src/opencode',
    '"src/opencode/src/opencode/bad\\377.py" is left out of the build: its name is not UTF-8',
    'src/opencode/src/opencode/model.bin is a pointer of Git LFS, taken as committed, without the content behind it',
  ]);
});

it('turns an editable installation into files where the policy says so, leaving its checkout alone', async () => {
  const project = main();
  const clone = temporary('clone');
  fse.copySync(join(project, 'src/opencode'), clone);
  pip(withPip.python, 'install', '-q', '--no-index', '--no-deps', '--no-build-isolation', '-e', clone);
  const before = readdirSync(clone, { recursive: true }).sort();
  const prepared = await prepare({ main: project, target: withPip });
  const plan = await sitePackages.planPackage(prepared.context, 'reinstall', { onConflict: 'replace' });
  applyPlan(prepared, plan);
  expect(planLines(plan)).toContainEqual(expect.stringMatching(/^- .*__editable__\.opencode_ai\.pth$/));
  const where = execFileSync(withPip.python, ['-c', 'import opencode; print(opencode.__file__)'], { encoding: 'utf8' });
  expect(where.trim()).toBe(join(withPip.site, 'opencode/__init__.py'));
  expect(pip(withPip.python, 'check')).toContain('No broken requirements');
  expect(readdirSync(clone, { recursive: true }).sort()).toEqual(before);
});

it('is put in place and undone, byte for byte, by the transaction', async () => {
  const project = main();
  const first = await syncPackage({ main: project, target: withPip });
  setVersion(project, '1.3.0');
  put(project, { 'src/opencode/src/opencode/tool/read.py': null, 'src/opencode/src/opencode/tool/__init__.py': null });
  commit(project, 'feat!: no tools');
  execFileSync(withPip.python, ['-m', 'compileall', '-q', join(withPip.site, 'opencode')]);
  const { context, contents } = await prepare({ main: project, target: withPip, receipt: first.receipt });
  const plan = await sitePackages.planPackage(context, 'reinstall');
  const actions = plan.actions.filter((action) => action.kind === 'file');
  const { ports, layout } = context;
  const open = (run: string) =>
    openTransaction({
      ports,
      roots: layout.roots,
      target: 'ComfyUI',
      run,
      projectId: 'opencode',
      state: { journal: join(temporary('journal'), 'journal') },
    });
  const content = async (digest: string): Promise<Uint8Array> => {
    const found = contents.get(digest);
    if (found?.from === 'bytes') return found.bytes;
    if (found?.from === 'file') return ports.files.read(found.path);
    throw new Error(digest);
  };
  const states = () =>
    ports.files.walk(withPip.root).map(({ path }) => [path, ports.files.state(join(withPip.root, path))]);
  const before = states();
  const undone = open('another');
  await undone.stage(actions, content);
  await undone.swap(actions);
  expect(readdirSync(join(withPip.site, 'opencode'))).not.toContain('tool');
  expect((await undone.undo()).left).toEqual([]);
  // Bytecode of what was put back may be gone: it is outside every comparison.
  expect(states().filter(([path]) => !String(path).includes('__pycache__'))).toEqual(
    before.filter(([path]) => !String(path).includes('__pycache__')),
  );
  const done = open(context.run.id);
  await done.stage(actions, content);
  await done.swap(actions);
  await done.commit(receiptAfter({ context, contents }, plan));
  expect(execFileSync(join(withPip.root, '.venv/bin/opencode'), ['--version'], { encoding: 'utf8' }).trim()).toBe(
    '1.3.0',
  );
  expect(pip(withPip.python, 'check')).toContain('No broken requirements');
  fse.removeSync(join(withPip.root, '.lockstep'));
});
