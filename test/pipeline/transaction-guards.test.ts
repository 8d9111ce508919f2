import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LockstepError } from '../../src/domain/errors.ts';
import { recover } from '../../src/pipeline/recover.ts';
import { undoEntries } from '../../src/pipeline/transaction/undo.ts';
import { commit, git, initRepo, put, temporary, text } from '../fixtures/sandbox.ts';
import { change, content, diskPorts, fileOf, nothing, openIn, receiptOf } from '../fixtures/staged-target.ts';
import { treeLines } from '../fixtures/tree-hash.ts';

it('moves no branch outside of the roots that a journal names', async () => {
  const dir = temporary('txn');
  const outside = initRepo(join(dir, 'outside'));
  put(outside, { 'a.py': 'one\n' });
  const before = commit(outside, 'feat: one');
  put(outside, { 'a.py': 'two\n' });
  const after = commit(outside, 'feat: two');
  const target = join(dir, 'target');
  put(target, { 'own.txt': 'own\n' });
  const ports = diskPorts();
  const place = { root: target, dir: join(target, '.lockstep', 'txn-x'), hadFolder: false };
  const tree = ports.openTree({ roots: [target] });
  const ground = { ...ports, tree, places: [place], linkless: new Set<number>(), run: 'run-1', externals: [] };
  const entry = { kind: 'ref', id: 1, checkout: outside, ref: 'refs/heads/main', before, after } as const;
  const report = await undoEntries(ground, [entry]);
  expect(report).toMatchObject({ restored: 0, left: [{ cause: expect.stringContaining('outside') }] });
  expect(git(outside, 'rev-parse', 'main')).toBe(after);
});

describe('while something cannot be put back', () => {
  /** A run that was cut off after it removed a document; the disk then fails on renames into `docs`. */
  const stuck = async () => {
    const dir = temporary('recover');
    const target = join(dir, 'target');
    put(target, { 'docs/a.md': 'a\n', 'docs/b.md': 'b\n' });
    const before = treeLines(target);
    const actions = [change({ target }, 'docs/a.md', nothing), change({ target }, 'docs/b.md', fileOf('b2\n'))];
    const transaction = openIn(dir);
    await transaction.stage(actions, content);
    await transaction.swap(actions);
    const ports = diskPorts();
    const failing: typeof ports = {
      ...ports,
      openTree: (bounds) => {
        const tree = ports.openTree(bounds);
        return {
          ...tree,
          rename: (from, to) => {
            if (to === join(target, 'docs/a.md')) throw new LockstepError('disk', `renaming failed for ${to}: EIO`);
            tree.rename(from, to);
          },
        };
      },
    };
    const journals = () => readdirSync(join(dir, 'state', 'journal'));
    const run = (on: typeof ports) => recover({ ports: on, state: { journal: join(dir, 'state', 'journal') } });
    return { target, before, ports, failing, journals, run };
  };

  it('keeps the journal and what is held, says which path, and brings it back later', async () => {
    const { target, before, ports, failing, journals, run } = await stuck();
    expect(await run(failing)).toMatchObject([
      { outcome: 'blocked', unfinished: [{ path: join(target, 'docs/a.md'), cause: expect.stringContaining('EIO') }] },
    ]);
    expect(journals()).toHaveLength(1);
    expect(existsSync(join(target, '.lockstep'))).toBe(true);
    expect(text(target, 'docs/b.md')).toBe('b\n');
    expect(await run(ports)).toMatchObject([{ outcome: 'undone' }]);
    expect(journals()).toEqual([]);
    expect(treeLines(target)).toEqual(before);
  });
});

describe('what came after the plan', () => {
  /** A transaction that replaces `docs/a.md`, and the names of what its swap renames and links. */
  const planned = async (dir: string) => {
    const target = join(dir, 'target');
    put(target, { 'docs/a.md': 'a\n' });
    const ports = diskPorts();
    const moved: string[] = [];
    const watched: typeof ports = {
      ...ports,
      openTree: (bounds) => {
        const tree = ports.openTree(bounds);
        return {
          ...tree,
          rename: (from, to) => {
            moved.push(from);
            tree.rename(from, to);
          },
          link: (from, to) => {
            moved.push(from);
            return tree.link(from, to);
          },
        };
      },
    };
    const actions = [change({ target }, 'docs/a.md', fileOf('a2\n'))];
    const transaction = openIn(dir, { ports: watched });
    await transaction.stage(actions, content);
    return { target, moved, swap: () => transaction.swap(actions), path: join(target, 'docs', 'a.md') };
  };

  it('is not moved for a moment, when it is a folder that somebody works in', async () => {
    const { moved, swap, path } = await planned(temporary('txn'));
    rmSync(path);
    mkdirSync(path);
    put(path, { 'work.txt': 'work\n' });
    await expect(swap()).rejects.toMatchObject({ code: 'target-changed' });
    expect(moved).toEqual([]);
    expect(text(path, 'work.txt')).toBe('work\n');
  });

  it('is not held, when it is a link', async () => {
    const { moved, swap, path } = await planned(temporary('txn'));
    rmSync(path);
    symlinkSync('elsewhere.md', path);
    await expect(swap()).rejects.toMatchObject({ code: 'target-changed' });
    expect(moved).toEqual([]);
  });
});

it('refuses a plan that leads through a link further up, before anything is touched', async () => {
  const dir = temporary('txn');
  const target = join(dir, 'target');
  put(dir, { 'target/own.txt': 'own\n', 'elsewhere/sub/a.md': 'a\n' });
  symlinkSync(join(dir, 'elsewhere'), join(target, 'docs'));
  const before = treeLines(target);
  const action = { ...change({ target }, 'docs/sub/b.md', fileOf('b\n')), before: nothing };
  await expect(openIn(dir).stage([action], content)).rejects.toMatchObject({ code: 'path-refused' });
  expect(treeLines(target)).toEqual(before);
  expect(existsSync(join(dir, 'state'))).toBe(false);
});

it('calls a journal damaged that knows nothing of what is held, and loses none of it', async () => {
  const dir = temporary('recover');
  const target = join(dir, 'target');
  put(target, { 'docs/a.md': 'a\n' });
  const actions = [change({ target }, 'docs/a.md', fileOf('a2\n'))];
  const transaction = openIn(dir);
  await transaction.stage(actions, content);
  await transaction.swap(actions);
  const folder = join(dir, 'state', 'journal');
  const journal = join(folder, readdirSync(folder)[0] ?? '');
  // A disk that lost the lines it had promised to keep.
  writeFileSync(journal, readFileSync(journal, 'utf8').split('\n').slice(0, 1).join('\n'));
  expect(await recover({ ports: diskPorts(), state: { journal: folder } })).toMatchObject([
    { outcome: 'blocked', cause: expect.stringContaining('damaged') },
  ]);
  expect(existsSync(journal)).toBe(true);
  const held = readdirSync(join(target, '.lockstep')).map((name) => join(target, '.lockstep', name));
  const kept = held.flatMap((place) => readdirSync(place).map((name) => readFileSync(join(place, name), 'utf8')));
  expect(kept).toContain('a\n');
});

it('undoes a run that was cut off though the receipt of an earlier one stands', async () => {
  const dir = temporary('recover');
  const target = join(dir, 'target');
  put(target, { 'docs/a.md': 'a\n' });
  const first = [change({ target }, 'docs/a.md', fileOf('a2\n'))];
  const done = openIn(dir);
  await done.stage(first, content);
  await done.swap(first);
  await done.commit(receiptOf('run-1'));
  const before = treeLines(target);
  const second = [change({ target }, 'docs/a.md', fileOf('a3\n'))];
  const cutOff = openIn(dir, { run: 'run-2' });
  await cutOff.stage(second, content);
  await cutOff.swap(second);
  expect(await recover({ ports: diskPorts(), state: { journal: join(dir, 'state', 'journal') } })).toMatchObject([
    { run: 'run-2', outcome: 'undone', restored: 1 },
  ]);
  expect(treeLines(target)).toEqual(before);
});
