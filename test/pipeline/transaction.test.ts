import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LockstepError } from '../../src/domain/errors.ts';
import type { FileState } from '../../src/domain/file-state.ts';
import type { FileAction } from '../../src/domain/plan.ts';
import { readJournal } from '../../src/store/journal.ts';
import { openReceipts } from '../../src/store/receipts.ts';
import { commit, git, initRepo, put, temporary, text } from '../fixtures/sandbox.ts';
import {
  apply,
  change,
  content,
  diskPorts,
  fileOf,
  folder,
  journalsIn,
  linkTo,
  nothing,
  openIn,
  receiptOf,
} from '../fixtures/staged-target.ts';
import { thrown } from '../fixtures/thrown.ts';
import { treeHash, treeLines } from '../fixtures/tree-hash.ts';

const makeTarget = (files: Readonly<Record<string, string>> = {}) => {
  const dir = temporary('txn');
  const target = join(dir, 'target');
  put(target, { 'docs/a.md': 'a\n', 'docs/gone.md': 'gone\n', 'own/notes.txt': 'mine\n', ...files });
  const roots = { target };
  const plan = (path: string, after: FileState): FileAction => change(roots, path, after);
  return { dir, target, roots, plan, at: (path: string) => join(target, path) };
};

describe('a committed transaction', () => {
  it('holds exactly what was planned, and nothing of the staging', async () => {
    const { dir, target, plan, at } = makeTarget();
    const transaction = openIn(dir);
    await apply(transaction, [
      plan('docs/a.md', fileOf('a2\n')),
      plan('docs/gone.md', nothing),
      plan('docs/new/deep/b.sh', fileOf('b\n', 0o755)),
      plan('docs/link', linkTo('a.md')),
    ]);
    expect(await transaction.commit(receiptOf('run-1'))).toEqual([]);
    expect(treeLines(target).map((line) => line.replace(/ [0-9a-f]{64}$/, ''))).toEqual([
      'dir .lockstep 755',
      'file .lockstep/.gitignore 644',
      'dir .lockstep/receipts 755',
      'file .lockstep/receipts/opencode-ai.json 644',
      'dir docs 755',
      'file docs/a.md 644',
      'link docs/link -> a.md',
      'dir docs/new 755',
      'dir docs/new/deep 755',
      'file docs/new/deep/b.sh 755',
      'dir own 755',
      'file own/notes.txt 644',
    ]);
    expect(readFileSync(at('docs/a.md'), 'utf8')).toBe('a2\n');
    expect(openReceipts(diskPorts()).read({ target }, 'opencode-ai')).toEqual(receiptOf('run-1'));
    expect(journalsIn(dir)).toEqual([]);
  });

  it('is no change to git in the target, neither while it lasts nor after', async () => {
    const { dir, target, plan } = makeTarget();
    initRepo(target);
    commit(target, 'feat: owner');
    const transaction = openIn(dir);
    const actions = [plan('docs/a.md', fileOf('a2\n'))];
    await transaction.stage(actions, content);
    expect(git(target, 'status', '--porcelain')).toBe('');
    await transaction.swap(actions);
    await transaction.commit(receiptOf('run-1'));
    expect(git(target, 'status', '--porcelain')).toBe('M docs/a.md');
  });

  it('writes nothing at all before it has something to do', async () => {
    const { dir, target, plan } = makeTarget();
    const before = treeHash(dir);
    const transaction = openIn(dir);
    const same = plan('docs/a.md', fileOf('a\n'));
    await apply(transaction, [same]);
    expect(await transaction.undo()).toEqual({ restored: 0, left: [], unfinished: [] });
    expect(treeHash(dir)).toBe(before);
    expect(existsSync(join(target, '.lockstep'))).toBe(false);
  });

  it('changes only the receipt when only the commit is new', async () => {
    const { dir, target } = makeTarget();
    await openIn(dir).commit(receiptOf('run-1'));
    const before = treeLines(target);
    await openIn(dir, { run: 'run-2' }).commit(receiptOf('run-2'));
    const changed = treeLines(target).filter((line) => !before.includes(line));
    expect(changed).toHaveLength(1);
    expect(changed[0]).toContain('.lockstep/receipts/opencode-ai.json');
  });

  it('refuses to commit what was staged and never put in place, and a receipt of another run', async () => {
    const { dir, plan } = makeTarget();
    const transaction = openIn(dir);
    await transaction.stage([plan('docs/a.md', fileOf('a2\n'))], content);
    await expect(transaction.commit(receiptOf('run-1'))).rejects.toThrow(/never put in place/);
    await expect(openIn(dir).commit(receiptOf('run-9'))).rejects.toThrow(/another run/);
  });

  it('stops before the commit point when the receipt was changed meanwhile, and can be undone', async () => {
    const { dir, target, plan } = makeTarget();
    await openIn(dir).commit(receiptOf('run-1'));
    const before = treeHash(target, (path) => path === '.lockstep');
    const transaction = openIn(dir, { run: 'run-2' });
    await apply(transaction, [plan('docs/a.md', fileOf('a2\n'))]);
    put(target, { '.lockstep/receipts/opencode-ai.json': '{}' });
    expect((await thrown(() => transaction.commit(receiptOf('run-2')))).code).toBe('target-changed');
    await transaction.undo();
    expect(treeHash(target, (path) => path === '.lockstep')).toBe(before);
    expect(text(target, '.lockstep/receipts/opencode-ai.json')).toBe('{}');
  });

  it('can be neither undone nor used again', async () => {
    const { dir, plan } = makeTarget();
    const transaction = openIn(dir);
    const action = plan('docs/a.md', fileOf('a2\n'));
    await transaction.commit(receiptOf('run-1'));
    await expect(transaction.undo()).rejects.toThrow(/restore its backup/);
    await expect(transaction.stage([action], content)).rejects.toThrow(/committed/);
  });
});

describe('undo', () => {
  it('leaves the whole tree as it was: new, changed, removed, folders, links, modes, a first sync', async () => {
    const { dir, target, plan, at } = makeTarget({
      'docs/old/x.md': 'x\n',
      'docs/turns-folder': 'file\n',
      'docs/turns-file/in.md': 'in\n',
      'tool.sh': 'tool\n',
    });
    symlinkSync('a.md', at('docs/link'));
    symlinkSync('a.md', at('docs/link-goes'));
    symlinkSync('a.md', at('docs/link-turns'));
    mkdirSync(at('empty'), { mode: 0o750 });
    chmodSync(at('docs/old'), 0o711);
    const before = treeLines(target);
    const transaction = openIn(dir);
    await apply(transaction, [
      plan('docs/a.md', fileOf('a2\n')),
      plan('docs/gone.md', nothing),
      plan('docs/old', nothing),
      plan('docs/old/x.md', nothing),
      plan('docs/new/b.md', fileOf('b\n')),
      plan('made', folder),
      plan('empty', nothing),
      plan('tool.sh', fileOf('tool\n', 0o755)),
      plan('docs/link', linkTo('gone.md')),
      plan('docs/link-goes', nothing),
      plan('docs/link-turns', fileOf('no link\n')),
      plan('docs/turns-folder', nothing),
      plan('docs/turns-folder/c.md', fileOf('c\n')),
      plan('docs/turns-file/in.md', nothing),
      plan('docs/turns-file', fileOf('now a file\n')),
    ]);
    expect(statSync(at('docs/turns-file')).isFile()).toBe(true);
    expect(readFileSync(at('docs/turns-folder/c.md'), 'utf8')).toBe('c\n');
    expect(existsSync(at('docs/old'))).toBe(false);
    expect(statSync(at('made')).isDirectory()).toBe(true);
    expect((await transaction.undo()).left).toEqual([]);
    expect(treeLines(target)).toEqual(before);
    expect(journalsIn(dir)).toEqual([]);
    expect(await transaction.undo()).toEqual({ restored: 0, left: [], unfinished: [] });
  });

  it('brings back the same file, not a copy: inode, times and hard links', async () => {
    const { dir, plan, at } = makeTarget();
    utimesSync(at('docs/a.md'), 1_600_000_000, 1_600_000_000);
    const facts = () => {
      const { ino, mtimeMs, nlink } = statSync(at('docs/a.md'));
      return { ino, mtimeMs, nlink };
    };
    const before = facts();
    const transaction = openIn(dir);
    await apply(transaction, [plan('docs/a.md', fileOf('a2\n')), plan('docs/gone.md', nothing)]);
    await transaction.undo();
    expect(facts()).toEqual(before);
  });

  it('puts back across steps, also when one changed what another had written', async () => {
    const { dir, target, plan } = makeTarget();
    const before = treeLines(target);
    const transaction = openIn(dir);
    await apply(transaction, [plan('docs/a.md', fileOf('a2\n')), plan('docs/gone.md', nothing)]);
    await apply(transaction, [plan('docs/a.md', fileOf('a\n')), plan('docs/gone.md', fileOf('again\n'))]);
    await apply(transaction, [plan('docs/a.md', fileOf('a3\n')), plan('docs/gone.md', nothing)]);
    await transaction.undo();
    expect(treeLines(target)).toEqual(before);
  });

  it('leaves alone, and reports, what the owner changed after it was put in place', async () => {
    const { dir, target, plan, at } = makeTarget();
    const transaction = openIn(dir);
    await apply(transaction, [
      plan('docs/a.md', fileOf('a2\n')),
      plan('docs/gone.md', nothing),
      plan('docs/new/b.md', fileOf('b\n')),
      plan('made', folder),
    ]);
    put(target, { 'docs/a.md': 'the owner was here\n', 'docs/new/b.md': 'and here\n', 'made/own.md': 'own\n' });
    const report = await transaction.undo();
    expect(report.unfinished).toEqual([]);
    expect(report.left.map(({ path }) => path).sort()).toEqual(
      [at('docs/a.md'), at('docs/new/b.md'), at('made')].sort(),
    );
    expect(text(target, 'docs/a.md')).toBe('the owner was here\n');
    expect(text(target, 'docs/new/b.md')).toBe('and here\n');
    expect(text(target, 'docs/gone.md')).toBe('gone\n');
    expect(report.left.every(({ cause }) => cause.length > 10)).toBe(true);
    expect(existsSync(at('.lockstep'))).toBe(false);
  });

  it('has nothing to say about a path whose turn never came', async () => {
    const { dir, target, plan } = makeTarget();
    const transaction = openIn(dir);
    const first = [plan('docs/a.md', fileOf('a2\n'))];
    const second = [plan('docs/gone.md', nothing), plan('own/notes.txt', fileOf('n\n'))];
    await transaction.stage([...first, ...second], content);
    await transaction.swap(first);
    put(target, { 'docs/gone.md': null, 'own/notes.txt': 'edited meanwhile\n' });
    expect(await transaction.undo()).toEqual({ restored: 1, left: [], unfinished: [] });
    expect(text(target, 'own/notes.txt')).toBe('edited meanwhile\n');
  });

  it("takes a file that the owner made alike for the owner's, as long as its own is still staged", async () => {
    const { dir, target, plan, at } = makeTarget();
    const transaction = openIn(dir);
    const actions = [plan('docs/a.md', fileOf('a2\n')), plan('docs/b.md', fileOf('b\n'))];
    await transaction.stage(actions, content);
    put(target, { 'docs/a.md': 'a2\n', 'docs/b.md': 'b\n' });
    expect((await thrown(() => transaction.swap(actions))).code).toBe('target-changed');
    await transaction.undo();
    expect(text(target, 'docs/a.md')).toBe('a2\n');
    expect(readFileSync(at('docs/b.md'), 'utf8')).toBe('b\n');
  });

  it('keeps what was written to the old file through an open handle while it was held', async () => {
    const { dir, target, plan, at } = makeTarget();
    const transaction = openIn(dir);
    await apply(transaction, [plan('docs/a.md', fileOf('a2\n'))]);
    const [place] = readdirSync(at('.lockstep'));
    const held = readdirSync(at(`.lockstep/${place}`)).find((name) => name.startsWith('h'));
    writeFileSync(at(`.lockstep/${place}/${held}`), 'appended by its owner\n');
    const report = await transaction.undo();
    expect(text(target, 'docs/a.md')).toBe('appended by its owner\n');
    expect(report.left).toEqual([{ path: at('docs/a.md'), cause: expect.stringContaining('while the run was going') }]);
  });

  it('takes the content from the backup when the held file is gone, and says so when there is none', async () => {
    const { dir, target, plan, at } = makeTarget();
    const before = treeLines(target);
    const backup = fileOf('a\n');
    const sha = backup.kind === 'file' ? backup.sha256 : '';
    const transaction = openIn(dir, {
      readBackup: (sha256) => {
        if (sha256 === sha) return Buffer.from('a\n');
        throw new LockstepError('backup-damaged', 'no such object');
      },
    });
    await apply(transaction, [plan('docs/a.md', fileOf('a2\n')), plan('docs/gone.md', nothing)]);
    rmSync(at('.lockstep'), { recursive: true });
    const report = await transaction.undo();
    expect(text(target, 'docs/a.md')).toBe('a\n');
    expect(report.unfinished.map(({ path }) => path)).toEqual([at('docs/gone.md')]);
    expect(journalsIn(dir)).toHaveLength(1);
    put(target, { 'docs/gone.md': 'gone\n' });
    expect((await transaction.undo()).unfinished).toEqual([]);
    expect(treeLines(target)).toEqual(before);
    expect(journalsIn(dir)).toEqual([]);
  });

  it('does not bring files back into a folder that the owner removed or turned into a link', async () => {
    const { dir, plan, at } = makeTarget({ 'a/x': 'x\n', 'b/y': 'y\n' });
    const transaction = openIn(dir);
    await apply(transaction, [plan('a/x', nothing), plan('b/y', nothing)]);
    rmSync(at('a'), { recursive: true });
    renameSync(at('b'), at('c'));
    symlinkSync('own', at('b'));
    const report = await transaction.undo();
    expect(report.left.map(({ path }) => path).sort()).toEqual([at('a/x'), at('b/y')]);
    expect(report.unfinished).toEqual([]);
    expect(existsSync(at('own/y'))).toBe(false);
  });
});

describe('putting in place', () => {
  const edits: Readonly<Record<string, (at: (path: string) => string) => void>> = {
    'an edit of the same size': (at) => writeFileSync(at('docs/a.md'), 'b\n'),
    'another size': (at) => writeFileSync(at('docs/a.md'), 'longer\n'),
    'a mode': (at) => chmodSync(at('docs/a.md'), 0o600),
    'a removal': (at) => rmSync(at('docs/a.md')),
    'a folder in its place': (at) => {
      rmSync(at('docs/a.md'));
      mkdirSync(at('docs/a.md'));
    },
    'a link in its place': (at) => {
      rmSync(at('docs/a.md'));
      symlinkSync('gone.md', at('docs/a.md'));
    },
  };
  for (const [name, edit] of Object.entries(edits)) {
    for (const after of [fileOf('a2\n'), nothing]) {
      it(`stops at ${name} that came after the plan (file to ${after.kind}), naming the path`, async () => {
        const { dir, target, plan, at } = makeTarget();
        const transaction = openIn(dir);
        const first = plan('docs/gone.md', nothing);
        const action = plan('docs/a.md', after);
        await transaction.stage([first, action], content);
        edit(at);
        const edited = treeLines(target, (path) => path.startsWith('.lockstep'));
        const error = await thrown(() => transaction.swap([action]));
        expect(error.code).toBe('target-changed');
        expect(error.message).toContain(at('docs/a.md'));
        await transaction.undo();
        expect(treeLines(target)).toEqual(edited);
      });
    }
  }

  it('stops at a file, link or folder that came where a new one was planned', async () => {
    for (const make of [
      (path: string) => writeFileSync(path, 'own'),
      (path: string) => symlinkSync('nowhere', path),
      (path: string) => mkdirSync(path),
    ]) {
      const { dir, plan, at } = makeTarget();
      const transaction = openIn(dir);
      const action = plan('docs/new.md', fileOf('new\n'));
      await transaction.stage([action], content);
      make(at('docs/new.md'));
      expect((await thrown(() => transaction.swap([action]))).code).toBe('target-changed');
    }
  });

  it('does not remove a folder that somebody has put a file into', async () => {
    const { dir, target, plan } = makeTarget({ 'old/x.md': 'x\n' });
    const transaction = openIn(dir);
    const actions = [plan('old/x.md', nothing), plan('old', nothing)];
    await transaction.stage(actions, content);
    put(target, { 'old/own.md': 'own\n' });
    expect((await thrown(() => transaction.swap(actions))).message).toContain('not empty');
    await transaction.undo();
    expect(text(target, 'old/x.md')).toBe('x\n');
    expect(text(target, 'old/own.md')).toBe('own\n');
  });

  it('goes on where it stopped when it is tried again', async () => {
    const { dir, target, plan, at } = makeTarget();
    const transaction = openIn(dir);
    const actions = [
      plan('docs/gone.md', nothing),
      plan('docs/a.md', fileOf('a2\n')),
      plan('docs/z/b.md', fileOf('b\n')),
    ];
    await transaction.stage(actions, content);
    put(target, { 'docs/a.md': 'b\n' });
    await thrown(() => transaction.swap(actions));
    put(target, { 'docs/a.md': 'a\n' });
    await transaction.swap(actions);
    expect(text(target, 'docs/a.md')).toBe('a2\n');
    expect(text(target, 'docs/z/b.md')).toBe('b\n');
    expect(existsSync(at('docs/gone.md'))).toBe(false);
  });

  it('takes steps in any order, folders that they share included', async () => {
    const { dir, target, plan } = makeTarget();
    const transaction = openIn(dir);
    const one = plan('shared/new/one.md', fileOf('1\n'));
    const two = plan('shared/new/two.md', fileOf('2\n'));
    const late = plan('shared', folder);
    await transaction.stage([one], content);
    await transaction.stage([two, late], content);
    await transaction.swap([two, late]);
    expect(text(target, 'shared/new/two.md')).toBe('2\n');
    await transaction.swap([one]);
    await transaction.commit(receiptOf('run-1'));
    expect(text(target, 'shared/new/one.md')).toBe('1\n');
  });

  it('is only for what was staged', async () => {
    const { dir, plan } = makeTarget();
    await expect(openIn(dir).swap([plan('docs/a.md', fileOf('a2\n'))])).rejects.toThrow(/was not staged/);
  });
});

describe('staging', () => {
  it('touches no path of the target, and has the journal on disk before anything is put in place', async () => {
    const { dir, target, plan } = makeTarget();
    const before = treeHash(target);
    const transaction = openIn(dir);
    const actions = [plan('docs/a.md', fileOf('a2\n')), plan('docs/new/b.md', fileOf('b\n'))];
    await transaction.stage(actions, content);
    expect(treeHash(target, (path) => path.startsWith('.lockstep'))).toBe(before);
    const [name] = journalsIn(dir);
    const path = join(dir, 'state', 'journal', name ?? '');
    expect(readFileSync(path, 'utf8')).toContain('"t":"ready"');
    expect(readJournal(diskPorts().files, path).entries).toEqual([]);
    await transaction.swap(actions);
    expect(readJournal(diskPorts().files, path).entries).toHaveLength(3);
  });

  it('flushes content before the journal, and the journal before anything is put in place', async () => {
    const { dir, plan } = makeTarget();
    const ports = diskPorts();
    const calls: string[] = [];
    const transaction = openIn(dir, {
      ports: {
        ...ports,
        openTree: (bounds) => {
          const tree = ports.openTree(bounds);
          return {
            ...tree,
            flush: (paths) => {
              calls.push(`flush ${paths.length > 1 ? 'batch' : 'one'}`);
              tree.flush(paths);
            },
            flushAll: async (paths) => {
              await tree.flushAll(paths);
              calls.push('flush batch');
            },
            rename: (from, to) => {
              calls.push('rename');
              tree.rename(from, to);
            },
          };
        },
        state: {
          ...ports.state,
          append: (path, bytes, how) => {
            calls.push(how === 'lazy' ? 'note' : 'journal');
            ports.state.append(path, bytes, how);
          },
        },
      },
    });
    const actions = [plan('docs/a.md', fileOf('a2\n')), plan('docs/b.md', fileOf('b\n'))];
    await apply(transaction, actions);
    // Held originals are on the disk before anything takes their place.
    expect(calls).toEqual(['flush batch', 'journal', 'journal', 'flush one', 'rename', 'rename']);
    calls.length = 0;
    await transaction.commit(receiptOf('run-1'));
    expect(calls).toEqual([
      'flush batch',
      'journal',
      'journal',
      'rename',
      'flush batch',
      'rename',
      'flush one',
      'note',
      // Staging is gone from the disk before its journal is.
      'flush one',
    ]);
  });

  for (const batch of ['first', 'later']) {
    it(`leaves nothing of a ${batch} batch when the disk is full`, async () => {
      const { dir, target, plan } = makeTarget();
      const ports = diskPorts();
      let room = Number.POSITIVE_INFINITY;
      const transaction = openIn(dir, {
        ports: {
          ...ports,
          openTree: (bounds) => {
            const tree = ports.openTree(bounds);
            return {
              ...tree,
              write: (path, bytes, mode) => {
                room -= bytes.length;
                tree.write(path, room < 0 ? bytes.subarray(0, 1) : bytes, mode);
                if (room < 0) throw new LockstepError('disk', 'no space left on device');
              },
            };
          },
        },
      });
      const before = treeLines(target);
      if (batch === 'later') await apply(transaction, [plan('docs/a.md', fileOf('a2\n'))]);
      const earlier = treeLines(dir, (path) => path.includes('/journal/'));
      room = 4;
      const big = [plan('docs/b.md', fileOf('b\n')), plan('docs/c.md', fileOf('much too much\n'))];
      expect((await thrown(() => transaction.stage(big, content))).code).toBe('disk');
      if (batch === 'later') expect(treeLines(dir, (path) => path.includes('/journal/'))).toEqual(earlier);
      else expect(journalsIn(dir)).toEqual([]);
      await transaction.undo();
      expect(treeLines(target)).toEqual(before);
      expect(journalsIn(dir)).toEqual([]);
    });
  }

  it('leaves nothing when content cannot be had, and believes no content that hashes to something else', async () => {
    const { dir, target, plan } = makeTarget();
    const before = treeLines(target);
    const actions = [plan('docs/a.md', fileOf('a2\n'))];
    const gone = async () => {
      throw new LockstepError('object-missing', 'gone');
    };
    expect((await thrown(() => openIn(dir).stage(actions, gone))).code).toBe('object-missing');
    await expect(openIn(dir).stage(actions, async () => Buffer.from('other'))).rejects.toThrow(/hashes to/);
    expect(treeLines(target)).toEqual(before);
    expect(journalsIn(dir)).toEqual([]);
  });

  it('refuses, before anything is touched, what may not be written', async () => {
    const { dir, target, roots, plan, at } = makeTarget();
    put(dir, { 'elsewhere/a.md': 'elsewhere\n', 'elsewhere/deep/b.md': 'b\n', 'target-evil/a.md': 'evil\n' });
    symlinkSync(join(dir, 'elsewhere'), at('linked'));
    const before = treeLines(dir);
    const refuse = (path: string) => (path.startsWith(at('own')) ? 'protected by its owner' : undefined);
    const bad: readonly FileAction[] = [
      { ...plan('docs/a.md', fileOf('x')), path: '../elsewhere/a.md' },
      { ...plan('docs/a.md', fileOf('x')), path: '../target-evil/a.md' },
      { ...plan('docs/a.md', fileOf('x')), path: join(dir, 'elsewhere', 'a.md') },
      { ...plan('docs/a.md', fileOf('x')), path: '@python/a.py' },
      { ...plan('docs/a.md', fileOf('x')), path: '' },
      { ...plan('docs/a.md', fileOf('x')), path: '.lockstep/receipts/opencode-ai.json' },
      change(roots, 'linked/a.md', fileOf('x')),
      change(roots, 'linked/new/a.md', fileOf('x')),
      change(roots, 'linked/deep/a.md', fileOf('x')),
      change(roots, 'own/notes.txt', fileOf('x')),
      change(roots, 'own/new/notes.txt', fileOf('x')),
      { ...plan('docs/a.md', fileOf('x')), before: { kind: 'other' } },
    ];
    for (const action of bad) {
      const transaction = openIn(dir, { refuse });
      const error = await thrown(() => transaction.stage([plan('docs/a.md', fileOf('a2\n')), action], content));
      expect(error.code, action.path).toBe('path-refused');
    }
    expect(treeLines(dir)).toEqual(before);
    expect(existsSync(join(target, '.lockstep'))).toBe(false);
  });

  it('refuses a folder of another file system before anything is touched', async () => {
    const { dir, plan, at } = makeTarget({ 'mounted/a.md': 'a\n' });
    const ports = diskPorts();
    const before = treeLines(dir);
    const files = {
      ...ports.files,
      stat: (path: string) => {
        const found = ports.files.stat(path);
        return found !== undefined && path.startsWith(at('mounted')) ? { ...found, dev: found.dev + 1 } : found;
      },
    };
    const transaction = openIn(dir, { ports: { ...ports, files } });
    const actions = [plan('docs/a.md', fileOf('a2\n')), plan('mounted/new/b.md', fileOf('b\n'))];
    const error = await thrown(() => transaction.stage(actions, content));
    expect(error.message).toContain('another file system');
    expect(treeLines(dir)).toEqual(before);
  });

  it('refuses when .lockstep is something else in the target', async () => {
    for (const make of [(path: string) => writeFileSync(path, ''), (path: string) => symlinkSync('own', path)]) {
      const { dir, at } = makeTarget();
      make(at('.lockstep'));
      expect((await thrown(async () => openIn(dir))).code).toBe('path-refused');
    }
  });

  it('does not write over the journal of a run that has to be recovered first', async () => {
    const { dir, plan } = makeTarget();
    const actions = [plan('docs/a.md', fileOf('a2\n'))];
    await openIn(dir).stage(actions, content);
    await expect(openIn(dir).stage(actions, content)).rejects.toThrow(/recover first/);
  });
});

describe('the times that a plan carries', () => {
  const timeOf = (path: string): bigint => lstatSync(path, { bigint: true }).mtimeNs / 1000n;
  const time = 1_600_000_000_123_456_789n;
  const timed = (action: FileAction): FileAction => ({ ...action, mtimeNs: String(time) });

  it('stand to the microsecond on files, links and the folders that were made, and on nothing else', async () => {
    const { dir, target, plan, at } = makeTarget();
    const transaction = openIn(dir);
    await apply(transaction, [
      timed(plan('docs/a.md', fileOf('a2\n'))),
      timed(plan('docs/b.md', fileOf('b\n'))),
      timed(plan('link', linkTo('docs/a.md'))),
      timed(plan('made', folder)),
      timed(plan('made/deep', folder)),
      plan('made/deep/c.md', fileOf('c\n')),
    ]);
    await transaction.commit(receiptOf('run-1'));
    for (const path of ['docs/a.md', 'docs/b.md', 'link', 'made', 'made/deep']) {
      expect(timeOf(at(path)), path).toBe(time / 1000n);
    }
    expect(timeOf(at('made/deep/c.md'))).toBeGreaterThan(time / 1000n + 1_000_000n);
    expect(timeOf(target)).toBeGreaterThan(time / 1000n);
  });

  it('are brought to a file that has its content already, and taken back by undo with its inode', async () => {
    const { dir, target, plan, at } = makeTarget();
    const facts = () => ({
      ino: statSync(at('docs/a.md')).ino,
      time: timeOf(at('docs/a.md')),
      lines: treeLines(target),
    });
    const before = facts();
    const action = timed(plan('docs/a.md', fileOf('a\n')));
    const undone = openIn(dir);
    await apply(undone, [action]);
    expect(timeOf(at('docs/a.md'))).toBe(time / 1000n);
    expect(await undone.undo()).toMatchObject({ left: [], unfinished: [] });
    expect(facts()).toEqual(before);
    const kept = openIn(dir);
    await apply(kept, [action]);
    await kept.commit(receiptOf('run-1'));
    expect(timeOf(at('docs/a.md'))).toBe(time / 1000n);
    const again = openIn(dir, { run: 'run-2' });
    await apply(again, [action]);
    expect(journalsIn(dir)).toEqual([]);
  });
});

describe('several roots', () => {
  it('stages each file beside its place, and leaves nothing in the other roots', async () => {
    const { dir, target } = makeTarget();
    const python = join(dir, 'venv');
    put(python, { 'lib/pkg/__init__.py': 'one\n' });
    const roots = { target, python };
    const before = treeLines(dir, (path) => path === 'state');
    const actions = [
      change(roots, '@python/lib/pkg/__init__.py', fileOf('two\n')),
      change(roots, 'docs/a.md', fileOf('a2\n')),
    ];
    const undone = openIn(dir, { roots });
    await undone.stage(actions, content);
    expect(readdirSync(join(python, '.lockstep'))).toHaveLength(1);
    await undone.swap(actions);
    await undone.undo();
    expect(treeLines(dir, (path) => path === 'state')).toEqual(before);

    const kept = openIn(dir, { roots });
    await apply(kept, actions);
    await kept.commit(receiptOf('run-1'));
    expect(text(python, 'lib/pkg/__init__.py')).toBe('two\n');
    expect(existsSync(join(python, '.lockstep'))).toBe(false);
  });
});

describe('where files cannot be linked', () => {
  it('holds them by renaming, and undoes all the same', async () => {
    const { dir, target, plan, at } = makeTarget();
    const before = treeLines(target);
    const ports = diskPorts();
    const linkless = {
      ...ports,
      openTree: (bounds: Parameters<typeof ports.openTree>[0]) => ({ ...ports.openTree(bounds), link: () => false }),
    };
    const transaction = openIn(dir, { ports: linkless });
    const actions = [
      plan('docs/a.md', fileOf('a2\n')),
      plan('docs/gone.md', nothing),
      plan('own/notes.txt', fileOf('n\n')),
    ];
    await transaction.stage(actions, content);
    put(target, { 'own/notes.txt': 'edit\n' });
    expect((await thrown(() => transaction.swap(actions))).message).toContain(at('own/notes.txt'));
    expect(text(target, 'own/notes.txt')).toBe('edit\n');
    put(target, { 'own/notes.txt': 'mine\n' });
    await transaction.undo();
    expect(treeLines(target)).toEqual(before);
  });
});

describe('bytecode', () => {
  const pyc = 'pkg/__pycache__/mod.cpython-311.pyc';
  const withCode = () => makeTarget({ 'pkg/mod.py': 'one\n', 'pkg/other.py': 'o\n', [pyc]: 'compiled one' });

  it('goes with the source that it was compiled from, though no plan named it, and comes back with it', async () => {
    const { dir, target, plan, at } = withCode();
    put(target, { 'pkg/__pycache__/other.cpython-311.pyc': 'compiled o' });
    const before = treeLines(target);
    const transaction = openIn(dir);
    await apply(transaction, [plan('pkg/mod.py', fileOf('two\n'))]);
    expect(readdirSync(at('pkg/__pycache__'))).toEqual(['other.cpython-311.pyc']);
    put(target, { [pyc]: 'compiled two', 'pkg/__pycache__/mod.cpython-312.pyc': 'compiled two' });
    expect(await transaction.undo()).toMatchObject({ left: [], unfinished: [] });
    expect(treeLines(target)).toEqual(before);
  });

  it('is no obstacle when a running program compiles again while the run goes on', async () => {
    const { dir, target, plan, at } = withCode();
    const before = treeLines(target);
    const transaction = openIn(dir);
    const actions = [plan('pkg/mod.py', nothing), plan(pyc, nothing), plan('pkg/__pycache__', nothing)];
    await transaction.stage(actions, content);
    put(target, { [pyc]: 'compiled once more' });
    await transaction.swap(actions);
    expect(existsSync(at('pkg/__pycache__'))).toBe(false);
    expect(existsSync(at('pkg/mod.py'))).toBe(false);
    await transaction.undo();
    expect(treeLines(target).filter((line) => !line.includes('.pyc'))).toEqual(
      before.filter((line) => !line.includes('.pyc')),
    );
  });

  it('of new modules does not keep the folders of an undone package alive', async () => {
    const { dir, target, plan } = withCode();
    const before = treeLines(target);
    const transaction = openIn(dir);
    await apply(transaction, [plan('pkg/sub/new.py', fileOf('new\n'))]);
    put(target, { 'pkg/sub/__pycache__/new.cpython-311.pyc': 'compiled new' });
    expect(await transaction.undo()).toMatchObject({ left: [], unfinished: [] });
    expect(treeLines(target)).toEqual(before);
  });

  it('may stay in a folder that is still in use', async () => {
    const { dir, target, plan } = withCode();
    const transaction = openIn(dir);
    const actions = [plan('pkg/mod.py', fileOf('two\n'))];
    await transaction.stage(actions, content);
    put(target, { 'pkg/__pycache__/other.cpython-311.pyc': 'compiled o' });
    await transaction.swap(actions);
    expect(await transaction.commit(receiptOf('run-1'))).toEqual([]);
    expect(existsSync(join(target, pyc))).toBe(false);
  });
});

describe('a branch of a clone', () => {
  const clone = () => {
    const made = makeTarget();
    const checkout = join(made.dir, 'clone');
    initRepo(checkout);
    put(checkout, { 'a.py': 'one\n' });
    const one = commit(checkout, 'feat: one');
    put(checkout, { 'a.py': 'two\n' });
    const two = commit(checkout, 'feat: two');
    git(checkout, 'update-ref', 'refs/heads/main', one);
    const move = {
      kind: 'ref',
      component: 'package',
      checkout,
      ref: 'refs/heads/main',
      before: one,
      after: two,
      cause: 'x',
    } as const;
    const open = () => openIn(made.dir, { roots: { target: made.target, checkout } });
    const logs = ['HEAD', 'refs/heads/main'].map((name) => join(checkout, '.git', 'logs', name));
    const reflog = () => logs.flatMap((path) => readFileSync(path, 'utf8').trim().split('\n'));
    return {
      ...made,
      checkout,
      one,
      two,
      move,
      open,
      reflog,
      tip: () => git(checkout, 'rev-parse', 'refs/heads/main'),
    };
  };

  it('moves and moves back', async () => {
    const { move, open, tip, one, two, reflog } = clone();
    const before = reflog();
    const transaction = open();
    await transaction.stage([move], content);
    expect(tip()).toBe(one);
    await transaction.swap([move]);
    expect(tip()).toBe(two);
    expect(reflog()).toHaveLength(before.length + 2);
    expect(await transaction.undo()).toMatchObject({ restored: 1, left: [] });
    expect(tip()).toBe(one);
    expect(reflog()).toEqual(before);
  });

  it('is not moved from where somebody else has moved it, neither forth nor back', async () => {
    const { move, open, tip, checkout, two } = clone();
    const transaction = open();
    await transaction.stage([move], content);
    const three = commit(checkout, 'feat: three');
    expect((await thrown(() => transaction.swap([move]))).code).toBe('target-changed');
    expect((await transaction.undo()).left).toEqual([
      { path: expect.stringContaining(checkout), cause: expect.stringContaining(three) },
    ]);
    expect(tip()).toBe(three);
    expect(three).not.toBe(two);
  });

  it('runs no hook of the clone', async () => {
    const { dir, move, open, checkout } = clone();
    put(checkout, { 'hooks/reference-transaction': `#!/bin/sh\ntouch ${dir}/hook-ran\n` });
    chmodSync(join(checkout, 'hooks/reference-transaction'), 0o755);
    git(checkout, 'config', 'core.hooksPath', join(checkout, 'hooks'));
    const transaction = open();
    await transaction.stage([move], content);
    await transaction.swap([move]);
    await transaction.undo();
    expect(existsSync(join(dir, 'hook-ran'))).toBe(false);
  });

  it('lies inside the roots, or is refused', async () => {
    const { dir, move } = clone();
    expect((await thrown(() => openIn(dir).stage([move], content))).code).toBe('path-refused');
  });
});
