/** A process that changes a target in one transaction of two steps, or recovers it, for its calls to be noted. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FileAction } from '../../src/domain/plan.ts';
import { recover } from '../../src/pipeline/recover.ts';
import {
  change,
  content,
  diskPorts,
  fileOf,
  folder,
  linkTo,
  nothing,
  openIn,
  receiptOf,
} from '../fixtures/staged-target.ts';

const sync = async (dir: string): Promise<void> => {
  const roots = { target: join(dir, 'target'), python: join(dir, 'venv') };
  const transaction = openIn(dir, { roots });
  const first: readonly FileAction[] = [
    change(roots, '@python/lib/mod.py', fileOf('two\n')),
    change(roots, '@python/lib/gone.py', nothing),
    change(roots, '@python/lib/new/more.py', fileOf('more\n')),
  ];
  await transaction.stage(first, content);
  await transaction.swap(first);
  const second: readonly FileAction[] = [
    change(roots, 'a.md', fileOf('a2\n', 0o755)),
    change(roots, 'tool.sh', fileOf('#!/bin/sh\n', 0o755)),
    change(roots, 'gone.md', nothing),
    change(roots, 'old/x.md', nothing),
    change(roots, 'old', nothing),
    change(roots, 'empty', nothing),
    change(roots, 'new/deep/b.md', fileOf('b\n')),
    change(roots, 'made', folder),
    change(roots, 'wide', { kind: 'dir', mode: 0o777 }),
    change(roots, 'link', linkTo('new/deep/b.md')),
    change(roots, 'old-link', nothing),
    change(roots, 'turns/in.md', nothing),
    change(roots, 'turns', fileOf('now a file\n')),
    change(roots, 'file-turns', folder),
    change(roots, 'twice.md', fileOf('two\n')),
  ];
  await transaction.stage(second, content);
  await transaction.swap(second);
  await transaction.commit(receiptOf('run-1'));
};

const [, , what = '', dir = '', backups = ''] = process.argv;
if (what === 'sync') await sync(dir);
if (what === 'recover') {
  const readBackup = (sha256: string): Buffer => readFileSync(join(backups, sha256));
  await recover({ ports: diskPorts(), state: { journal: join(dir, 'state/journal') }, readBackup });
}
