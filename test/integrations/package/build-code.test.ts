import { describe, expect, it } from 'vitest';
import { installedGit } from '../../../src/adapters/git.ts';
import { spawnProcesses } from '../../../src/adapters/processes.ts';
import { executableHash } from '../../../src/domain/executable.ts';
import { buildCode } from '../../../src/integrations/package/build-code.ts';
import { openMainTree } from '../../../src/store/main-tree.ts';
import { commit, initRepo, put, sampleMain, temporary } from '../../fixtures/sandbox.ts';

const gitPort = installedGit(spawnProcesses(process.env), process.env);

const codeOf = async (root: string, path = '.') => {
  const repo = gitPort.open(root);
  const head = (await repo.commit('HEAD')) ?? '';
  return buildCode(openMainTree(repo, head), { name: 'opencode-ai', path, from: 'local', import: 'pkg' });
};

const project = (files: Readonly<Record<string, string>>): string => {
  const root = initRepo(temporary());
  put(root, files);
  commit(root, 'feat: one');
  return root;
};

describe('the code that runs when a package is built', () => {
  it('is the build system, and an in-tree backend with all of its text', async () => {
    const parts = await codeOf(sampleMain(temporary()), 'src/opencode');
    expect(parts.map(({ name }) => name)).toEqual([
      'building opencode-ai from src/opencode',
      expect.stringMatching(/^file src\/opencode\/.*\.py$/),
    ]);
    expect(parts[0]?.lines.join('\n')).toMatch(/build-system\.build-backend = /);
    expect(parts[1]?.lines.join('\n')).toContain('def build_wheel');
  });

  it('is none for a package that an index gives', async () => {
    const repo = gitPort.open(sampleMain(temporary()));
    const tree = openMainTree(repo, (await repo.commit('HEAD')) ?? '');
    expect(await buildCode(tree, { name: 'opencode-ai', path: 'src/opencode', from: 'index', import: 'pkg' })).toEqual(
      [],
    );
    expect(await buildCode(tree, { name: 'opencode-ai', path: null, from: 'local', import: 'pkg' })).toEqual([]);
  });

  it('stays the same when only the version, the modules and a linter change', async () => {
    const root = project({
      'pyproject.toml':
        '[build-system]\nrequires = ["hatchling"]\n[project]\nversion = "1"\n[tool.ruff]\nline-length = 80\n',
      'pkg/__init__.py': '',
    });
    const before = executableHash(await codeOf(root));
    put(root, {
      'pyproject.toml':
        '[build-system]\nrequires = ["hatchling"]\n[project]\nversion = "2"\n[tool.ruff]\nline-length = 99\n',
      'pkg/__init__.py': 'x = 1\n',
    });
    commit(root, 'feat: two');
    expect(executableHash(await codeOf(root))).toBe(before);
  });

  it.each([
    ['what the build asks for', { 'pyproject.toml': '[build-system]\nrequires = ["other"]\n' }],
    [
      'a table of the backend',
      { 'pyproject.toml': '[build-system]\nrequires = ["hatchling"]\n[tool.hatch.build]\nhook = 1\n' },
    ],
    ['setup.py', { 'setup.py': 'import os\n' }],
    ['setup.cfg', { 'setup.cfg': '[options]\n' }],
    ['a hook of hatch', { 'hatch_build.py': 'x = 1\n' }],
    [
      'a script that the build is told of',
      {
        'pyproject.toml':
          '[build-system]\nrequires = ["hatchling"]\n[tool.hatch.build.hooks.custom]\npath = "tools/hook.py"\n',
      },
    ],
    ['an unreadable pyproject.toml', { 'pyproject.toml': '[build-system' }],
  ] as const)('changes with %s', async (_what, files) => {
    const root = project({
      'pyproject.toml': '[build-system]\nrequires = ["hatchling"]\n',
      'tools/hook.py': '',
      'pkg/__init__.py': '',
    });
    const before = executableHash(await codeOf(root));
    put(root, files);
    commit(root, 'feat: two');
    expect(executableHash(await codeOf(root))).not.toBe(before);
  });

  it('changes with the text of a script that the build is told of, and of a backend that is a package', async () => {
    const root = project({
      'pyproject.toml':
        '[build-system]\nrequires = []\nbuild-backend = "own.api:main"\nbackend-path = ["build"]\n[tool.x]\npath = "tools/hook.py"\n',
      'build/own/api.py': 'a = 1\n',
      'build/own/deep/er.py': '',
      'build/beside.py': '',
      'tools/hook.py': '',
      'pkg/__init__.py': '',
    });
    const seen = new Set([executableHash(await codeOf(root))]);
    for (const path of ['build/own/api.py', 'build/own/deep/er.py', 'build/beside.py', 'tools/hook.py']) {
      put(root, { [path]: 'changed = True\n' });
      commit(root, `feat: ${path}`);
      seen.add(executableHash(await codeOf(root)));
    }
    expect(seen.size).toBe(5);
    put(root, { 'pkg/__init__.py': 'x = 1\n' });
    commit(root, 'feat: no build code');
    expect(seen.has(executableHash(await codeOf(root)))).toBe(true);
  });
});
