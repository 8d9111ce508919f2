import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fse from 'fs-extra';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DocumentStory, documentStory } from '../fixtures/document-story.ts';
import { text } from '../fixtures/sandbox.ts';
import { built, lockstep } from './command.ts';

let story: DocumentStory;
beforeEach(() => {
  story = documentStory(realpathSync(mkdtempSync(join(tmpdir(), 'lockstep-output-'))));
});
afterEach(() => fse.removeSync(story.top));

interface Ended {
  readonly exit: number | null;
  readonly err: string;
}

/** Starts a command whose output goes nowhere: to a full device, or to a reader that leaves at once. */
const withoutReader = (to: 'full' | 'closed', ...words: readonly string[]): Promise<Ended> => {
  const full = to === 'full' ? openSync('/dev/full', 'w') : 'pipe';
  const child = spawn(process.execPath, [built, ...words], { cwd: story.main, stdio: ['ignore', full, 'pipe'] });
  if (typeof full === 'number') closeSync(full);
  child.stdout?.destroy();
  let err = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    err += chunk;
  });
  return new Promise((resolve) => child.once('close', (exit) => resolve({ exit, err })));
};

describe('output that nobody gets', () => {
  it('a reader that leaves ends no run: it goes to its end, and its exit status is the true one', async () => {
    expect(await withoutReader('closed', 'sync', 'run', '--target', 'app', '--json')).toEqual({ exit: 0, err: '' });
    expect(lockstep(story.main, 'sync', 'recover').out).toContain('nothing to recover');
    expect(text(story.documents, 'INDEX.md')).toBe(text(story.main, 'docs/INDEX.md'));
    expect((await withoutReader('closed', 'sync', 'run', '--target', 'ap', '--json')).exit).toBe(2);
  });

  it.skipIf(!fse.pathExistsSync('/dev/full'))('a full disk below it is said, and is no success', async () => {
    const { exit, err } = await withoutReader('full', 'sync', 'checklist');
    expect(exit).toBe(5);
    expect(err).toMatch(/^error the output could not be written: no space left on device/);
    expect((await withoutReader('full', 'sync', 'run', '--target', 'ap', '--json')).exit).toBe(2);
  });
});
