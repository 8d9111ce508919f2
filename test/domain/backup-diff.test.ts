import { expect, it } from 'vitest';
import type { BackupEntry } from '../../src/domain/backup.ts';
import { diffEntries } from '../../src/domain/backup-diff.ts';
import { absent, type FileState } from '../../src/domain/file-state.ts';

const file = (sha256: string, mode = 0o644): FileState => ({ kind: 'file', sha256, mode, size: 3 });
const entry = (path: string, state: FileState, mtimeNs = '1000000'): BackupEntry => ({
  path,
  component: 'docs',
  state,
  mtimeNs,
});

it('tells path by path what differs, and in what', () => {
  const before = [
    entry('same', file('a')),
    entry('gone', file('a')),
    entry('came', absent, '0'),
    entry('content', file('a')),
    entry('mode', file('a', 0o644)),
    entry('link', { kind: 'link', to: 'a' }),
    entry('kind', file('a')),
    entry('touched', file('a')),
    entry('folder', { kind: 'dir', mode: 0o755 }, '1'),
  ];
  const after = [
    entry('same', file('a'), '1000999'),
    entry('came', file('b')),
    entry('new', file('c')),
    entry('content', file('b')),
    entry('mode', file('a', 0o755)),
    entry('link', { kind: 'link', to: 'b' }),
    entry('kind', { kind: 'dir', mode: 0o755 }),
    entry('touched', file('a'), '2000000'),
    entry('folder', { kind: 'dir', mode: 0o755 }, '2'),
  ];
  expect(diffEntries(before, after).map(({ path, change, differs }) => [path, change, ...differs])).toEqual([
    ['came', 'added', 'kind'],
    ['content', 'changed', 'content'],
    ['gone', 'removed', 'kind'],
    ['kind', 'changed', 'kind'],
    ['link', 'changed', 'content'],
    ['mode', 'changed', 'mode'],
    ['new', 'added', 'kind'],
    ['touched', 'touched', 'time'],
  ]);
});
