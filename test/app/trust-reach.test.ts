/** Everything that a pulled commit could start here counts: each case is a change that was once not seen. */
import { chmodSync, mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fse from 'fs-extra';
import { afterAll, describe, expect, it } from 'vitest';
import { pipelineNamed } from '../../src/app/main-pipelines.ts';
import { openMain } from '../../src/app/main-project.ts';
import { changeLines, viewTrust } from '../../src/app/trust/trust.ts';
import { machinePorts } from '../fixtures/machine-ports.ts';
import { commit, put, sampleMain, temporary, text } from '../fixtures/sandbox.ts';

type Change = (root: string) => void;

let original: string | undefined;
afterAll(() => {
  if (original !== undefined) fse.removeSync(dirname(original));
});

/** Committed once, and copied for each case. */
const copyOfMain = (): string => {
  original ??= sampleMain(join(mkdtempSync(join(tmpdir(), 'lockstep-reach-')), 'main'));
  const root = join(temporary(), 'main');
  fse.copySync(original, root);
  return root;
};

const pipeline = (steps: string, after = ''): Change => {
  const file = `name: nodes\nextends: site-packages\nsteps:\n  - { before: verify, id: link, ${steps} }\n${after}`;
  return (root) => put(root, { 'pipelines/nodes.yaml': file });
};
const file =
  (path: string, content: string): Change =>
  (root) =>
    put(root, { [path]: content });
const program =
  (path: string, content: string): Change =>
  (root) => {
    put(root, { [path]: content });
    chmodSync(join(root, path), 0o755);
  };
const link =
  (path: string, to: string): Change =>
  (root) => {
    put(root, { [path]: '' });
    put(root, { [path]: null });
    symlinkSync(to, join(root, path));
  };
const setting =
  (line: string): Change =>
  (root) =>
    put(root, { 'sync.config.yaml': text(root, 'sync.config.yaml').replace('package: src/opencode', `$&\n  ${line}`) });
const suite =
  (checks: string): Change =>
  (root) =>
    put(root, {
      'sync.config.yaml': text(root, 'sync.config.yaml').replace(/^suites:$/m, `$&\n  preflight: [${checks}]`),
    });
const check = (argv: string, more = ''): string => `{ uses: command, with: { argv: [${argv}]${more} } }`;
const all =
  (...changes: readonly Change[]): Change =>
  (root) => {
    for (const change of changes) change(root);
  };
const nothing: Change = () => {};
const backend = (text: string): Change => file('src/opencode/backend.py', text);

const seen: readonly (readonly [string, Change, Change])[] = [
  ['another builder', nothing, setting('builder: ./tools/python')],
  [
    'the file that is the builder',
    all(setting('builder: tools/python'), file('tools/python', '1')),
    file('tools/python', '2'),
  ],
  ['an index that may be asked', nothing, setting('network: true')],
  ['the index that the package comes from', setting('from: index'), setting('index: https://other.example/simple')],
  [
    'another place of the state',
    nothing,
    (root) =>
      put(root, {
        'sync.config.yaml': text(root, 'sync.config.yaml').replace('version: 1', 'version: 1\nstate: ../elsewhere'),
      }),
  ],
  [
    'one more check of the same name',
    suite(check('good')),
    (root) =>
      put(root, {
        'sync.config.yaml': text(root, 'sync.config.yaml').replace('preflight: [', `preflight: [${check('bad')}, `),
      }),
  ],
  [
    'a step whose id one of `on_failure` has',
    pipeline('run: [good]', 'on_failure: [{ id: link, run: [good] }]\n'),
    pipeline('run: [bad]', 'on_failure: [{ id: link, run: [good] }]\n'),
  ],
  [
    'a script that a shell is told of',
    all(pipeline(`shell: true, run: 'python3 "$LOCKSTEP_MAIN/tools/x.py"'`), file('tools/x.py', '1')),
    file('tools/x.py', '2'),
  ],
  [
    'the same with braces and quotes',
    all(pipeline(`shell: true, run: 'python3 "\${LOCKSTEP_MAIN}"/tools/x.py'`), file('tools/x.py', '1')),
    file('tools/x.py', '2'),
  ],
  [
    'anything, where a shell goes to main itself',
    all(pipeline(`shell: true, run: 'cd "$LOCKSTEP_MAIN" && make'`), file('Makefile', '1')),
    file('Makefile', '2'),
  ],
  [
    'a folder that a shell goes to',
    all(pipeline(`shell: true, run: 'cd "$LOCKSTEP_MAIN/tools" && ./x.sh'`), file('tools/x.sh', '1')),
    file('tools/x.sh', '2'),
  ],
  [
    'a script that a script leads to',
    all(pipeline('run: [sh, tools/x.sh]'), file('tools/x.sh', 'sh $LOCKSTEP_MAIN/lib/y.sh\n'), file('lib/y.sh', '1')),
    file('lib/y.sh', '2'),
  ],
  [
    'a script that the environment names',
    all(pipeline('run: [bash, -c, ":"], env: { BASH_ENV: ../main/tools/x.sh }'), file('tools/x.sh', '1')),
    file('tools/x.sh', '2'),
  ],
  [
    'a script by a path that leads to main',
    all(pipeline('run: [python3, ../main/tools/x.py]'), file('tools/x.py', '1')),
    file('tools/x.py', '2'),
  ],
  [
    'a script in an option',
    all(pipeline('run: [tool, --plugin=tools/x.py]'), file('tools/x.py', '1')),
    file('tools/x.py', '2'),
  ],
  [
    'a script that an expression names',
    all(pipeline(`run: [python3, "\${{ run.full ? 'tools/x.py' : 'none' }}"]`), file('tools/x.py', '1')),
    file('tools/x.py', '2'),
  ],
  [
    'what a link that is named leads to',
    all(pipeline('run: [python3, tools/x.py]'), link('tools/x.py', '../lib/y.py'), file('lib/y.py', '1')),
    file('lib/y.py', '2'),
  ],
  [
    'a file that becomes a link',
    all(pipeline('run: [sh, tools/x.sh]'), file('tools/x.sh', 'y.sh'), file('tools/y.sh', '1')),
    all((root) => put(root, { 'tools/x.sh': null }), link('tools/x.sh', 'y.sh')),
  ],
  [
    'a script that a check names',
    all(suite(check('python3, tools/x.py', ', cwd: ../main')), file('tools/x.py', '1')),
    file('tools/x.py', '2'),
  ],
  [
    'a program of main that PATH could lead to',
    all(pipeline('run: [deploy]'), program('bin/deploy', '1')),
    file('bin/deploy', '2'),
  ],
  [
    'a document that is started where it was copied to',
    all(pipeline('run: [python3, "${{ target.package_dir }}/docs/run.py"]'), file('docs/run.py', '1')),
    file('docs/run.py', '2'),
  ],
  [
    'a package that the backend imports',
    all(backend('from more import x\n'), file('src/opencode/more/__init__.py', '1')),
    file('src/opencode/more/__init__.py', '2'),
  ],
  [
    'a module that one of those imports',
    all(
      backend('import more.x\n'),
      file('src/opencode/more/x.py', 'from . import y'),
      file('src/opencode/more/y.py', '1'),
    ),
    file('src/opencode/more/y.py', '2'),
  ],
  ['a package that gets in front of the standard library', nothing, file('src/opencode/zipfile/__init__.py', '1')],
  [
    'a file that the backend reads',
    all(backend('exec(open("about.txt").read())\n'), file('src/opencode/about.txt', '1')),
    file('src/opencode/about.txt', '2'),
  ],
  [
    'what the backend, a link, leads to',
    all(
      (root) => put(root, { 'src/opencode/backend.py': null }),
      link('src/opencode/backend.py', 'real/b.py'),
      file('src/opencode/real/b.py', '1'),
    ),
    file('src/opencode/real/b.py', '2'),
  ],
  [
    'a script of a native build',
    file('src/opencode/native/CMakeLists.txt', '1'),
    file('src/opencode/native/CMakeLists.txt', '2'),
  ],
];

const unseen: readonly (readonly [string, Change, Change])[] = [
  [
    'a page that a command reads',
    all(pipeline('run: [cat, "${{ target.path }}/README.md", ../main/README.md]')),
    file('README.md', 'x'),
  ],
  [
    'pages in a folder that a command names',
    pipeline('run: [tool, "${{ target.package_dir }}/docs"]'),
    file('docs/INDEX.md', 'x'),
  ],
  [
    'what lies above the folder of a script, and does not come along',
    all(pipeline('run: [pytest, tests/unit/test_x.py]'), file('tests/unit/test_x.py', '1')),
    file('tests/conftest.py', '1'),
  ],
  ['a module of the package', backend('import opencode\n'), file('src/opencode/src/opencode/more.py', '1')],
];

const made = async ([, before, after]: readonly [string, Change, Change]): Promise<readonly [string, string]> => {
  const root = copyOfMain();
  const hashNow = async (change: Change): Promise<string> => {
    change(root);
    commit(root, 'feat: more');
    return (await viewTrust(await openMain(machinePorts(), root), {})).hash;
  };
  return [await hashNow(before), await hashNow(after)];
};

describe('what is trusted', () => {
  it.each(seen)('changes with %s', async (...situation) => {
    const [before, after] = await made(situation);
    expect(after).not.toBe(before);
  });

  it.each(unseen)('stays the same for %s', async (...situation) => {
    const [before, after] = await made(situation);
    expect(after).toBe(before);
  });

  it('is shown of each of two checks that are called the same', async () => {
    const root = copyOfMain();
    suite(`${check('good')}, ${check('bad')}`)(root);
    commit(root, 'feat: more');
    const lines = changeLines((await viewTrust(await openMain(machinePorts(), root), {})).changes).join('\n');
    expect(lines).toContain('good');
    expect(lines).toContain('bad');
  });

  it('is shown with what a terminal would hide spelled out', async () => {
    const root = sampleMain(join(temporary(), 'main'));
    pipeline('run: [sh, tools/x.sh]')(root);
    file('tools/x.sh', 'evil # \u001b[2K\r# \u202ereversed\ttabbed\n')(root);
    commit(root, 'feat: more');
    const lines = changeLines((await viewTrust(await openMain(machinePorts(), root), {})).changes);
    expect(lines).toContain('    + evil # \\u{1b}[2K\\u{d}# \\u{202e}reversed\ttabbed');
  });
});

it('a pipeline that changes after it was read is not read again', async () => {
  const root = sampleMain(join(temporary(), 'main'));
  pipeline('run: [good]')(root);
  const main = await openMain(machinePorts(), root);
  const { hash } = await viewTrust(main, {});
  pipeline('run: [bad]')(root);
  expect(JSON.stringify(pipelineNamed(main, 'nodes'))).not.toContain('bad');
  expect((await viewTrust(main, {})).hash).toBe(hash);
});
