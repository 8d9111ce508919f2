import { spawnSync } from 'node:child_process';
import { copyFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { TargetStatusReport } from '../../src/app/status.ts';
import { postMerge } from '../../src/hooks/post-merge.ts';
import { prePush } from '../../src/hooks/pre-push.ts';
import { commit, git, initRepo, put, temporary } from '../fixtures/sandbox.ts';

const husky = fileURLToPath(new URL('../../.husky', import.meta.url));
const hooks = [prePush, postMerge];

/** A repository with this one's hooks and with what is given as its build. */
const checkout = (build?: string): string => {
  const root = initRepo(join(temporary('hooks'), 'a checkout'));
  put(root, { 'README.md': 'a\n', '.gitignore': 'dist/\n' });
  for (const { name } of hooks) {
    put(root, { [`.husky/${name}`]: '' });
    copyFileSync(join(husky, name), join(root, '.husky', name));
  }
  if (build !== undefined) put(root, { 'dist/main.js': build, 'package.json': '{"type": "module"}\n' });
  commit(root, 'feat: first');
  return root;
};

/** Runs a hook the way husky does: by `sh -e`, with a line of git's on standard input. */
const run = (root: string, name: string, env: Readonly<Record<string, string>> = {}) => {
  const line = `refs/heads/main ${'1'.repeat(40)} refs/heads/main ${'0'.repeat(40)}\n`;
  const result = spawnSync('sh', ['-e', join(root, '.husky', name), 'origin', 'url of origin'], {
    cwd: root,
    input: line.repeat(20_000),
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  const lines = result.stderr.split('\n').filter((text) => text !== '');
  return { status: result.status, error: result.error, out: result.stdout, lines };
};

const silent = { status: 0, error: undefined, out: '', lines: [] };

describe.each(hooks.map(({ name }) => name))('the %s hook of this repository', (name) => {
  const tells = 'process.stderr.write(JSON.stringify([process.argv.slice(2), process.env.LOCKSTEP_HOOK]));';

  it('passes in silence when nothing is built', () => {
    expect(run(checkout(), name)).toEqual(silent);
  });

  it('passes with one line when the build throws', () => {
    const result = run(checkout("throw new Error('broken');"), name);
    expect(result).toMatchObject({ status: 0, error: undefined, out: '' });
    expect(result.lines).toEqual([
      `lockstep ${name}: skipped, the build in dist/ does not work here; npm run build makes it anew`,
    ]);
  });

  it.each([
    ['is no JavaScript', 'this is not JavaScript'],
    ['is empty', ''],
    ['blocks', 'process.exit(1)'],
    ['is killed', "process.kill(process.pid, 'SIGKILL')"],
    ['lacks a part', "import './chunks/gone.js';"],
  ])('passes when the build %s', (_, build) => {
    const result = run(checkout(build), name);
    expect(result).toMatchObject({ status: 0, error: undefined });
    expect(result.lines.length).toBeLessThanOrEqual(1);
  });

  it('hands git’s arguments to the build, and shows what it says', () => {
    const result = run(checkout(tells), name);
    expect(result).toMatchObject({ status: 0, error: undefined });
    expect(JSON.parse(result.lines[0] ?? '')).toEqual([['hook', name, 'origin', 'url of origin'], name]);
  });

  it('starts nothing under LOCKSTEP=0, nor from within a hook', () => {
    const built = checkout(tells);
    expect(run(built, name, { LOCKSTEP: '0' })).toEqual(silent);
    expect(run(built, name, { LOCKSTEP_HOOK: 'pre-push' })).toEqual(silent);
  });

  it('passes where there is no repository, and where there is no node', () => {
    const root = checkout('process.exit(1)');
    expect(run(root, name, { GIT_DIR: join(root, 'nowhere') })).toEqual(silent);
    const path = temporary('path');
    const tool = (program: string): string =>
      spawnSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).stdout.trim();
    for (const program of ['git', 'cat', 'sh']) put(path, { [program]: '' });
    for (const program of ['git', 'cat', 'sh']) {
      spawnSync('ln', ['-sf', tool(program), join(path, program)]);
    }
    expect(run(root, name, { PATH: path })).toEqual(silent);
  });
});

it('lets a real push and a real merge through when the build is broken', () => {
  const root = checkout("throw new Error('broken');");
  git(root, 'config', 'core.hooksPath', '.husky');
  for (const { name } of hooks)
    spawnSync(
      'sh',
      ['-c', `printf '#!/bin/sh\\n' | cat - "$1" > t && mv t "$1" && chmod +x "$1"`, 'sh', join(root, '.husky', name)],
      { cwd: root },
    );
  const remote = join(dirname(root), 'remote.git');
  git(root, 'init', '--quiet', '--bare', remote);
  git(root, 'push', '--quiet', remote, 'HEAD:refs/heads/main');
  expect(git(remote, 'rev-parse', 'refs/heads/main')).toBe(git(root, 'rev-parse', 'HEAD'));
  git(root, 'checkout', '--quiet', '-b', 'side');
  put(root, { 'b.md': 'b\n' });
  const side = commit(root, 'feat: second');
  git(root, 'checkout', '--quiet', '-');
  git(root, 'merge', '--quiet', 'side');
  expect(git(root, 'rev-parse', 'HEAD').trim()).toBe(side.trim());
});

it('keeps a script for each hook of the registry, and no other', () => {
  const scripts = readdirSync(husky).filter((name) => name !== '_');
  expect(scripts.sort()).toEqual(hooks.map(({ name }) => name).sort());
});

describe('what a hook says', () => {
  const report = (target: string, behind: readonly string[]): TargetStatusReport => ({
    target,
    path: target,
    type: 'site-packages',
    status: behind.length === 0 ? 'synchronized' : 'needs_sync',
    cause: '',
    behind,
    priority: null,
    commit: null,
    version: null,
    lastSync: null,
    backups: 0,
    verified: null,
    quarantine: [],
  });

  it.each(hooks)('$name is silent when nothing is behind', ({ line }) => {
    expect(line([])).toBeUndefined();
    expect(line([report('a', [])])).toBeUndefined();
  });

  it('names the targets that are behind, and the command that brings them in step', () => {
    const reports = [report('comfyui', ['docs: 2 files']), report('app', []), report("ada's app", ['package: older'])];
    expect(prePush.line(reports)).toBe(
      "comfyui, ada's app need a sync of what is pushed: lockstep sync run --target comfyui --target 'ada'\\''s app'",
    );
    expect(postMerge.line(reports.slice(0, 2))).toBe(
      'comfyui is behind after this merge: lockstep sync run --target comfyui',
    );
  });

  it('names no more than five of many', () => {
    const many = Array.from({ length: 8 }, (_, index) => report(`t${index}`, ['docs: 1 file']));
    expect(prePush.line(many)).toContain('t4 and 3 more need');
  });
});
