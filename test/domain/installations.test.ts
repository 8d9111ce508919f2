import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { diskFiles } from '../../src/adapters/files.ts';
import { findInstallations } from '../../src/domain/installations.ts';
import { put, temporary } from '../fixtures/sandbox.ts';

const files = diskFiles(() => {});
const wanted = { packageName: 'OpenCode.ai', importName: 'opencode' };
const metadata = (version: string): string => `Name: opencode-ai\nVersion: ${version}\n`;

describe('copies on a path', () => {
  it('puts a plain copy before an import hook that an earlier folder holds', () => {
    const dir = temporary('installations');
    put(dir, {
      'a/opencode_ai-2.0.dist-info/METADATA': metadata('2.0'),
      'a/opencode_ai-2.0.dist-info/RECORD': '__editable___opencode_ai_2_0_finder.py,,\n',
      'a/__editable___opencode_ai_2_0_finder.py': `MAPPING = {'opencode': '${dir}/clone/opencode'}\n`,
      'clone/opencode/__init__.py': '',
      'b/opencode/__init__.py': '',
      'b/opencode_ai-1.0.dist-info/METADATA': metadata('1.0'),
    });
    const found = findInstallations(files, [join(dir, 'a'), join(dir, 'b')], wanted);
    expect(found.map((one) => [one.version, one.packageDir])).toEqual([
      ['1.0', join(dir, 'b/opencode')],
      ['2.0', join(dir, 'clone/opencode')],
    ]);
  });

  it('counts a folder once that the path names twice, and leaves out what is no folder', () => {
    const dir = temporary('installations');
    put(dir, { 'lib/opencode_ai-1.0.dist-info/METADATA': metadata('1.0'), 'python311.zip': '' });
    symlinkSync('lib', join(dir, 'lib64'));
    const path = ['python311.zip', 'lib', 'lib64', 'gone'].map((name) => join(dir, name));
    expect(findInstallations(files, path, wanted)).toMatchObject([{ site: join(dir, 'lib') }]);
  });

  it('takes neither a longer name nor the leftovers of an interrupted pip for the package', () => {
    const dir = temporary('installations');
    put(dir, {
      'opencode_ai_tools-1.0.dist-info/METADATA': 'Name: opencode-ai-tools\nVersion: 1.0\n',
      '~pencode_ai-1.0.dist-info/METADATA': metadata('1.0'),
      'opencode-1.0.dist-info/METADATA': 'Name: opencode\nVersion: 1.0\n',
    });
    expect(findInstallations(files, [dir], wanted)).toEqual([]);
  });

  it('reads an install without RECORD or METADATA by its name and its folder', () => {
    const dir = temporary('installations');
    put(dir, { 'opencode_ai-1.0-py3.9.egg-info': metadata('1.0.1'), 'opencode/__init__.py': '' });
    expect(findInstallations(files, [dir], wanted)).toMatchObject([
      { version: '1.0.1', packageDir: join(dir, 'opencode'), distInfo: join(dir, 'opencode_ai-1.0-py3.9.egg-info') },
    ]);
  });

  it('does not guess where the package lies when RECORD lists no such folder', () => {
    const dir = temporary('installations');
    put(dir, {
      'opencode/__init__.py': '',
      'opencode_ai-1.0.dist-info/METADATA': metadata('1.0'),
      'opencode_ai-1.0.dist-info/RECORD': 'other/__init__.py,,\n',
    });
    expect(findInstallations(files, [dir], wanted)).toMatchObject([{ packageDir: null }]);
  });

  it('knows an editable install whose checkout is gone, or lies on another system', () => {
    const dir = temporary('installations');
    for (const [version, url] of [
      ['1.0', 'file:///nowhere/clone'],
      ['2.0', 'file:///C:/code/clone'],
    ]) {
      put(dir, {
        [`s${version}/opencode_ai-${version}.dist-info/METADATA`]: metadata(version ?? ''),
        [`s${version}/opencode_ai-${version}.dist-info/direct_url.json`]: JSON.stringify({
          url,
          dir_info: { editable: true },
        }),
      });
    }
    expect(findInstallations(files, [join(dir, 's1.0')], wanted)).toMatchObject([
      { packageDir: null, editable: { checkout: '/nowhere/clone' } },
    ]);
    expect(findInstallations(files, [join(dir, 's2.0')], wanted)).toMatchObject([
      { packageDir: null, editable: { checkout: 'C:/code/clone' } },
    ]);
  });
});
