import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { diskTree } from '../../src/adapters/tree.ts';
import { put, temporary } from '../fixtures/sandbox.ts';

const refused = expect.objectContaining({ code: 'path-refused' });

it('takes no path that says a place in other words than its own', () => {
  const root = join(temporary('tree'), 'root');
  mkdirSync(join(root, 'docs'), { recursive: true });
  chmodSync(root, 0o755);
  const tree = diskTree({ roots: [root] });
  // Inside the roots by its parts, and yet a root itself.
  for (const path of [`${root}/docs/..`, `${root}/`, `${root}/.`]) {
    expect(() => tree.chmod(path, 0o700)).toThrow(refused);
  }
  expect(statSync(root).mode & 0o777).toBe(0o755);
  for (const path of [`${root}/docs/../a.md`, `${root}//a.md`, `${root}/./a.md`, `${root}/docs/`]) {
    expect(() => tree.write(path, Buffer.from(''), 0o644)).toThrow(refused);
  }
});

it('takes no path that depends on where Lockstep was started', () => {
  const root = temporary('tree');
  put(root, { 'docs/a.md': 'a\n' });
  const before = process.cwd();
  process.chdir(root);
  try {
    const tree = diskTree({ roots: [root] });
    expect(() => tree.flush(['docs/a.md'])).toThrow(refused);
    expect(() => tree.unlink('docs/a.md')).toThrow(refused);
  } finally {
    process.chdir(before);
  }
});
