/** A target is as before whatever goes wrong on the disk, and whoever else is at work in it: the error names the path. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { LockstepError } from '../../src/domain/errors.ts';
import { recover } from '../../src/pipeline/recover.ts';
import type { StateFiles, Tree } from '../../src/ports.ts';
import { canShrink, onSmallDisk, plainUser } from '../fixtures/plain-user.ts';
import { put, temporary, text } from '../fixtures/sandbox.ts';
import {
  change,
  content,
  diskPorts,
  fileOf,
  folder,
  linkTo,
  nothing,
  openIn,
  receiptOf,
  type WrittenPorts,
} from '../fixtures/staged-target.ts';
import { bundle } from '../fixtures/state-ports.ts';
import { treeLines } from '../fixtures/tree-hash.ts';

const lines = (dir: string): readonly string[] => treeLines(dir, (path) => path === 'state');
const recoverIn = (dir: string) => recover({ ports: diskPorts(), state: { journal: join(dir, 'state', 'journal') } });

const thrown = async (action: () => unknown): Promise<LockstepError> => {
  try {
    await action();
  } catch (error) {
    if (error instanceof LockstepError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
};

const makeTarget = () => {
  const dir = temporary('trouble');
  const target = join(dir, 'target');
  put(target, { 'docs/a.md': 'a\n', 'docs/gone.md': 'gone\n', 'old/x.md': 'x\n', 'own/notes.txt': 'mine\n' });
  return { dir, target, roots: { target } };
};

interface Failure {
  /** The writing call to fail at, from 1. */
  readonly at: number;
  /** Whether what takes room goes on failing after it, as on a full disk. */
  readonly how: 'once' | 'full';
}

/** Ports on which one writing call fails, with half of what it had to write left behind; `calls` names all of them. */
const failing = (ports: WrittenPorts, { at, how }: Failure): WrittenPorts & { readonly calls: string[] } => {
  const calls: string[] = [];
  const step = (name: string, room: 'takes room' | 'takes none', torn: () => void = () => {}): void => {
    calls.push(name);
    if (calls.length !== at && !(how === 'full' && calls.length > at && room === 'takes room')) return;
    torn();
    throw new LockstepError('disk', `${name}: no space left on device`);
  };
  const half = (bytes: string | Uint8Array): Uint8Array => {
    const all = Buffer.from(bytes as Uint8Array);
    return all.subarray(0, Math.floor(all.length / 2));
  };
  const wrapTree = (tree: Tree): Tree => ({
    ...tree,
    write: (path, bytes, mode) => {
      step(`write ${path}`, 'takes room', () => tree.write(path, half(bytes), mode));
      tree.write(path, bytes, mode);
    },
    symlink: (path, to) => {
      step(`symlink ${path}`, 'takes room');
      tree.symlink(path, to);
    },
    link: (from, to) => {
      step(`link ${to}`, 'takes room');
      return tree.link(from, to);
    },
    rename: (from, to) => {
      step(`rename ${to}`, 'takes none');
      tree.rename(from, to);
    },
    mkdir: (path, mode) => {
      step(`mkdir ${path}`, 'takes room');
      tree.mkdir(path, mode);
    },
    unlink: (path) => {
      step(`unlink ${path}`, 'takes none');
      tree.unlink(path);
    },
    rmdir: (path) => {
      step(`rmdir ${path}`, 'takes none');
      tree.rmdir(path);
    },
    flush: (paths) => {
      step('flush', 'takes room');
      tree.flush(paths);
    },
    flushAll: (paths) => {
      step('flush', 'takes room');
      return tree.flushAll(paths);
    },
  });
  const wrappedState: StateFiles = {
    ...ports.state,
    replace: (path, bytes) => {
      step(`replace ${path}`, 'takes room');
      ports.state.replace(path, bytes);
    },
    append: (path, bytes) => {
      step(`append ${path}`, 'takes room', () => ports.state.append(path, half(bytes), 'lazy'));
      ports.state.append(path, bytes, 'lazy');
    },
    remove: (path) => {
      step(`remove ${path}`, 'takes none');
      ports.state.remove(path);
    },
  };
  return { ...ports, calls, state: wrappedState, openTree: (bounds) => wrapTree(ports.openTree(bounds)) };
};

/** A run of two steps that ends as the pipeline ends one: committed, or undone. Answers with the error. */
const runOver = async (dir: string, ports: WrittenPorts): Promise<LockstepError | undefined> => {
  const roots = { target: join(dir, 'target') };
  const transaction = openIn(dir, { ports });
  const first = [
    change(roots, 'docs/a.md', fileOf('a2\n')),
    change(roots, 'docs/gone.md', nothing),
    change(roots, 'old/x.md', nothing),
    change(roots, 'old', nothing),
    change(roots, 'new/deep/b.md', fileOf('b\n')),
    change(roots, 'link', linkTo('docs/a.md')),
    change(roots, 'made', folder),
  ];
  try {
    await transaction.stage(first, content);
    await transaction.swap(first);
    const second = [change(roots, 'new/deep/c.md', fileOf('c\n'))];
    await transaction.stage(second, content);
    await transaction.swap(second);
    await transaction.commit(receiptOf('run-1'));
    return undefined;
  } catch (error) {
    if (!(error instanceof LockstepError)) throw error;
    await transaction.undo();
    return error;
  }
};

describe('a disk that fails', () => {
  for (const how of ['once', 'full'] as const) {
    it(`at any writing call of a run leaves the target as before or as after (${how})`, async () => {
      const rehearsal = makeTarget();
      const before = lines(rehearsal.dir);
      const ports = failing(diskPorts(), { at: Number.POSITIVE_INFINITY, how: 'once' });
      expect(await runOver(rehearsal.dir, ports)).toBeUndefined();
      const after = lines(rehearsal.dir);
      expect(ports.calls.length).toBeGreaterThan(40);
      for (let at = 1; at <= ports.calls.length; at += 1) {
        const { dir } = makeTarget();
        const where = `${how} at ${at}: ${ports.calls[at - 1]}`;
        const error = await runOver(dir, failing(diskPorts(), { at, how }));
        expect(error?.code ?? 'disk', where).toBe('disk');
        // What a full disk kept from being tidied up waits for recover.
        const found = await recoverIn(dir);
        expect(
          found.flatMap(({ left, unfinished }) => [...left, ...unfinished]),
          where,
        ).toEqual([]);
        expect(lines(dir), where).toEqual(error === undefined ? after : before);
        expect(diskPorts().files.list(join(dir, 'state', 'journal')), where).toEqual([]);
      }
    });
  }
});

describe('on this machine', () => {
  let script: string;
  beforeAll(() => {
    script = bundle('fixtures/troubled-child.ts', join(diskPorts().files.scratch('bundle'), 'troubled-child.mjs'));
  });

  const told = (argv: readonly string[]) => {
    const [program = '', ...args] = argv;
    const { stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
    expect(stderr).toBe('');
    return JSON.parse(stdout);
  };

  it('a disk that is really full leaves the target as before', ({ skip }) => {
    if (!canShrink()) skip('no file system can be mounted here');
    const { dir, target } = makeTarget();
    const before = treeLines(target);
    const after = join(dir, 'after');
    const small = { folder: target, after, size: 600 };
    const answer = told(onSmallDisk(small, [process.execPath, script, dir, '200', '8000']));
    expect(answer).toMatchObject({ code: 'disk', undone: { left: [], unfinished: [] } });
    expect(answer.message).toMatch(/target\/\.lockstep\/txn-run-1.*ENOSPC/);
    expect(answer.hint).toContain('make room');
    expect(treeLines(after)).toEqual(before);
    expect(existsSync(join(dir, 'state', 'journal', 'run-1--app.ndjson'))).toBe(false);
  });

  const user = plainUser([process.execPath, '-e', '0']);
  it('a folder that may not be written in leaves the target as before', ({ skip }) => {
    if (typeof user === 'string') return skip(user);
    const { dir, target } = makeTarget();
    const copy = join(dir, 'child.mjs');
    writeFileSync(copy, readFileSync(script));
    user.owns(dir);
    chmodSync(join(target, 'docs'), 0o555);
    const before = treeLines(target);
    const answer = told([...user.words, process.execPath, copy, dir]);
    expect(answer).toMatchObject({ code: 'disk', undone: { left: [], unfinished: [] } });
    expect(answer.message).toContain(join(target, 'docs'));
    expect(answer.message).toContain('EACCES');
    expect(answer.hint).toContain(`ls -ld ${join(target, 'docs')}`);
    expect(treeLines(target)).toEqual(before);
    chmodSync(join(target, 'docs'), 0o755);
    chmodSync(target, 0o555);
    const closed = told([...user.words, process.execPath, copy, dir]);
    expect(closed.message).toContain(join(target, '.lockstep'));
    chmodSync(target, 0o755);
    expect(treeLines(target).filter((line) => !line.startsWith('dir docs'))).toEqual(
      before.filter((line) => !line.startsWith('dir docs')),
    );
  });
});

describe('a journal cut off at any byte', () => {
  it('is undone, or nothing is touched and what was held is kept', async () => {
    const scene = async () => {
      const made = makeTarget();
      const before = lines(made.dir);
      const transaction = openIn(made.dir);
      const actions = [change(made.roots, 'docs/a.md', fileOf('a2\n')), change(made.roots, 'docs/gone.md', nothing)];
      await transaction.stage(actions, content);
      await transaction.swap(actions);
      return { ...made, before, journal: join(made.dir, 'state', 'journal', 'run-1--app.ndjson') };
    };
    const { dir, before, journal } = await scene();
    const whole = readFileSync(journal);
    const torn = lines(dir);
    for (let length = 0; length < whole.length - 1; length += 1) {
      writeFileSync(journal, whole.subarray(0, length));
      expect(await recoverIn(dir), `${length}`).toMatchObject([{ outcome: 'blocked', restored: 0 }]);
      if (length % 20 === 0) expect(lines(dir), `${length}`).toEqual(torn);
      expect(readFileSync(journal)).toHaveLength(length);
    }
    // Only the last line break may be missing.
    writeFileSync(journal, whole.subarray(0, whole.length - 1));
    expect(await recoverIn(dir)).toMatchObject([{ outcome: 'undone', left: [] }]);
    expect(lines(dir)).toEqual(before);
  });
});

describe('a target that changes under a run', () => {
  it('is named when it is gone between plan and apply, and nothing is made in its place', async () => {
    const { dir, target, roots } = makeTarget();
    const transaction = openIn(dir);
    const actions = [change(roots, 'docs/a.md', fileOf('a2\n'))];
    renameSync(target, `${target}-moved`);
    const error = await thrown(() => transaction.stage(actions, content));
    expect(error).toMatchObject({ code: 'target-missing', hint: expect.stringContaining('mounted') });
    expect(error.message).toContain(target);
    expect(existsSync(target)).toBe(false);
    expect(text(`${target}-moved`, 'docs/a.md')).toBe('a\n');
  });

  it.each([
    'gone',
    'a link to a copy of it',
  ])('is not said to be put back when it is %s, and is recovered once it is back', async (how) => {
    const { dir, target, roots } = makeTarget();
    const before = lines(dir);
    const transaction = openIn(dir);
    const actions = [change(roots, 'docs/a.md', fileOf('a2\n')), change(roots, 'docs/gone.md', { kind: 'absent' })];
    await transaction.stage(actions, content);
    await transaction.swap(actions);
    const away = join(dir, 'state', 'away');
    renameSync(target, away);
    if (how !== 'gone') symlinkSync(away, target);
    const torn = treeLines(away);
    const lost = { restored: 0, left: [], unfinished: [{ path: target, cause: 'it is not there any more' }] };
    expect(await transaction.undo()).toEqual(lost);
    expect(await recoverIn(dir)).toMatchObject([
      { outcome: 'blocked', cause: expect.stringContaining('bring it back') },
    ]);
    expect(treeLines(away)).toEqual(torn);
    rmSync(target, { force: true });
    renameSync(away, target);
    expect(await recoverIn(dir)).toMatchObject([{ outcome: 'undone', restored: 2, left: [] }]);
    expect(lines(dir)).toEqual(before);
  });

  it('is written to through no .lockstep that somebody turned into a link', async () => {
    for (const when of ['before staging', 'before putting in place', 'before the receipt']) {
      const { dir, target, roots } = makeTarget();
      const outside = temporary('outside');
      const swapIn = (): void => {
        rmSync(join(target, '.lockstep'), { recursive: true, force: true });
        symlinkSync(outside, join(target, '.lockstep'));
      };
      const transaction = openIn(dir);
      const actions = [change(roots, 'docs/a.md', fileOf('a2\n'))];
      const steps: Readonly<Record<string, () => Promise<unknown>>> = {
        'before staging': () => transaction.stage(actions, content),
        'before putting in place': () => transaction.swap(actions),
        'before the receipt': () => transaction.commit(receiptOf('run-1')),
      };
      for (const [name, act] of Object.entries(steps)) {
        if (name !== when) {
          await act();
          continue;
        }
        swapIn();
        expect(['path-refused', 'target-changed', 'disk'], when).toContain((await thrown(act)).code);
        break;
      }
      expect(readdirSync(outside), when).toEqual([]);
    }
  });

  it('keeps a staging folder that it knows nothing of, such as one of a newer Lockstep', async () => {
    const { dir, target, roots } = makeTarget();
    put(target, { '.lockstep/txn-2099-newer/format': '9', '.lockstep/txn-2099-newer/held/h1': 'held' });
    const alien = treeLines(join(target, '.lockstep'));
    const actions = [change(roots, 'docs/a.md', fileOf('a2\n'))];
    const undone = openIn(dir);
    await undone.stage(actions, content);
    await undone.swap(actions);
    await undone.undo();
    expect(treeLines(join(target, '.lockstep'))).toEqual(alien);
    await openIn(dir, { run: 'run-2' }).commit(receiptOf('run-2'));
    expect(treeLines(join(target, '.lockstep', 'txn-2099-newer'))).toEqual(
      alien.filter((line) => line.includes('txn-2099-newer/')).map((line) => line.replace('txn-2099-newer/', '')),
    );
  });
});

describe('two runs on roots that nest', () => {
  const nested = () => {
    const { dir, target } = makeTarget();
    const inner = join(target, 'own');
    const outer = openIn(dir, { target: 'outer' });
    const other = openIn(dir, { target: 'inner', run: 'run-2', roots: { target: inner } });
    const over = (path: string, after = fileOf('outer\n')) => change({ target }, path, after);
    const under = (path: string, after = fileOf('inner\n')) => change({ target: inner }, path, after);
    return { dir, target, inner, outer, other, over, under };
  };

  it('lose nothing of each other: who comes second is told, and undoes only its own', async () => {
    const { target, outer, other, over, under } = nested();
    const mine = [over('docs/a.md'), over('own/notes.txt')];
    const theirs = [under('new.md'), under('notes.txt')];
    await outer.stage(mine, content);
    await other.stage(theirs, content);
    await outer.swap(mine);
    expect((await thrown(() => other.swap(theirs))).code).toBe('target-changed');
    expect(await other.undo()).toMatchObject({ unfinished: [] });
    await outer.commit(receiptOf('run-1'));
    expect(text(target, 'own/notes.txt')).toBe('outer\n');
    expect(existsSync(join(target, 'own/new.md'))).toBe(false);
    expect(existsSync(join(target, 'own/.lockstep'))).toBe(false);
  });

  it("write nothing in the other's own folder", async () => {
    const { inner, outer, other, over, under } = nested();
    await other.stage([under('new.md')], content);
    const before = treeLines(inner);
    for (const path of ['own/.lockstep/lock', 'own/.lockstep/receipts/opencode-ai.json', 'own/.lockstep']) {
      expect((await thrown(() => outer.stage([over(path)], content))).code, path).toBe('path-refused');
    }
    expect(treeLines(inner)).toEqual(before);
    await other.undo();
    mkdirSync(join(inner, '.lockstep'));
    expect((await thrown(() => outer.stage([over('own/.lockstep', nothing)], content))).code).toBe('path-refused');
  });
});
