import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { acquireLock, rootLockPaths } from '../../src/store/lock.ts';
import { temporary } from '../fixtures/sandbox.ts';
import { statePorts } from '../fixtures/state-ports.ts';

const ports = statePorts();

const folders = (...names: readonly string[]): readonly string[] => {
  const dir = temporary('locks');
  return names.map((name) => {
    mkdirSync(join(dir, name));
    return join(dir, name);
  });
};

it('is taken at every root that a run may write in, so that a shared Python is one lock', () => {
  const roots = { target: '/t', python: '/opt/venv', checkout: '/src/clone' };
  expect(rootLockPaths(roots)).toEqual(['/t/.lockstep/lock', '/opt/venv/.lockstep/lock', '/src/clone/.lockstep/lock']);
  expect(rootLockPaths({ target: '/t', checkout: '/t' })).toEqual(['/t/.lockstep/lock']);
});

it('keeps two targets that share a Python from being written at once', async () => {
  const [one = '', two = '', python = ''] = folders('one', 'two', 'python');
  const first = await acquireLock(ports, rootLockPaths({ target: one, python }), { what: 'one' });
  await expect(acquireLock(ports, rootLockPaths({ target: two, python }), { what: 'two' })).rejects.toMatchObject({
    code: 'locked',
  });
  first.release();
  (await acquireLock(ports, rootLockPaths({ target: two, python }), { what: 'two' })).release();
});

it('is taken in one order by everybody, whatever order it was asked for in', async () => {
  const [a = '', b = '', c = ''] = folders('a', 'b', 'c');
  const paths = [c, a, b].map((root) => join(root, '.lockstep', 'lock'));
  const lock = await acquireLock(ports, paths, { what: 'test' });
  expect(lock.paths).toEqual([...paths].sort());
  lock.release();
});

it('leaves alone, when it is given back, what became the lock of another one', async () => {
  const [root = ''] = folders('root');
  const path = join(root, '.lockstep', 'lock');
  const lock = await acquireLock(ports, [path], { what: 'test' });
  const facts = JSON.parse(readFileSync(path, 'utf8')) as object;
  // A person removed the lock by hand, as its message allows, and another run took it.
  rmSync(path);
  writeFileSync(path, JSON.stringify({ ...facts, nonce: 'another', what: 'another run' }));
  lock.release();
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ what: 'another run' });
});
