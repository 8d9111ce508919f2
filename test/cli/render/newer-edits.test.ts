import { expect, it } from 'vitest';
import { newerEditsLine } from '../../../src/cli/render/newer-edits.ts';

it('names the files whose edits a restore replaces, ten of them at most', () => {
  const paths = Array.from({ length: 12 }, (_, n) => `docs/${n}.md`);
  expect(newerEditsLine([], 'done')).toEqual([]);
  expect(newerEditsLine(['docs/0.md'], 'done')).toEqual([
    '1 file with newer edits was replaced, after a backup: docs/0.md',
  ]);
  expect(newerEditsLine(paths.slice(0, 10), 'would be')).toEqual([
    `10 files with newer edits would be replaced, after a backup: ${paths.slice(0, 10).join(', ')}`,
  ]);
  expect(newerEditsLine(paths, 'done')).toEqual([
    `12 files with newer edits were replaced, after a backup: ${paths.slice(0, 10).join(', ')}, and 2 more`,
  ]);
});
