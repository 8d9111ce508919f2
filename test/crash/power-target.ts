/** What stands in a target, its Python and the state before the transaction whose power is cut. */
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const putFiles = (root: string, files: Readonly<Record<string, string>>): void => {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
};

/** What stands there before: some of every kind that a transaction touches. */
export const buildPowerTarget = (dir: string): void => {
  putFiles(join(dir, 'target'), {
    'a.md': 'a\n',
    'gone.md': 'gone\n',
    'old/x.md': 'x\n',
    'turns/in.md': 'in\n',
    'file-turns': 'f\n',
    'twice.md': 'one\n',
    'tool.sh': '#!/bin/sh\n',
    'stays.md': 'stays\n',
  });
  putFiles(join(dir, 'venv'), { 'lib/mod.py': 'one\n', 'lib/gone.py': 'gone\n' });
  symlinkSync('a.md', join(dir, 'target/link'));
  symlinkSync('a.md', join(dir, 'target/old-link'));
  mkdirSync(join(dir, 'target/empty'));
  chmodSync(join(dir, 'target/empty'), 0o750);
  mkdirSync(join(dir, 'state'));
};
