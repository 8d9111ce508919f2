import { type ChildProcess, spawn } from 'node:child_process';
import {
  appendFileSync,
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
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { LockstepError } from '../../src/domain/errors.ts';
import type { FileAction, RefAction } from '../../src/domain/plan.ts';
import { type RecoveredRun, recover } from '../../src/pipeline/recover.ts';
import { openJournal } from '../../src/store/journal.ts';
import { Killed, type KillPlan, killable } from '../fixtures/killable.ts';
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
  type WrittenPorts,
} from '../fixtures/staged-target.ts';
import { treeLines } from '../fixtures/tree-hash.ts';

const state = (dir: string) => ({ journal: join(dir, 'state', 'journal') });
const recoverIn = (dir: string, ports: WrittenPorts = diskPorts(), more = {}): Promise<readonly RecoveredRun[]> =>
  recover({ ports, state: state(dir), ...more });

/** All that may not differ: target, Python and clone, git's own logs aside. */
const lines = (dir: string): readonly string[] => treeLines(dir, (path) => path === 'state' || path === 'clone/.git');

const never: KillPlan = { at: Number.POSITIVE_INFINITY, how: 'before' };
const linkless = (ports: WrittenPorts): WrittenPorts => ({
  ...ports,
  openTree: (bounds) => ({ ...ports.openTree(bounds), link: () => false }),
});

interface Scene {
  readonly dir: string;
  readonly run: (ports: WrittenPorts) => Promise<void>;
}

/** A target with a Python beside it, and a run of two steps over every kind of change. */
const everyChange = (parent: string, name: string): Scene => {
  const dir = join(parent, name);
  const roots = { target: join(dir, 'target'), python: join(dir, 'venv') };
  put(roots.target, {
    'a.md': 'a\n',
    'gone.md': 'gone\n',
    'old/x.md': 'x\n',
    'turns/in.md': 'in\n',
    'file-turns': 'f\n',
    'twice.md': 'one\n',
  });
  put(roots.python, { 'lib/mod.py': 'one\n', 'lib/__pycache__/mod.cpython-311.pyc': 'compiled one' });
  symlinkSync('a.md', join(roots.target, 'link'));
  mkdirSync(join(roots.target, 'empty'), { mode: 0o750 });
  const run = async (ports: WrittenPorts): Promise<void> => {
    const transaction = openIn(dir, { roots, ports });
    const first: readonly FileAction[] = [
      change(roots, 'a.md', fileOf('a2\n', 0o755)),
      change(roots, 'gone.md', nothing),
      change(roots, 'old/x.md', nothing),
      change(roots, 'old', nothing),
      change(roots, 'empty', nothing),
      change(roots, 'new/deep/b.md', fileOf('b\n')),
      change(roots, 'made', folder),
      change(roots, 'link', linkTo('new/deep/b.md')),
      change(roots, 'turns/in.md', nothing),
      change(roots, 'turns', fileOf('now a file\n')),
      change(roots, 'file-turns', folder),
      change(roots, 'twice.md', fileOf('two\n')),
      change(roots, '@python/lib/mod.py', fileOf('two\n')),
    ];
    await apply(transaction, first);
    const second: readonly FileAction[] = [
      change(roots, 'twice.md', fileOf('one\n')),
      change(roots, 'new/deep/c.md', fileOf('c\n')),
    ];
    await apply(transaction, second);
    await transaction.commit(receiptOf('run-1'));
  };
  return { dir, run };
};

const diesIn = async (run: Promise<unknown>): Promise<void> => {
  await run.then(
    () => {
      throw new Error('it was not killed');
    },
    (error: unknown) => {
      if (!(error instanceof Killed)) throw error;
    },
  );
};

/** The writing calls of a whole run, and the trees before and after it. */
const rehearse = async (parent: string, wrap: (ports: WrittenPorts) => WrittenPorts = (ports) => ports) => {
  const { dir, run } = everyChange(parent, 'rehearsal');
  const before = lines(dir);
  const ports = killable(wrap(diskPorts()), never);
  await run(ports);
  const after = lines(dir);
  const committing =
    ports.calls.findIndex((call) => call.startsWith('rename') && call.endsWith('opencode-ai.json')) + 1;
  return { before, after, calls: ports.calls, committing };
};

const killPlans = (calls: readonly string[]): readonly KillPlan[] =>
  calls.flatMap((call, index) => {
    const at = index + 1;
    const tears = call.startsWith('write') || call.startsWith('append');
    return tears
      ? [
          { at, how: 'before' as const },
          { at, how: 'halfway' as const },
        ]
      : [{ at, how: 'before' as const }];
  });

describe('a run killed at any writing call', () => {
  for (const [name, wrap] of [
    ['where files can be linked', (ports: WrittenPorts) => ports],
    ['where they cannot', linkless],
  ] as const) {
    it(`is, once recovered, byte for byte as before or as after (${name})`, async () => {
      const parent = temporary('crash');
      const { before, after, calls, committing } = await rehearse(parent, wrap);
      expect(calls.length).toBeGreaterThan(70);
      expect(before).not.toEqual(after);
      for (const plan of killPlans(calls)) {
        const where = `${plan.how} ${plan.at}: ${calls[plan.at - 1]}`;
        const { dir, run } = everyChange(parent, `${plan.how}-${plan.at}`);
        await diesIn(run(killable(wrap(diskPorts()), plan)));
        const found = await recoverIn(dir, killable(wrap(diskPorts()), never));
        expect(lines(dir), where).toEqual(plan.at > committing ? after : before);
        for (const { outcome, left } of found) {
          expect(outcome, where).toBe(plan.at > committing ? 'committed' : 'undone');
          expect(left, where).toEqual([]);
        }
        expect(journalsIn(dir), where).toEqual([]);
      }
    });
  }

  it('is recovered even when recovering is killed at any of its own calls', async () => {
    const parent = temporary('crash');
    const { before, after, calls, committing } = await rehearse(parent);
    const swaps = calls.flatMap((call, index) => (call.startsWith('rename') ? [index + 1] : []));
    // Early, in the middle and late in putting in place; just before and just after the commit.
    const points = [swaps[1], swaps[Math.floor(swaps.length / 2)], committing - 1, committing, committing + 2];
    for (const at of points.filter((point) => point !== undefined)) {
      for (let second = 1; ; second += 1) {
        const { dir, run } = everyChange(parent, `${at}-${second}`);
        await diesIn(run(killable(diskPorts(), { at, how: 'before' })));
        const dying = killable(diskPorts(), { at: second, how: 'before' });
        const killed = await recoverIn(dir, dying).then(
          () => false,
          () => true,
        );
        await recoverIn(dir, killable(diskPorts(), never));
        expect(lines(dir), `${at}, then ${second}: ${dying.calls.at(-1)}`).toEqual(at > committing ? after : before);
        expect(journalsIn(dir)).toEqual([]);
        if (!killed) break;
      }
    }
  });
});

const changed = async (run = 'run-1') => {
  const dir = temporary('recover');
  const roots = { target: join(dir, 'target') };
  put(roots.target, { 'a.md': 'a\n', 'gone.md': 'gone\n' });
  const before = lines(dir);
  const transaction = openIn(dir, { run });
  const actions = [change(roots, 'a.md', fileOf('a2\n')), change(roots, 'gone.md', nothing)];
  await apply(transaction, actions);
  const [name] = readdirSync(state(dir).journal);
  return { dir, roots, before, transaction, journal: join(state(dir).journal, name ?? '') };
};

describe('recover', () => {
  it('does nothing, and says so, when there is nothing to recover', async () => {
    const dir = temporary('recover');
    expect(await recoverIn(dir)).toEqual([]);
    const { dir: other, before } = await changed();
    await recoverIn(other);
    expect(await recoverIn(other)).toEqual([]);
    expect(lines(other)).toEqual(before);
  });

  it('decides by the receipt alone', async () => {
    const { dir, journal, transaction } = await changed();
    const kept = readFileSync(journal);
    const place = join(dir, 'target', '.lockstep', readdirSync(join(dir, 'target', '.lockstep'))[0] ?? '');
    await transaction.commit(receiptOf('run-1'));
    const after = lines(dir);
    mkdirSync(place);
    writeFileSync(join(place, 'h1'), 'left over');
    writeFileSync(journal, kept);
    expect(await recoverIn(dir)).toMatchObject([{ outcome: 'committed', run: 'run-1', target: 'app', restored: 0 }]);
    expect(lines(dir)).toEqual(after);
  });

  it('does not decide a second time what was decided, though the receipt or a path was changed since', async () => {
    const committed = await changed();
    const kept = readFileSync(committed.journal);
    await committed.transaction.commit(receiptOf('run-1'));
    writeFileSync(committed.journal, kept);
    openJournal(diskPorts().state, committed.journal).ended('committed');
    rmSync(join(committed.roots.target, '.lockstep'), { recursive: true });
    expect(await recoverIn(committed.dir)).toMatchObject([{ outcome: 'committed' }]);
    expect(text(committed.roots.target, 'a.md')).toBe('a2\n');

    const undone = await changed();
    const journal = readFileSync(undone.journal);
    await undone.transaction.undo();
    writeFileSync(undone.journal, journal);
    openJournal(diskPorts().state, undone.journal).ended('undone');
    put(undone.roots.target, { 'a.md': 'a2\n' });
    expect(await recoverIn(undone.dir)).toMatchObject([{ outcome: 'undone', restored: 0, left: [] }]);
    expect(text(undone.roots.target, 'a.md')).toBe('a2\n');
  });

  it('writes nothing that its bounds refuse', async () => {
    const { dir, roots, journal } = await changed();
    const refuse = (path: string) => (path.endsWith('a.md') ? 'tracked by the main project' : undefined);
    const [run] = await recoverIn(dir, diskPorts(), { refuse });
    expect(run?.left).toEqual([{ path: join(roots.target, 'a.md'), cause: expect.stringContaining('tracked by') }]);
    expect(text(roots.target, 'gone.md')).toBe('gone\n');
    expect(existsSync(journal)).toBe(false);
  });

  it('reports what somebody edited after the crash, and leaves it alone', async () => {
    const { dir, roots } = await changed();
    put(roots.target, { 'a.md': 'edited after the crash\n' });
    const [run] = await recoverIn(dir);
    expect(run).toMatchObject({ outcome: 'undone', left: [{ path: join(roots.target, 'a.md') }] });
    expect(text(roots.target, 'a.md')).toBe('edited after the crash\n');
    expect(text(roots.target, 'gone.md')).toBe('gone\n');
  });

  it('ignores a torn last line, wherever it was torn', async () => {
    for (const tail of [
      '',
      'x',
      '0123456789abcdef {"t":"swap","ids":[1',
      '\n\n0123456789abcdef {"t":"ended","how":"committed"}\n',
    ]) {
      const { dir, journal, before } = await changed();
      appendFileSync(journal, tail);
      expect(await recoverIn(dir)).toMatchObject([{ outcome: 'undone', left: [] }]);
      expect(lines(dir)).toEqual(before);
    }
  });

  it('reads on behind a line that an append on a full disk tore', async () => {
    const dir = temporary('recover');
    const roots = { target: join(dir, 'target') };
    put(roots.target, { 'a.md': 'a\n', 'b.md': 'b\n' });
    const before = lines(dir);
    const ports = diskPorts();
    let full = false;
    const transaction = openIn(dir, {
      ports: {
        ...ports,
        state: {
          ...ports.state,
          append: (path, bytes, how) => {
            ports.state.append(path, full ? Buffer.from(bytes as string).subarray(0, 40) : bytes, how);
            if (full) throw new LockstepError('disk', 'no space left on device');
          },
        },
      },
    });
    const one = [change(roots, 'a.md', fileOf('a2\n'))];
    const two = [change(roots, 'b.md', fileOf('b2\n'))];
    await transaction.stage(one, content);
    full = true;
    await expect(transaction.stage(two, content)).rejects.toThrow(/no space/);
    full = false;
    await transaction.swap(one);
    await apply(transaction, two);
    await recoverIn(dir);
    expect(lines(dir)).toEqual(before);
  });

  it('names a damaged journal, one of a newer format and a target that is gone, and recovers the others', async () => {
    const { dir, before } = await changed('run-5');
    const folderPath = state(dir).journal;
    const [name] = readdirSync(folderPath);
    const line = readFileSync(join(folderPath, name ?? ''), 'utf8');
    writeFileSync(join(folderPath, 'run-1--a.ndjson'), line.replace('run-5', 'run-1'));
    const lost = await changed('run-2');
    renameSync(lost.journal, join(folderPath, 'run-2--b.ndjson'));
    renameSync(lost.roots.target, `${lost.roots.target}-moved`);
    const found = await recoverIn(dir);
    expect(found.map(({ outcome }) => outcome)).toEqual(['blocked', 'blocked', 'undone']);
    expect(found[0]?.cause).toContain('run-1--a.ndjson');
    expect(found[1]).toMatchObject({ run: 'run-2', target: 'app', cause: expect.stringContaining('is not there') });
    expect(lines(dir)).toEqual(before);
    expect(readdirSync(folderPath)).toEqual(['run-1--a.ndjson', 'run-2--b.ndjson']);
  });

  it('undoes nothing when the receipt is of another run or cannot be read', async () => {
    for (const receipt of ['{"run":"run-7"}', '{"run":']) {
      const { dir, roots, journal } = await changed();
      put(roots.target, { '.lockstep/receipts/opencode-ai.json': receipt });
      expect(await recoverIn(dir)).toMatchObject([
        { outcome: 'blocked', cause: expect.stringContaining('opencode-ai.json') },
      ]);
      expect(text(roots.target, 'a.md')).toBe('a2\n');
      expect(existsSync(journal)).toBe(true);
    }
  });

  it('takes only journals of the target that it is asked for, and of those that share a root with it', async () => {
    const { dir, roots, journal } = await changed();
    expect(await recoverIn(dir, diskPorts(), { target: 'other', roots: { target: '/other' } })).toEqual([]);
    expect(existsSync(journal)).toBe(true);
    expect(
      await recoverIn(dir, diskPorts(), { target: 'other', roots: { target: '/other', python: roots.target } }),
    ).toHaveLength(1);
  });

  it('brings content back from the backup store when the owner cleaned the staging away, killed or not', async () => {
    const readBackup = (sha256: string) => {
      const known = ['a\n', 'gone\n'].find((one) => {
        const file = fileOf(one);
        return file.kind === 'file' && file.sha256 === sha256;
      });
      return Buffer.from(known ?? '');
    };
    for (let at = 1; ; at += 1) {
      const { dir, roots, before } = await changed();
      rmSync(join(roots.target, '.lockstep'), { recursive: true });
      expect(await recoverIn(dir)).toMatchObject([{ outcome: 'blocked', cause: expect.stringContaining('2 paths') }]);
      const dying = recoverIn(dir, killable(diskPorts(), { at, how: 'before' }), { readBackup });
      const killed = await dying.then(
        () => false,
        () => true,
      );
      const found = await recoverIn(dir, diskPorts(), { readBackup });
      expect(found.flatMap(({ left, unfinished }) => [...left, ...unfinished])).toEqual([]);
      expect(lines(dir), `killed at ${at}`).toEqual(before);
      if (!killed) break;
    }
  });

  it('moves the branch of a clone back', async () => {
    const dir = temporary('recover');
    const checkout = initRepo(join(dir, 'clone'));
    put(checkout, { 'a.py': 'one\n' });
    const one = commit(checkout, 'feat: one');
    put(join(dir, 'target'), { 'own.txt': 'own\n' });
    const roots = { target: join(dir, 'target'), checkout };
    const two = git(checkout, 'commit-tree', '-m', 'two', '-p', one, `${one}^{tree}`);
    const move: RefAction = {
      kind: 'ref',
      component: 'package',
      checkout,
      ref: 'refs/heads/main',
      before: one,
      after: two,
      cause: 'x',
    };
    const actions = [move, change(roots, '@checkout/a.py', fileOf('two\n'))];
    const logs = () => treeLines(join(checkout, '.git', 'logs'));
    const before = logs();
    const transaction = openIn(dir, { roots });
    await apply(transaction, actions);
    expect(git(checkout, 'rev-parse', 'main')).toBe(two);
    // Killed when the branch is back and its lines are still in the reflog.
    const dying = diskPorts();
    const processes: WrittenPorts['processes'] = {
      ...dying.processes,
      run: (request) => {
        if (request.argv.includes('reflog')) throw new Killed('killed at the reflog');
        return dying.processes.run(request);
      },
    };
    await diesIn(recoverIn(dir, { ...dying, processes }));
    expect(git(checkout, 'rev-parse', 'main')).toBe(one);
    expect(logs()).not.toEqual(before);
    expect(await recoverIn(dir)).toMatchObject([{ outcome: 'undone', restored: 1, left: [] }]);
    expect(git(checkout, 'rev-parse', 'main')).toBe(one);
    expect(git(checkout, 'status', '--porcelain')).toBe('');
    expect(logs()).toEqual(before);
  });
});

describe('a real kill', () => {
  const exitOf = (child: ChildProcess): Promise<void> => new Promise((resolve) => child.once('exit', () => resolve()));

  it('in the middle of putting files in place leaves nothing that recover does not mend', async () => {
    const parent = temporary('kill');
    const script = join(parent, 'child.mjs');
    buildSync({
      entryPoints: [fileURLToPath(new URL('../fixtures/syncing-child.ts', import.meta.url))],
      outfile: script,
      bundle: true,
      platform: 'node',
      format: 'esm',
      banner: { js: "import{createRequire as r}from'node:module';const require=r(import.meta.url);" },
    });
    for (const delay of [0, 2, 5, 9, 14]) {
      const dir = join(parent, `after-${delay}`);
      put(
        join(dir, 'target'),
        Object.fromEntries(Array.from({ length: 400 }, (_, i) => [`docs/${i % 20}/${i}.md`, `${i}\n`])),
      );
      const before = lines(dir);
      const child = spawn(process.execPath, [script, dir], { stdio: ['ignore', 'pipe', 'inherit'] });
      const exit = exitOf(child);
      child.stdout?.once('data', () => setTimeout(() => child.kill('SIGKILL'), delay));
      await exit;
      const torn = lines(dir);
      const [found] = await recoverIn(dir);
      const committed = torn.some((line) => line.includes('receipts/opencode-ai.json'));
      if (committed) expect(lines(dir).filter((line) => line.includes('.md')).length).toBe(400);
      else expect(lines(dir)).toEqual(before);
      expect(found?.left ?? []).toEqual([]);
      expect(await recoverIn(dir)).toEqual([]);
    }
  });
});
