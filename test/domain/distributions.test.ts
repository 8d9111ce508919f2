import { describe, expect, it } from 'vitest';
import {
  normaliseName,
  parseDirectUrl,
  parseFinder,
  parseInfoName,
  parseMetadata,
  parsePth,
  parseRecord,
} from '../../src/domain/distributions.ts';

describe('the files of an installation', () => {
  it('compares names as PEP 503 does', () => {
    for (const name of ['opencode-ai', 'OpenCode.AI', 'opencode__ai', 'opencode-_.ai']) {
      expect(normaliseName(name)).toBe('opencode-ai');
    }
  });

  it('reads name and version from the head of METADATA alone', () => {
    const text = 'Metadata-Version: 2.1\r\nName: opencode-ai\r\nVersion: 1.2.0\r\n\r\nName: other\r\nVersion: 9\r\n';
    expect(parseMetadata(text)).toEqual({ name: 'opencode-ai', version: '1.2.0' });
    expect(parseMetadata('Name: x\n\nVersion: 1\n')).toBeUndefined();
  });

  it.each([
    ['opencode_ai-1.2.0.dist-info', 'opencode_ai', '1.2.0'],
    ['opencode-ai-1.2.0.dist-info', 'opencode-ai', '1.2.0'],
    ['opencode_ai-1.2.0-py3.11.egg-info', 'opencode_ai', '1.2.0'],
    ['opencode_ai.egg-info', 'opencode_ai', ''],
    ['opencode-ai.egg-link', 'opencode-ai', ''],
  ])('reads %s', (folder, name, version) => {
    expect(parseInfoName(folder)).toEqual({ name, version });
  });

  it('reads RECORD rows with quoted paths, Windows paths and without hashes', () => {
    const text = 'a/b.py,sha256=AbC-_,12\r\n"a/x,""y"".py",sha256=q,3\r\n..\\..\\Scripts\\t.exe,,\r\nd/RECORD,,\r\n';
    expect(parseRecord(text)).toEqual([
      { path: 'a/b.py', hash: 'sha256=AbC-_', size: 12 },
      { path: 'a/x,"y".py', hash: 'sha256=q', size: 3 },
      { path: '../../Scripts/t.exe', hash: null, size: null },
      { path: 'd/RECORD', hash: null, size: null },
    ]);
  });

  it.each([
    ['{"url":"file:///a/b%20c","dir_info":{"editable":true}}', { path: '/a/b c', editable: true }],
    ['{"url":"file:///C:/a","subdirectory":"pkg","dir_info":{}}', { path: 'C:/a/pkg', editable: false }],
    ['{"url":"https://example.invalid/a.whl","archive_info":{}}', { path: null, editable: false }],
    ['{"url":7}', undefined],
    ['not json', undefined],
    ['null', undefined],
  ])('reads direct_url.json %s', (text, expected) => {
    expect(parseDirectUrl(text)).toEqual(expected);
  });

  it('takes the folders of a .pth file and leaves its code and comments', () => {
    expect(parsePth('\uFEFF/a\r\n# no\n\nimport x; x.y()\nimport\tz\n./lib  \nimportant\n')).toEqual([
      '/a',
      './lib',
      'important',
    ]);
  });

  it.each([
    ["MAPPING: dict[str, str] = {'a': '/x/a', 'b.c': '/y/it\\'s'}\n", { a: '/x/a', 'b.c': "/y/it's" }],
    ['MAPPING = {"a": "C:\\\\src\\\\a"}\n', { a: 'C:\\src\\a' }],
    ["MAPPING: dict[str, str] = {'a': '/caf\\xe9'}\n", { a: '/café' }],
    ["F.map_module('a', '/x/a/__init__.py')\n", { a: '/x/a' }],
    ['MAPPING = {}\n', {}],
    ['print("hello")\n', {}],
  ])('reads the map of a finder %j', (text, expected) => {
    expect(Object.fromEntries(parseFinder(text))).toEqual(expected);
  });
});
