import { chmodSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { askGit, runGit } from '../../src/integrations/checkout/git.ts';
import { machinePorts } from '../fixtures/machine-ports.ts';
import { commit, git, initRepo, put, temporary } from '../fixtures/sandbox.ts';

/** A clone whose own configuration starts programs, and the files that they leave when they ran. */
const armed = () => {
  const dir = temporary('clone');
  const clone = initRepo(join(dir, 'clone'));
  put(clone, { 'a.py': 'one\n' });
  commit(clone, 'feat: one');
  const program = (name: string): string => {
    const path = join(dir, name);
    put(dir, { [name]: `#!/bin/sh\ntouch ${join(dir, `${name}-ran`)}\n` });
    chmodSync(path, 0o755);
    return path;
  };
  git(clone, 'config', 'core.fsmonitor', program('monitor'));
  program('post-index-change');
  git(clone, 'config', 'core.hooksPath', dir);
  return { clone, ran: (name: string) => existsSync(join(dir, `${name}-ran`)) };
};

it("starts neither a clone's monitor nor its hooks", async () => {
  const { clone, ran } = armed();
  const context = { ports: machinePorts(), signal: new AbortController().signal };
  expect(await askGit(context, { cwd: clone, args: ['status', '--porcelain'] })).toBe('');
  await runGit(context, { cwd: clone, args: ['read-tree', 'HEAD'] });
  expect([ran('monitor'), ran('post-index-change')]).toEqual([false, false]);
  // They are armed indeed.
  git(clone, 'status', '--porcelain');
  git(clone, 'read-tree', 'HEAD');
  expect([ran('monitor'), ran('post-index-change')]).toEqual([true, true]);
});
