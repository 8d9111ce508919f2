import { describe, expect, it } from 'vitest';
import type { FileState } from '../../src/domain/file-state.ts';
import type { Decision, Receipt } from '../../src/domain/receipt.ts';
import { restoredReceipt } from '../../src/domain/restore-receipt.ts';

const record = { sha256: 'synced', mode: 0o644, blob: 'blob' };
const files = { 'docs/a.md': record, 'docs/b.md': record, 'docs/c.md': record };
const then: Receipt = {
  format: 1,
  project: 'main',
  target: 'app',
  commit: 'old',
  version: null,
  run: 'r1',
  time: '2026-01-01T00:00:00.000Z',
  components: {
    docs: { commit: 'old', files, dirs: [] },
    package: { commit: 'old', files: { 'lib/m.py': { sha256: 'synced', mode: 0o644 } }, dirs: [] },
  },
  config: {},
  decisions: [],
};
const file = (sha256: string): FileState => ({ kind: 'file', sha256, mode: 0o644, size: 1 });
const entry = (component: string, path: string, state: FileState) => ({ component, path, state, mtimeNs: '0' });
const restored = (decisions: readonly Decision[] = []): readonly Decision[] =>
  restoredReceipt({
    manifest: {
      id: 'app-20260101T000000Z-0a0a',
      time: '2026-01-01T00:00:00.000Z',
      target: 'app',
      receipt: { ...then, decisions },
      entries: [
        entry('docs', 'docs/a.md', file('mine')),
        entry('docs', 'docs/b.md', { kind: 'absent' }),
        entry('docs', 'docs/c.md', file('synced')),
        entry('package', 'lib/m.py', file('mine')),
      ],
    },
    current: { ...then, commit: 'new', run: 'r2' },
    restored: new Set(['docs', 'package']),
    paths: null,
    extent: 'some components',
    project: 'main',
    run: 'r3',
    time: '2026-02-02T00:00:00.000Z',
  }).decisions;

const kept = (path: string, owner: string, cause: string): Decision => ({
  path,
  choice: 'kept',
  cause,
  main: 'blob',
  owner,
});

describe('the receipt after a restore', () => {
  it('says what the owner had changed in the copies that came back, and of nothing else', () => {
    expect(restored()).toEqual([
      kept('docs/a.md', 'mine', 'changed here'),
      kept('docs/b.md', 'deleted', 'deleted here'),
    ]);
  });

  it('keeps what was decided about the same edit, and not what was decided about another one', () => {
    const decided = kept('docs/a.md', 'mine', 'changed here and in main');
    expect(restored([decided])).toEqual([decided, kept('docs/b.md', 'deleted', 'deleted here')]);
    expect(restored([kept('docs/a.md', 'an earlier edit', 'changed here')])).toEqual(restored());
  });
});
