import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fse from 'fs-extra';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type DocumentStory, documentStory, workOnDocuments } from '../fixtures/document-story.ts';
import { makeVenv } from '../fixtures/sandbox.ts';
import { bundle } from '../fixtures/state-ports.ts';
import { treeHash, treeLines } from '../fixtures/tree-hash.ts';
import { lastObject, lockstep } from './command.ts';

let story: DocumentStory;
const exitOf = (...words: string[]) => lockstep(story.main, ...words).exit;
const sync = () => expect(exitOf('sync', 'run', '--target', 'app')).toBe(0);

beforeAll(() => {
  story = documentStory(realpathSync(mkdtempSync(join(tmpdir(), 'lockstep-exit-'))));
  // In step is the whole target, its package too: a Python with pip, and the pipeline that installs it.
  makeVenv(join(story.target, '.venv'));
  expect(exitOf('target', 'update', 'app', '--pipeline', 'site-packages')).toBe(0);
  expect(exitOf('trust', '--yes')).toBe(0);
  sync();
});
afterAll(() => fse.removeSync(story.top));

describe('--exit-code asks whether there is something to sync', () => {
  const asking = [
    ['sync', 'detect', '--target', 'app'],
    ['sync', 'status'],
    ['sync', 'run', '--target', 'app', '--dry-run'],
  ] as const;

  /** All but where a look at a target is noted. */
  const tree = () => treeLines(story.top, (path) => path === 'main/.git/lockstep/registry.json');

  it('3 when there is, and 0 all the same when it was not asked', () => {
    workOnDocuments(story.main, 1);
    const before = tree();
    for (const words of asking) {
      expect({ words, exit: exitOf(...words, '--exit-code') }).toEqual({ words, exit: 3 });
      expect({ words, exit: exitOf(...words) }).toEqual({ words, exit: 0 });
    }
    const asJson = lockstep(story.main, ...asking[2], '--exit-code', '--json');
    expect({ exit: asJson.exit, said: lastObject(asJson).exit }).toEqual({ exit: 3, said: 3 });
    expect(tree()).toEqual(before);
  });

  it('0 when there is not', () => {
    sync();
    for (const words of asking) expect({ words, exit: exitOf(...words, '--exit-code') }).toEqual({ words, exit: 0 });
  });

  it('is no 3 and no 0 for a target that cannot be looked at', () => {
    fse.renameSync(story.target, `${story.target}-away`);
    try {
      expect(exitOf('sync', 'status', '--exit-code')).toBe(5);
      expect(exitOf('sync', 'run', '--target', 'app', '--dry-run', '--exit-code')).toBe(5);
      expect(exitOf('sync', 'status')).toBe(0);
    } finally {
      fse.renameSync(`${story.target}-away`, story.target);
    }
  });

  it('is a usage error on a run that would sync', () => {
    const answer = lockstep(story.main, 'sync', 'run', '--target', 'app', '--exit-code');
    expect(answer.exit).toBe(2);
    expect(answer.err).toContain('add --dry-run');
  });
});

describe('7 while another live process holds the lock', () => {
  let holder: ChildProcess;

  beforeEach(async () => {
    workOnDocuments(story.main, 7);
    const child = bundle('store/children/hold-lock.ts', join(story.top, 'hold-lock.mjs'));
    const lock = join(story.target, '.lockstep/lock');
    holder = spawn(process.execPath, [child, 'stay', lock], { stdio: ['ignore', 'pipe', 'inherit'] });
    while (!existsSync(lock)) {
      if (holder.exitCode !== null) throw new Error('the holder of the lock ended');
      await sleep(10);
    }
  });
  afterEach(() => void holder.kill('SIGKILL'));

  it('for whatever would write in the target, which it leaves alone; and nothing of the kind once the holder is dead', async () => {
    const before = treeHash(story.target);
    for (const words of [
      ['sync', 'run', '--target', 'app'],
      ['sync', 'docs', 'app'],
      ['target', 'tag', 'app', '--version', 'v9'],
    ]) {
      const answer = lockstep(story.main, ...words);
      const said = answer.out + answer.err;
      expect({ words, exit: answer.exit }).toEqual({ words, exit: 7 });
      expect(said).toContain(String(holder.pid));
      expect(said).toContain('staying');
      expect(said).toMatch(/^next {2}\S/m);
    }
    expect(lastObject(lockstep(story.main, 'sync', 'run', '--target', 'app', '--json'))).toMatchObject({
      exit: 7,
      results: [{ target: 'app', error: { code: 'locked' } }],
    });
    expect(treeHash(story.target)).toBe(before);
    expect(exitOf('sync', 'run', '--target', 'app', '--dry-run')).toBe(0);

    const dead = new Promise((resolve) => holder.once('exit', resolve));
    holder.kill('SIGKILL');
    await dead;
    sync();
  });
});
