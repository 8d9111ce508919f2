import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import fse from 'fs-extra';
import { describe, expect, it } from 'vitest';
import { diskFiles } from '../../../src/adapters/files.ts';
import { LockstepError } from '../../../src/domain/errors.ts';
import { checkName, checkPlace, type Place } from '../../../src/integrations/layout/place.ts';
import { put, temporary } from '../../fixtures/sandbox.ts';

const files = diskFiles(() => {});

describe('names', () => {
  it.each([
    'ComfyUI_windows_portable',
    'simple_python_app',
    'a',
    '1.x',
    'v-1',
    '_',
    'a'.repeat(100),
  ])('takes %s', (name) => {
    expect(() => checkName(name)).not.toThrow();
  });

  it.each([
    '',
    '.',
    '..',
    '.hidden',
    '-rf',
    '--all-targets',
    'a/b',
    'a\\b',
    'a b',
    'a\n',
    'é',
    'a:b',
    'a'.repeat(101),
  ])('refuses %j', (name) => {
    expect(() => checkName(name)).toThrow(LockstepError);
    expect(() => checkName(name)).toThrow(expect.objectContaining({ code: 'target-invalid' }));
  });
});

describe('places', () => {
  const sandbox = () => {
    const root = temporary('place');
    const main = join(root, 'main');
    put(root, { 'main/src/a.py': '', 'main/for_testing/app/a': '', 'app/sub/a': '', 'app2/a': '', file: '' });
    const check = (path: string, more: Partial<Place> = {}) =>
      checkPlace(files, {
        path: join(root, path),
        mainRoot: main,
        ignored: (below) => below.split('/')[0] === 'for_testing',
        others: [],
        ...more,
      });
    return { root, main, check, other: (path: string) => ({ others: [{ name: 'first', path: join(root, path) }] }) };
  };

  it('answers the real path of a folder that may be a target', async () => {
    const { root, check, other } = sandbox();
    symlinkSync(join(root, 'app'), join(root, 'link'));
    expect(await check('link')).toBe(join(root, 'app'));
    expect(await check('main/for_testing/app')).toBe(join(root, 'main/for_testing/app'));
    // Not by string prefix: app2 does not lie in app.
    expect(await check('app2', other('app'))).toBe(join(root, 'app2'));
  });

  it.each([
    ['a missing path', 'gone', 'is not there'],
    ['a file', 'file', 'is not a folder'],
    ['the main root', 'main', 'is the main project itself'],
    ['a folder around the main root', '.', 'holds the main project'],
    ['a tracked folder of main', 'main/src', 'in a folder that git does not ignore'],
  ])('refuses %s', async (_what, path, message) => {
    const { check } = sandbox();
    await expect(check(path)).rejects.toMatchObject({
      code: 'target-invalid',
      message: expect.stringContaining(message),
      hint: expect.stringMatching(/./),
    });
  });

  it('refuses the main root under another name', async () => {
    const { root, main, check } = sandbox();
    symlinkSync(main, join(root, 'alias'));
    await expect(check('alias')).rejects.toThrow('is the main project itself');
    await expect(check('main', { mainRoot: join(root, 'alias') })).rejects.toThrow('is the main project itself');
  });

  it('refuses an ignored folder that holds tracked files all the same', async () => {
    const { check } = sandbox();
    await expect(check('main/for_testing/app', { tracked: (below) => below === 'for_testing/app' })).rejects.toThrow(
      'holds files of the main project',
    );
  });

  it('refuses what shares a tree with another target, and names it', async () => {
    const { root, check, other } = sandbox();
    symlinkSync(join(root, 'app'), join(root, 'link'));
    await expect(check('link', other('app'))).rejects.toThrow('is already the target first');
    await expect(check('app', other('link'))).rejects.toThrow('is already the target first');
    await expect(check('app/sub', other('app'))).rejects.toThrow('lies inside the target first');
    await expect(check('app', other('app/sub'))).rejects.toThrow('holds the target first');
    expect(files.stat(join(root, 'app'))?.kind).toBe('dir');
  });

  it('does not stumble over another target whose folder is gone', async () => {
    const { root, check, other } = sandbox();
    fse.removeSync(join(root, 'app2'));
    expect(await check('app', other('app2'))).toBe(join(root, 'app'));
  });
});
