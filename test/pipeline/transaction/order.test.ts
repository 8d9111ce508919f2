import { describe, expect, it } from 'vitest';
import { absent, type FileState } from '../../../src/domain/file-state.ts';
import { swapOrder } from '../../../src/pipeline/transaction/order.ts';

const file: FileState = { kind: 'file', sha256: 'a', mode: 0o644, size: 1 };
const dir: FileState = { kind: 'dir', mode: 0o755 };
const item = (path: string, before: FileState, after: FileState) => ({ entry: { path, before, after } });
const ordered = (...items: readonly ReturnType<typeof item>[]) =>
  swapOrder(items).map(({ entry }) => `${entry.after.kind === 'absent' ? '-' : '+'}${entry.path}`);

describe('the order of putting in place', () => {
  it('is new before old goes, emptied folders last and deepest first', () => {
    expect(
      ordered(
        item('/t/old', dir, absent),
        item('/t/old/deep', dir, absent),
        item('/t/old/deep/x', file, absent),
        item('/t/b', file, file),
        item('/t/a', absent, file),
      ),
    ).toEqual(['+/t/b', '+/t/a', '-/t/old/deep/x', '-/t/old/deep', '-/t/old']);
  });

  it('first clears what is in the way, and nothing else', () => {
    expect(
      ordered(
        item('/t/other', file, absent),
        item('/t/dir/in', file, absent),
        item('/t/dir', dir, absent),
        item('/t/dir', absent, file),
        item('/t/file', file, absent),
        item('/t/file', absent, dir),
        item('/t/file/new', absent, file),
      ),
    ).toEqual(['-/t/dir/in', '-/t/file', '-/t/dir', '+/t/dir', '+/t/file', '+/t/file/new', '-/t/other']);
  });

  it('takes /t/dir-evil for no part of /t/dir', () => {
    expect(
      ordered(item('/t/dir-evil/in', file, absent), item('/t/dir', dir, absent), item('/t/dir', absent, file)),
    ).toEqual(['-/t/dir', '+/t/dir', '-/t/dir-evil/in']);
  });
});
