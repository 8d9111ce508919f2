import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { diskError } from '../../../src/adapters/disk-error.ts';
import { diskFiles } from '../../../src/adapters/files.ts';
import { diskTree } from '../../../src/adapters/tree.ts';
import { absent } from '../../../src/domain/file-state.ts';
import { swapEntry } from '../../../src/pipeline/transaction/swap.ts';
import type { FileEntry, Journal } from '../../../src/store/journal.ts';
import { put, temporary } from '../../fixtures/sandbox.ts';
import { thrown } from '../../fixtures/thrown.ts';

it('names the target’s own path, and what to do, when a file may not be moved away', async () => {
  const root = temporary('swap');
  const dir = join(root, '.lockstep/txn-1');
  mkdirSync(dir, { recursive: true });
  put(root, { 'docs/a.md': 'a\n' });
  const path = join(root, 'docs/a.md');
  const files = diskFiles(() => {});
  // As the kernel answers for an immutable file: neither a second name nor a move.
  const cause = Object.assign(new Error(`EPERM: operation not permitted, rename '${path}' -> '${dir}/h1'`), {
    code: 'EPERM',
  });
  const tree = {
    ...diskTree({ roots: [root] }),
    link: () => false,
    rename: (_from: string, to: string) => {
      throw diskError({ problem: `renaming failed for ${to}`, path: to, cause });
    },
  };
  const journal = { linkless: () => {} } as unknown as Journal;
  const entry = { path, before: files.state(path), after: absent, place: 0, stage: null, hold: 'h1' } as FileEntry;
  const places = [{ root, dir, hadFolder: true }];
  const error = await thrown(() => swapEntry({ files, tree, journal, places, linkless: new Set() }, entry));
  expect(error).toMatchObject({
    code: 'disk',
    message: `${path} cannot be replaced or removed: operation not permitted (EPERM)`,
    hint: expect.stringContaining(`chattr -i ${path}`),
  });
  expect(error.hint).not.toContain('.lockstep');
});
