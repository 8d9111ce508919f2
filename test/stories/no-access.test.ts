import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, realpathSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fse from 'fs-extra';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type DocumentStory, documentStory, workOnDocuments } from '../fixtures/document-story.ts';
import { canShrink, onSmallDisk, type PlainUser, plainUser } from '../fixtures/plain-user.ts';
import { commit, put } from '../fixtures/sandbox.ts';
import { treeLines } from '../fixtures/tree-hash.ts';
import { type Answer, built, lastObject, lockstep, ran } from './command.ts';

const node = process.execPath;
const found = plainUser([node, built, '--version']);
const sandbox = (): string => {
  const top = realpathSync(mkdtempSync(join(tmpdir(), 'lockstep-no-access-')));
  chmodSync(top, 0o755);
  process.env.HOME = top;
  return top;
};
/** The whole folder; what Python writes when it runs is nobody's. */
const treeOf = (dir: string) => treeLines(dir, (path) => path.includes('__pycache__'));

describe.skipIf(typeof found === 'string')(
  `what may not be read or written${typeof found === 'string' ? ` (${found})` : ''}`,
  () => {
    const user = found as PlainUser;
    let story: DocumentStory;
    const run = (...words: string[]): Answer =>
      ran(story.main, [...user.words, node, built, ...words] as [string, ...string[]]);
    const tree = () => treeOf(story.target);
    const index = () => join(story.documents, 'INDEX.md');
    const state = () => join(story.main, '.git/lockstep');
    const foldersOf = (dir: string): string[] => [
      dir,
      ...fse
        .readdirSync(dir, { withFileTypes: true })
        .flatMap((entry) => (entry.isDirectory() ? foldersOf(join(dir, entry.name)) : [])),
    ];
    /** Runs something while paths have other permissions, which they get back whatever happens. */
    const withMode = <T>(paths: readonly string[], mode: number, action: () => T): T => {
      const before = paths.map((path) => fse.statSync(path).mode);
      for (const path of paths) chmodSync(path, mode);
      try {
        return action();
      } finally {
        for (const [index, path] of paths.entries()) chmodSync(path, before[index] ?? 0o755);
      }
    };

    beforeAll(() => {
      const top = sandbox();
      story = documentStory(top, user.python);
      expect(lockstep(story.main, 'sync', 'run', '--target', 'app').exit).toBe(0);
      workOnDocuments(story.main, 1);
      user.owns(top);
    });
    afterAll(() => fse.removeSync(story.top));

    it.each([
      ['a read-only target', () => foldersOf(story.target), 0o555, () => join(story.target, '.lockstep')],
      ['a target that may not be entered', () => [story.target], 0o000, () => story.target],
      ['a read-only folder of documents', () => [story.documents], 0o555, () => join(story.documents, 'INDEX.md')],
      ['a folder of documents that may not be entered', () => [story.documents], 0o000, () => story.documents],
      ['a document that may not be read', () => [index()], 0o000, index],
    ])('%s is named with what to type, exits 5 and stays as it was', (_, paths, mode, named) => {
      const before = tree();
      const answer = withMode(paths(), mode, () => run('sync', 'run', '--target', 'app'));
      expect(tree()).toEqual(before);
      expect({ exit: answer.exit, err: answer.err }).toEqual({ exit: 5, err: '' });
      expect(answer.out).toMatch(/^error app: .*permission denied \(EACCES\)$/m);
      expect(answer.out).toContain(named());
      expect(answer.out).toMatch(/^next {2}ls -ld \S+ shows whose it is; give yourself the right to it, then run/m);
      expect(fse.readdirSync(join(state(), 'journal'))).toEqual([]);
    });

    it('with --json, it is the end of the run that says so', () => {
      const answer = withMode([index()], 0o000, () => run('sync', 'run', '--target', 'app', '--json'));
      expect({ exit: answer.exit, err: answer.err }).toEqual({ exit: 5, err: '' });
      expect(lastObject(answer)).toMatchObject({
        kind: 'run.finished',
        exit: 5,
        results: [{ target: 'app', error: { code: 'disk', hint: expect.stringContaining('ls -ld') } }],
      });
    });

    it("main's state that is read-only is named with what to type, exits 5, and the target is not touched", () => {
      const before = tree();
      const locked = foldersOf(state());
      for (const words of [
        ['sync', 'run', '--target', 'app'],
        ['target', 'backup', 'app'],
        ['backup', 'prune'],
        ['target', 'update', 'app', '--hold'],
      ]) {
        const answer = withMode(locked, 0o555, () => run(...words));
        const said = answer.out + answer.err;
        expect({ words, exit: answer.exit }).toEqual({ words, exit: 5 });
        expect(said).toMatch(/^error .*permission denied \(EACCES\)$/m);
        expect(said).toContain(state());
        expect(said).toMatch(/^next {2}ls -ld \S*\.git\/lockstep\S* shows whose it is/m);
        expect(tree()).toEqual(before);
      }
    });

    it('reading needs no right to write: status, a check of the backups and a dry run work on what is read-only', () => {
      const folders = [...foldersOf(state()), ...foldersOf(story.target)];
      const { status, check, dry } = withMode(folders, 0o555, () => ({
        status: run('sync', 'status'),
        check: run('backup', 'check', '--read-data'),
        dry: run('sync', 'run', '--target', 'app', '--dry-run'),
      }));
      expect({ exit: status.exit, err: status.err }).toEqual({ exit: 0, err: '' });
      expect({ exit: check.exit, err: check.err }).toEqual({ exit: 0, err: '' });
      expect(check.out).toContain('can be restored whole: every byte was read');
      expect({ exit: dry.exit, err: dry.err }).toEqual({ exit: 0, err: '' });
      expect(dry.out).toContain('would sync');
    });

    it('a target that vanished is unknown, named, exits 5, and is not made anew', () => {
      const away = `${story.target}-away`;
      renameSync(story.target, away);
      try {
        for (const words of [
          ['sync', 'run', '--target', 'app'],
          ['sync', 'verify', '--target', 'app'],
          ['target', 'backup', 'app'],
          ['target', 'tag', 'app', '--version', 'v9'],
        ]) {
          const answer = run(...words);
          expect({ words, exit: answer.exit }).toEqual({ words, exit: 5 });
          expect(answer.out + answer.err).toContain(`app: its folder ${story.target} is not there`);
          expect(answer.out + answer.err).toContain('next  put it back, or: lockstep target remove app');
          expect(existsSync(story.target)).toBe(false);
        }
        expect(run('sync', 'status').out).toMatch(/^app +unknown .* is not there$/m);
      } finally {
        renameSync(away, story.target);
      }
    });
  },
);

const shrinks = canShrink();
describe.skipIf(!shrinks)(`a full disk${shrinks ? '' : ' (no file system may be mounted here)'}`, () => {
  let story: DocumentStory;
  /** Text that no compression makes small. */
  const large = () => `# Large\n\n${randomBytes(400_000).toString('base64')}\n`;
  const kilobytes = (dir: string) => Number(ran('/', ['du', '-sk', dir]).out.split('\t')[0]);
  const runOn = (folder: string, room: number): { answer: Answer; after: string } => {
    const after = join(story.top, 'after');
    fse.removeSync(after);
    const disk = { folder, after, size: kilobytes(folder) + room };
    return { answer: ran(story.main, onSmallDisk(disk, [node, built, 'sync', 'run', '--target', 'app'])), after };
  };

  beforeAll(() => {
    story = documentStory(sandbox());
  });
  afterAll(() => fse.removeSync(story.top));
  // What stands in the target is in no backup, and something else is to take its place.
  beforeEach(() => {
    put(story.main, { 'docs/large.md': large() });
    commit(story.main, 'docs: a large one');
    expect(lockstep(story.main, 'sync', 'run', '--target', 'app').exit).toBe(0);
    put(story.main, { 'docs/large.md': large() });
    commit(story.main, 'docs: another large one');
  });

  it('under the target is named with what to type, exits 5, and leaves the target as it was', () => {
    const before = treeOf(story.target);
    const { answer, after } = runOn(story.target, 200);
    expect(answer.out).toMatch(/^error app: writing failed for \S+: no space left on device \(ENOSPC\)$/m);
    expect(answer.out).toMatch(/^next {2}df -h \S+ shows how full it is; make room, then run the command again$/m);
    expect({ exit: answer.exit, err: answer.err }).toEqual({ exit: 5, err: '' });
    expect(treeOf(after)).toEqual(before);
  });

  it("under main's state ends before the target is touched, as no backup can be made", () => {
    const before = treeOf(story.target);
    const { answer } = runOn(join(story.main, '.git/lockstep'), 200);
    expect(answer.out).toMatch(/^error app: no backup of app could be made, so nothing was touched: .*ENOSPC/m);
    expect(answer.out).toMatch(/^next {2}df -h \S+/m);
    expect({ exit: answer.exit, err: answer.err }).toEqual({ exit: 5, err: '' });
    expect(treeOf(story.target)).toEqual(before);
  });
});
