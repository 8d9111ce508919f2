import { join } from 'node:path';
import fse from 'fs-extra';
import { expect, it } from 'vitest';
import { nextReceipt } from '../../src/domain/next-receipt.ts';
import type { FileAction } from '../../src/domain/plan.ts';
import type { Receipt } from '../../src/domain/receipt.ts';
import { copy } from '../../src/steps/copy.ts';
import { situationOf } from '../fixtures/document-target.ts';
import { commit, initRepo, put, temporary, text } from '../fixtures/sandbox.ts';
import { openIn } from '../fixtures/staged-target.ts';
import { treeHash } from '../fixtures/tree-hash.ts';

const sync = async (dir: string, run: string, receipt: Receipt | undefined, end: 'commit' | 'undo') => {
  const { context, contents } = situationOf({ main: join(dir, 'main'), target: join(dir, 'target'), receipt });
  const plan = await copy.plan(context, {}, 'docs');
  const next = nextReceipt({
    current: receipt,
    plan: { target: 'app', commit: context.run.commit, base: null, full: false, reason: null, steps: [plan] },
    project: 'opencode-ai',
    run,
    time: '2026-02-24T00:00:00.000Z',
    complete: true,
  });
  const transaction = openIn(dir, { run });
  const actions = plan.actions.filter((action): action is FileAction => action.kind === 'file');
  await transaction.stage(actions, async (sha256) => {
    const content = contents.get(sha256);
    if (content?.from !== 'blob') throw new Error('no blob');
    return (await context.main.read([content.blob])).get(content.blob) ?? Buffer.alloc(0);
  });
  await transaction.swap(actions);
  if (end === 'commit') await transaction.commit(next);
  else await transaction.undo();
  return next;
};

it('goes through the real transaction: files that become folders, folders that become files, emptied folders; and back', async () => {
  const dir = temporary('copy-txn');
  const main = initRepo(join(dir, 'main'));
  const target = join(dir, 'target');
  fse.ensureDirSync(target);
  put(main, { 'docs/a.md': 'a1', 'docs/deep/b.md': 'b1', 'docs/old/x/c.md': 'c', 'docs/tool/t.py': 'x = 1' });
  commit(main, 'docs: one');
  const first = await sync(dir, 'run-1', undefined, 'commit');
  put(target, { 'docs/tool/__pycache__/t.cpython-312.pyc': 'bytecode', 'mine.txt': 'mine' });
  const before = treeHash(target);

  put(main, { 'docs/a.md': null, 'docs/deep': null, 'docs/old': null, 'docs/tool': null });
  put(main, { 'docs/a.md/inner.md': 'inner', 'docs/deep': 'a file now' });
  commit(main, 'docs: turned around');
  await sync(dir, 'run-2', first, 'undo');
  expect(treeHash(target)).toBe(before);

  await sync(dir, 'run-3', first, 'commit');
  expect(text(target, 'docs/deep')).toBe('a file now');
  expect(text(target, 'docs/a.md/inner.md')).toBe('inner');
  expect(fse.readdirSync(join(target, 'docs')).sort()).toEqual(['a.md', 'deep']);
  expect(text(target, 'mine.txt')).toBe('mine');
});
