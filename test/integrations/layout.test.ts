import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, realpathSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fse from 'fs-extra';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { diskFiles } from '../../src/adapters/files.ts';
import { spawnProcesses } from '../../src/adapters/processes.ts';
import { askPython } from '../../src/adapters/python.ts';
import { LockstepError } from '../../src/domain/errors.ts';
import type { PythonFacts } from '../../src/domain/target.ts';
import { type FoundLayout, findLayout, type LayoutRequest, layoutPlaces } from '../../src/integrations/layout.ts';
import { git, initRepo, makeVenv, pip, put, temporary } from '../fixtures/sandbox.ts';

const files = diskFiles(() => {});
const processes = spawnProcesses(process.env);
const ports = { files, python: askPython(processes, files, { timeout: 5000 }) };
const project = { packageName: 'opencode-ai', importName: 'opencode' };
const sample = fileURLToPath(new URL('../fixtures/sample-project/src/opencode', import.meta.url));
const [base = '', minor = ''] = execFileSync(
  'python3',
  ['-c', 'import sys; print(sys.executable); print("%d.%d" % sys.version_info[:2])'],
  { encoding: 'utf8' },
)
  .trim()
  .split('\n');
const posixSite = join('lib', `python${minor}`, 'site-packages');

/** A main project beside a target's folder, both empty. */
interface World {
  readonly root: string;
  readonly main: string;
  readonly target: string;
}

const world = (): World => {
  const root = temporary('layout');
  const main = initRepo(join(root, 'work/main'));
  const target = join(root, 'apps/app');
  fse.ensureDirSync(target);
  return { root, main, target };
};

const look = (at: World, more: Partial<LayoutRequest> = {}): Promise<FoundLayout> =>
  findLayout(ports, { path: at.target, mainRoot: at.main, project, ...more });

const venv = (dir: string, ...options: string[]): string => {
  execFileSync(base, ['-m', 'venv', '--without-pip', ...options, dir]);
  return join(dir, posixSite);
};

/** Writes an installed copy by hand, as pip leaves it. */
const install = (site: string, version = '1.0', init = `__version__ = "${version}"\n`): void =>
  put(site, {
    'opencode/__init__.py': init,
    [`opencode_ai-${version}.dist-info/METADATA`]: `Metadata-Version: 2.1\nName: opencode-ai\nVersion: ${version}\n\nVersion: 9\n`,
    [`opencode_ai-${version}.dist-info/RECORD`]: `opencode/__init__.py,sha256=x,${init.length}\nopencode_ai-${version}.dist-info/RECORD,,\n`,
  });

/** A project in git, to be installed editable from. */
const clone = (dir: string): string => {
  initRepo(dir);
  put(dir, { 'src/opencode/__init__.py': '', 'pyproject.toml': '' });
  return dir;
};

/** What every editable installation has; `hook` is what makes it importable. */
const editable = (site: string, checkout: string, hook: Readonly<Record<string, string>>): void =>
  put(site, {
    ...hook,
    'opencode_ai-1.1.dist-info/METADATA': 'Name: opencode-ai\nVersion: 1.1\n',
    'opencode_ai-1.1.dist-info/RECORD': Object.keys(hook)
      .map((name) => `${name},,\n`)
      .join(''),
    'opencode_ai-1.1.dist-info/direct_url.json': JSON.stringify({
      url: `file://${checkout}`,
      dir_info: { editable: true },
    }),
  });

const finderText = (map: Readonly<Record<string, string>>): string =>
  `from __future__ import annotations
import sys
from importlib.util import spec_from_file_location
from pathlib import Path

MAPPING: dict[str, str] = {${Object.entries(map)
    .map(([name, path]) => `'${name}': '${path}'`)
    .join(', ')}}
NAMESPACES: dict[str, list[str]] = {}


class _EditableFinder:
    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        if fullname in MAPPING:
            return spec_from_file_location(fullname, Path(MAPPING[fullname], "__init__.py"))
        return None


def install():
    sys.meta_path.append(_EditableFinder)
`;

const program = (path: string, text: string): void => {
  fse.ensureDirSync(dirname(path));
  writeFileSync(path, text);
  chmodSync(path, 0o755);
};

const windowsTree = (prefix: string, pth: string): string => {
  put(prefix, { 'python311._pth': pth, 'python311.dll': 'MZ', 'Scripts/pip.exe': 'MZ' });
  program(join(prefix, 'python.exe'), 'MZ\x90\x00 not for this machine');
  const site = join(prefix, 'Lib', 'site-packages');
  put(site, { 'pip-24.0.dist-info/METADATA': 'Name: pip\nVersion: 24.0\n' });
  return site;
};

interface Row {
  readonly layout: string;
  /** Makes the folder; answers what is asked for beside its path. */
  readonly make: (at: World) => Partial<LayoutRequest> | undefined;
  readonly expected: (at: World) => object;
  /** Parts of lines that must be among those shown. */
  readonly found: (at: World) => readonly string[];
}

const table: readonly Row[] = [
  {
    layout: 'a virtual environment with the package',
    make: ({ target }) => {
      install(venv(join(target, '.venv')));
      return undefined;
    },
    expected: ({ target }) => ({
      type: 'site-packages',
      roots: { target },
      pythonCause: null,
      python: { executable: join(target, '.venv/bin/python'), prefix: join(target, '.venv'), pip: null },
      site: join(target, '.venv', posixSite),
      packageDir: join(target, '.venv', posixSite, 'opencode'),
      installations: [{ version: '1.0', packageDir: join(target, '.venv', posixSite, 'opencode') }],
      checkout: null,
      linkedToMain: false,
    }),
    found: () => ['a virtual environment in .venv', 'opencode-ai 1.0 in .venv', 'no pip in it'],
  },
  {
    layout: 'a virtual environment that is found under lib and lib64 is one copy, not two',
    make: ({ target }) => {
      const dir = join(target, 'venv');
      install(venv(dir));
      fse.removeSync(join(dir, 'lib64'));
      symlinkSync('lib', join(dir, 'lib64'));
      // Seen through both names, as where platlib is lib64.
      put(join(dir, posixSite), { 'lib64.pth': `${join(dir, posixSite.replace('lib', 'lib64'))}\n` });
      return undefined;
    },
    expected: ({ target }) => ({
      installations: [{ site: join(target, 'venv', posixSite) }],
      site: join(target, 'venv', posixSite),
    }),
    found: () => ['a virtual environment in venv'],
  },
  {
    layout: 'an environment whose platlib is a real lib64 of its own',
    make: ({ target }) => {
      const dir = join(target, 'env');
      put(dir, { 'pyvenv.cfg': 'version = 3.12.4\n', 'lib/python3.12/site-packages/x.py': '' });
      install(join(dir, 'lib64/python3.12/site-packages'));
      return undefined;
    },
    expected: ({ target }) => ({
      python: { version: '3.12.4' },
      site: join(target, 'env/lib64/python3.12/site-packages'),
      installations: [{}],
      pythonCause: expect.stringContaining('holds no interpreter'),
    }),
    found: () => ['Python 3.12.4'],
  },
  {
    layout: 'an embedded Windows Python that cannot run here',
    make: ({ target }) => {
      install(windowsTree(join(target, 'python_embeded'), '../ComfyUI\npython311.zip\n.\n\nimport site\n'));
      return undefined;
    },
    expected: ({ target }) => {
      const prefix = join(target, 'python_embeded');
      const python: PythonFacts = {
        executable: join(prefix, 'python.exe'),
        version: '3.11',
        prefix,
        purelib: join(prefix, 'Lib/site-packages'),
        platlib: join(prefix, 'Lib/site-packages'),
        scripts: join(prefix, 'Scripts'),
        data: prefix,
        pip: '24.0',
        externallyManaged: false,
        platform: 'windows',
      };
      return {
        python,
        type: 'site-packages',
        roots: { target },
        pythonCause: expect.stringContaining('is a Windows program, which cannot run on this machine'),
        packageDir: join(prefix, 'Lib/site-packages/opencode'),
        installations: [{ version: '1.0', site: join(prefix, 'Lib/site-packages') }],
      };
    },
    found: () => ['a portable Python in python_embeded', 'is a Windows program', 'opencode-ai 1.0'],
  },
  {
    layout: 'an embedded Windows Python that is told to leave site-packages alone',
    make: ({ target }) => {
      install(windowsTree(join(target, 'python_embedded'), 'python311.zip\n.\n#import site\n'));
      return undefined;
    },
    expected: ({ target }) => ({
      installations: [],
      site: join(target, 'python_embedded/Lib/site-packages'),
      type: 'site-packages',
    }),
    found: () => ['python311._pth does not say `import site`', 'no package manager put it there'],
  },
  {
    layout: 'a Windows environment (Scripts, Lib)',
    make: ({ target }) => {
      const dir = join(target, 'venv');
      program(join(dir, 'Scripts/python.exe'), 'MZ');
      put(dir, { 'pyvenv.cfg': 'home = C:\\Python310\nversion = 3.10.2\n' });
      install(join(dir, 'lib/site-packages'));
      return undefined;
    },
    expected: ({ target }) => ({
      python: { version: '3.10.2', scripts: join(target, 'venv/Scripts'), platform: 'windows' },
      site: join(target, 'venv/lib/site-packages'),
      installations: [{ version: '1.0' }],
    }),
    found: () => ['Windows program'],
  },
  {
    layout: 'a portable Python that runs here',
    make: ({ target }) => {
      install(venv(join(target, 'python_embeded'), '--copies'));
      return undefined;
    },
    expected: ({ target }) => ({
      type: 'site-packages',
      pythonCause: null,
      roots: { target },
      site: join(target, 'python_embeded', posixSite),
    }),
    found: () => ['a portable Python in python_embeded'],
  },
  {
    layout: 'a conda-like environment in a subfolder',
    make: ({ target }) => {
      const dir = join(target, 'miniforge');
      install(venv(dir));
      put(dir, { 'conda-meta/history': '' });
      return undefined;
    },
    expected: ({ target }) => ({ pythonCause: null, site: join(target, 'miniforge', posixSite) }),
    found: () => ['a conda environment in miniforge'],
  },
  {
    layout: 'a conda-like environment of another machine',
    make: ({ target }) => {
      install(join(target, 'lib/python3.9/site-packages'));
      put(target, { 'conda-meta/python-3.9.18-h955ad1f_0.json': '{}' });
      program(join(target, 'bin/python'), '\xcf\xfa\xed\xfe');
      return undefined;
    },
    expected: ({ target }) => ({
      python: { version: '3.9.18', prefix: target, scripts: join(target, 'bin') },
      site: join(target, 'lib/python3.9/site-packages'),
      pythonCause: expect.stringContaining('the Python'),
    }),
    found: () => ['a conda environment'],
  },
  {
    layout: 'the folder itself is an environment, without pip and with nothing installed',
    make: ({ target }) => {
      fse.removeSync(target);
      venv(target);
      return undefined;
    },
    expected: ({ target }) => ({
      type: 'site-packages',
      python: { pip: null },
      installations: [],
      packageDir: join(target, posixSite, 'opencode'),
    }),
    found: () => ['the folder itself is a Python', 'opencode-ai is not installed', 'no pip in it'],
  },
  {
    layout: 'an environment three folders down',
    make: ({ target }) => {
      venv(join(target, 'tools/py/main'));
      venv(join(target, 'node_modules/x/y'));
      return undefined;
    },
    expected: ({ target }) => ({ python: { prefix: join(target, 'tools/py/main') } }),
    found: () => ['a virtual environment in tools/py/main'],
  },
  {
    layout: 'two environments: the one with the package is its Python',
    make: ({ target }) => {
      venv(join(target, '.venv'));
      install(venv(join(target, 'runtime')));
      return undefined;
    },
    expected: ({ target }) => ({ python: { prefix: join(target, 'runtime') } }),
    found: () => ['not used: a virtual environment in .venv'],
  },
  {
    layout: 'installed twice: the one that wins is first and shadows the other',
    make: ({ target }) => {
      const site = venv(join(target, '.venv'));
      install(site, '1.0');
      install(join(target, 'vendor'), '2.0');
      put(site, { 'vendor.pth': `${join(target, 'vendor')}\n` });
      return undefined;
    },
    expected: ({ target }) => ({
      site: join(target, '.venv', posixSite),
      installations: [{ version: '1.0' }, { version: '2.0', site: join(target, 'vendor') }],
    }),
    found: () => ['shadows opencode-ai 2.0 in vendor'],
  },
  {
    layout: 'two claims on one folder: what RECORD proves goes before what it does not',
    make: ({ target }) => {
      const site = venv(join(target, '.venv'));
      install(site, '2.0', 'an older and longer file\n');
      install(site, '1.10', 'short\n');
      return undefined;
    },
    expected: () => ({ installations: [{ version: '1.10' }, { version: '2.0' }] }),
    found: () => ['(opencode_ai-1.10.dist-info) shadows opencode-ai 2.0'],
  },
  {
    layout: 'editable by a .pth file, from a clone beside the target',
    make: ({ root, target }) => {
      const checkout = clone(join(root, 'clone'));
      editable(venv(join(target, '.venv')), checkout, { '__editable__.opencode_ai-1.1.pth': `${checkout}/src\n` });
      // The build leaves its metadata in the checkout: the same copy, seen again.
      put(checkout, { 'src/opencode_ai.egg-info/PKG-INFO': 'Name: opencode-ai\nVersion: 1.1\n' });
      return undefined;
    },
    expected: ({ root, target }) => ({
      type: 'source',
      roots: { target, checkout: join(root, 'clone') },
      checkout: join(root, 'clone'),
      packageDir: join(root, 'clone/src/opencode'),
      linkedToMain: false,
      installations: [{ version: '1.1', editable: { checkout: join(root, 'clone'), how: 'pth' } }],
    }),
    found: ({ root }) => ['editable by .pth', `writes go under ${join(root, 'clone')}`],
  },
  {
    layout: "editable by setuptools' finder, from a clone that is the target itself",
    make: ({ target }) => {
      clone(target);
      editable(venv(join(target, '.venv')), target, {
        '__editable__.opencode_ai-1.1.pth':
          'import __editable___opencode_ai_1_1_finder; __editable___opencode_ai_1_1_finder.install()',
        '__editable___opencode_ai_1_1_finder.py': finderText({ opencode: join(target, 'src/opencode') }),
      });
      return undefined;
    },
    expected: ({ target }) => ({
      type: 'source',
      roots: { target },
      checkout: target,
      packageDir: join(target, 'src/opencode'),
      installations: [{ editable: { how: 'finder' } }],
    }),
    found: () => ['editable by finder, from .'],
  },
  {
    layout: 'an editable install that a plain copy on the path shadows',
    make: ({ root, target }) => {
      const checkout = clone(join(root, 'clone'));
      const site = venv(join(target, '.venv'));
      put(site, { 'vendor.pth': `${join(target, 'vendor')}\n` });
      install(join(target, 'vendor'), '0.5');
      editable(site, checkout, {
        '__editable__.opencode_ai-1.1.pth': 'import __editable___opencode_ai_1_1_finder as f; f.install()\n',
        '__editable___opencode_ai_1_1_finder.py': finderText({ opencode: join(checkout, 'src/opencode') }),
      });
      return undefined;
    },
    expected: () => ({ type: 'site-packages', installations: [{ version: '0.5' }, { version: '1.1' }] }),
    found: () => ['opencode-ai 0.5 in vendor', 'shadows opencode-ai 1.1, editable by finder'],
  },
  {
    layout: 'a legacy egg-link',
    make: ({ root, target }) => {
      const checkout = clone(join(root, 'clone'));
      put(checkout, { 'src/opencode_ai.egg-info/PKG-INFO': 'Name: opencode-ai\nVersion: 0.7\n' });
      put(venv(join(target, '.venv')), {
        'opencode-ai.egg-link': `${checkout}/src\n../\n`,
        'easy-install.pth': `${checkout}/src\n`,
      });
      return undefined;
    },
    expected: ({ root }) => ({
      type: 'source',
      checkout: join(root, 'clone'),
      packageDir: join(root, 'clone/src/opencode'),
      installations: [{ version: '0.7', editable: { how: 'egg-link', checkout: join(root, 'clone/src') } }],
    }),
    found: () => ['editable by egg-link'],
  },
  {
    layout: 'the checkout is the main project: linked, and no root',
    make: ({ main, target }) => {
      put(main, { 'src/opencode/src/opencode/__init__.py': '' });
      const from = join(main, 'src/opencode');
      editable(venv(join(target, '.venv')), from, { '_opencode_ai.pth': `${from}/src\n` });
      return undefined;
    },
    expected: ({ main, target }) => ({
      type: 'source',
      roots: { target },
      checkout: main,
      linkedToMain: true,
      packageDir: join(main, 'src/opencode/src/opencode'),
    }),
    found: () => ['is the main project itself: linked, never written'],
  },
  {
    layout: 'the checkout is another worktree of the main project: linked all the same',
    make: ({ root, main, target }) => {
      git(main, 'commit', '-q', '--allow-empty', '-m', 'first');
      git(main, 'worktree', 'add', '-q', join(root, 'tree'));
      put(join(root, 'tree'), { 'opencode/__init__.py': '' });
      editable(venv(join(target, '.venv')), join(root, 'tree'), { '_opencode_ai.pth': `${join(root, 'tree')}\n` });
      return undefined;
    },
    expected: ({ root, target }) => ({ roots: { target }, checkout: join(root, 'tree'), linkedToMain: true }),
    found: () => ['linked, never written'],
  },
  {
    layout: 'a target inside the main project, editable from a folder of its own, is not linked to main',
    make: ({ main }) => {
      const target = join(main, 'for_testing/app');
      put(target, { 'vendored/opencode/__init__.py': '' });
      editable(venv(join(target, '.venv')), join(target, 'vendored'), { 'o.pth': `${join(target, 'vendored')}\n` });
      return { path: target };
    },
    expected: ({ main }) => ({
      type: 'source',
      roots: { target: join(main, 'for_testing/app') },
      checkout: join(main, 'for_testing/app/vendored'),
      linkedToMain: false,
    }),
    found: () => ['vendored is no clone of its own'],
  },
  {
    layout: 'a repository around both the checkout and the target is not taken for the clone',
    make: ({ root, target }) => {
      initRepo(join(root, 'apps'));
      const from = join(root, 'apps/packages/opencode');
      put(from, { 'opencode/__init__.py': '' });
      editable(venv(join(target, '.venv')), from, { 'o.pth': `${from}\n` });
      return undefined;
    },
    expected: ({ root, target }) => ({
      roots: { target, checkout: join(root, 'apps/packages/opencode') },
      checkout: join(root, 'apps/packages/opencode'),
    }),
    found: () => ['is no clone of its own'],
  },
  {
    layout: 'a Python outside the folder, named with --python',
    make: ({ root }) => {
      install(venv(join(root, 'shared')));
      return { python: join(root, 'shared/bin/python') };
    },
    expected: ({ root, target }) => ({
      roots: { target, python: join(root, 'shared') },
      pythonCause: null,
      site: join(root, 'shared', posixSite),
    }),
    found: ({ root }) => ['named with --python', `writes go under ${join(root, 'shared')}`],
  },
  {
    layout: 'an environment that is a link to one outside the folder',
    make: ({ root, target }) => {
      install(venv(join(root, 'shared')));
      symlinkSync(join(root, 'shared'), join(target, '.venv'));
      return undefined;
    },
    expected: ({ root, target }) => ({
      roots: { target, python: join(root, 'shared') },
      python: { scripts: join(root, 'shared/bin'), purelib: join(root, 'shared', posixSite) },
      packageDir: join(root, 'shared', posixSite, 'opencode'),
    }),
    found: () => ['outside its folder'],
  },
  {
    layout: 'a broken Python: a link that leads nowhere',
    make: ({ target }) => {
      const dir = join(target, '.venv');
      install(venv(dir));
      fse.removeSync(join(dir, 'bin/python3'));
      return undefined;
    },
    expected: ({ target }) => ({
      type: 'site-packages',
      pythonCause: expect.stringContaining('is a link to python3, which is not there'),
      python: { version: expect.stringContaining(minor), executable: join(target, '.venv/bin/python') },
      installations: [{ version: '1.0' }],
      site: join(target, '.venv', posixSite),
    }),
    found: () => ['it was read from its files'],
  },
  {
    layout: 'a broken Python: it exits with an error',
    make: ({ target }) => {
      const dir = join(target, '.venv');
      install(venv(dir));
      fse.removeSync(join(dir, 'bin/python'));
      program(join(dir, 'bin/python'), '#!/bin/sh\necho "ModuleNotFoundError: encodings" >&2\nexit 1\n');
      return undefined;
    },
    expected: () => ({
      pythonCause: expect.stringContaining('exits with 1: ModuleNotFoundError: encodings'),
      installations: [{ version: '1.0' }],
    }),
    found: () => ['exits with 1'],
  },
  {
    layout: 'no Python, but a site-packages folder copied there by hand',
    make: ({ target }) => {
      put(target, { 'Lib/site-packages/opencode/__init__.py': '' });
      return undefined;
    },
    expected: ({ target }) => ({
      type: 'site-packages',
      python: null,
      pythonCause: expect.stringContaining('holds no interpreter'),
      site: join(target, 'Lib/site-packages'),
      installations: [],
    }),
    found: () => ['no package manager put it there'],
  },
  {
    layout: 'no Python at all, with the type and the checkout named',
    make: ({ root }) => ({ type: 'source', checkout: clone(join(root, 'clone')) }),
    expected: ({ root, target }) => ({
      type: 'source',
      python: null,
      pythonCause: expect.stringContaining('no Python was found'),
      site: null,
      roots: { target, checkout: join(root, 'clone') },
      packageDir: join(root, 'clone/src/opencode'),
    }),
    found: () => ['no Python was found'],
  },
];

describe('what a folder is found to be', () => {
  it.each(table.map((row) => [row.layout, row] as const))('%s', async (_layout, { make, expected, found }) => {
    const at = world();
    const layout = await look(at, make(at));
    const facts = expected(at);
    expect(layout).toMatchObject(facts);
    if ('roots' in facts) expect(layout.roots).toEqual(facts.roots);
    for (const line of found(at)) expect(layout.found.join('\n')).toContain(line);
  });

  it('is the same for every spelling of the path', async () => {
    const at = world();
    install(venv(join(at.target, '.venv')));
    symlinkSync(at.target, join(at.root, 'alias'));
    expect(await look(at, { path: join(at.root, 'alias') })).toEqual(await look(at));
  });

  it('lists the roots as the registry records them', async () => {
    const at = world();
    venv(join(at.root, 'shared'));
    const layout = await look(at, { python: join(at.root, 'shared/bin/python') });
    expect(layoutPlaces(layout)).toEqual([at.target, join(at.root, 'shared')]);
  });
});

describe('where Lockstep may write', () => {
  const facts = (prefix: string, externallyManaged = false): PythonFacts => ({
    executable: join(prefix, 'bin/python3'),
    version: '3.11.2',
    prefix,
    purelib: join(prefix, 'lib/python3/dist-packages'),
    platlib: join(prefix, 'lib/python3/dist-packages'),
    scripts: join(prefix, 'bin'),
    data: prefix,
    pip: '23.0',
    externallyManaged,
    platform: 'posix',
  });
  const answered = (at: World, said: PythonFacts): Promise<FoundLayout> =>
    findLayout(
      { files, python: { inspect: async () => ({ facts: said, installations: [] }) } },
      { path: at.target, mainRoot: at.main, project, python: said.executable },
    );

  it.each([
    ['/usr', () => facts('/usr')],
    ['/usr/local', () => facts('/usr/local')],
    ['an externally managed Python', ({ root }: World) => facts(join(root, 'python'), true)],
    ['a prefix around the target', ({ target }: World) => facts(dirname(target))],
    ['a prefix around the main project', ({ main }: World) => facts(dirname(main))],
  ])('never makes a root of %s, and says so', async (_what, make) => {
    const at = world();
    const layout = await answered(at, make(at));
    expect(layout.roots).toEqual({ target: at.target });
    expect(layout.pythonCause).toContain('Lockstep writes nothing there');
    expect(layout).toMatchObject({ site: null, packageDir: null, type: 'site-packages' });
    expect(layout.found.join('\n')).toContain('Lockstep writes nothing there');
  });

  it("does not take the user's own site-packages for the target's, though the copy there wins", async () => {
    const at = world();
    const prefix = join(at.root, 'python');
    const site = join(at.root, 'home/.local/lib/python3/site-packages');
    const copy = { name: 'opencode-ai', version: '1.0', distInfo: join(site, 'd'), site, packageDir: null };
    const layout = await findLayout(
      { files, python: { inspect: async () => ({ facts: facts(prefix), installations: [copy] }) } },
      { path: at.target, mainRoot: at.main, project, python: join(prefix, 'bin/python3') },
    );
    expect(layout.site).toBe(facts(prefix).purelib);
  });

  it('makes a root of an own Python outside the folder', async () => {
    const at = world();
    expect((await answered(at, facts(join(at.root, 'python')))).roots).toMatchObject({
      python: join(at.root, 'python'),
    });
  });
});

describe('what cannot be a target', () => {
  it('is told with what was looked for and what to type', async () => {
    const at = world();
    put(at.target, { 'README.md': '' });
    const error = await look(at).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(LockstepError);
    expect(error).toMatchObject({ code: 'target-invalid', hint: expect.stringMatching(/--python.*--type/) });
    expect((error as LockstepError).details.join('\n')).toContain('python_embeded');
  });

  it('names the Python that was found and could not be used', async () => {
    const at = world();
    program(join(at.target, 'venv/bin/python'), '#!/bin/sh\nexit 3\n');
    await expect(look(at)).rejects.toMatchObject({
      code: 'target-invalid',
      details: expect.arrayContaining([expect.stringContaining('exits with 3')]),
    });
  });

  it('is a folder that is gone, and a named interpreter that is', async () => {
    const at = world();
    await expect(look(at, { path: join(at.root, 'gone') })).rejects.toMatchObject({ code: 'target-missing' });
    await expect(look(at, { python: join(at.root, 'gone/bin/python') })).rejects.toMatchObject({
      code: 'python-unusable',
      message: expect.stringContaining('is not there'),
    });
  });

  it('does not wait for ever for a Python that never answers', async () => {
    const at = world();
    program(join(at.target, '.venv/bin/python'), '#!/bin/sh\nsleep 60\n');
    install(join(at.target, '.venv', posixSite));
    const impatient = { files, python: askPython(processes, files, { timeout: 200 }) };
    const layout = await findLayout(impatient, { path: at.target, mainRoot: at.main, project });
    expect(layout.pythonCause).toContain('did not answer within 0.2 s');
    expect(layout.installations).toMatchObject([{ version: '1.0' }]);
  });
});

describe('what real tools leave', () => {
  let dir: string;
  beforeAll(() => {
    dir = realpathSync(mkdtempSync(join(tmpdir(), 'lockstep-layout-real-')));
  });
  afterAll(() => fse.removeSync(dir));

  it('finds a package that pip installed, then the clone that pip installed editable', async () => {
    const at: World = { root: dir, main: initRepo(join(dir, 'main')), target: join(dir, 'app') };
    const interpreter = makeVenv(join(at.target, '.venv'));
    const source = initRepo(join(dir, 'clone'));
    cpSync(sample, join(source, 'src/opencode'), { recursive: true });
    const offline = ['install', '-q', '--no-index', '--no-build-isolation', '--no-deps'];

    pip(interpreter, ...offline, join(source, 'src/opencode'));
    const site = join(at.target, '.venv', posixSite);
    expect(await look(at)).toMatchObject({
      type: 'site-packages',
      site,
      packageDir: join(site, 'opencode'),
      installations: [{ version: '1.2.0' }],
      checkout: null,
    });

    pip(interpreter, ...offline, '--force-reinstall', '-e', join(source, 'src/opencode'));
    const asked = await look(at);
    expect(asked).toMatchObject({
      type: 'source',
      checkout: source,
      roots: { target: at.target, checkout: source },
      packageDir: join(source, 'src/opencode/src/opencode'),
      installations: [{ editable: { checkout: join(source, 'src/opencode'), how: 'pth' } }],
    });

    // The same tree where its Python cannot run is read to the same result.
    renameSync(join(at.target, '.venv/bin/python3'), join(at.target, '.venv/bin/gone'));
    const read = await look(at);
    expect(read.pythonCause).not.toBeNull();
    for (const key of ['type', 'roots', 'site', 'installations', 'packageDir', 'checkout'] as const) {
      expect(read[key]).toEqual(asked[key]);
    }
  });
});
