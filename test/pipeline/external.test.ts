import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LockstepError } from '../../src/domain/errors.ts';
import { type RecoveredRun, recover } from '../../src/pipeline/recover.ts';
import type { Transaction } from '../../src/pipeline/transaction.ts';
import { Killed, type KillPlan, killable } from '../fixtures/killable.ts';
import { put, temporary } from '../fixtures/sandbox.ts';
import {
  apply,
  change,
  diskPorts,
  fileOf,
  journalsIn,
  openIn,
  receiptOf,
  type WrittenPorts,
} from '../fixtures/staged-target.ts';
import { treeLines } from '../fixtures/tree-hash.ts';

const globs = ['custom_nodes/opencode/**', 'made/deep/*.json', 'conf/generated.toml'];
const never: KillPlan = { at: Number.POSITIVE_INFINITY, how: 'before' };

/** The tree with the times of all that the globs cover; folders on the way keep no time. */
const lines = (target: string): readonly string[] => {
  const times: string[] = [];
  const visit = (path: string): void => {
    const stat = lstatSync(join(target, path), { throwIfNoEntry: false });
    if (stat === undefined) return;
    times.push(`${path} ${stat.mtime.toISOString()}`);
    if (stat.isDirectory()) for (const name of readdirSync(join(target, path)).sort()) visit(join(path, name));
  };
  visit('custom_nodes/opencode');
  visit('conf/generated.toml');
  return [...treeLines(target), ...times];
};

/** Everything that a target can hold where a program writes. */
const fill = (target: string): void => {
  put(target, {
    'own.txt': 'own\n',
    'custom_nodes/other.py': 'other\n',
    'custom_nodes/opencode/a.py': 'a\n',
    'custom_nodes/opencode/gone.txt': 'gone\n',
    'custom_nodes/opencode/tool.sh': '#!/bin/sh\n',
    'custom_nodes/opencode/file-turns': 'file\n',
    'custom_nodes/opencode/turns/in.txt': 'in\n',
    'custom_nodes/opencode/same.txt': 'same\n',
    'conf/generated.toml': 'a = 1\n',
    'docs/a.md': 'a\n',
  });
  chmodSync(join(target, 'custom_nodes/opencode/tool.sh'), 0o750);
  mkdirSync(join(target, 'custom_nodes/opencode/empty'), { mode: 0o711 });
  symlinkSync('a.py', join(target, 'custom_nodes/opencode/link'));
  lutimesSync(join(target, 'custom_nodes/opencode/link'), 1_500_000_000, 1_500_000_000);
  for (const path of ['a.py', 'gone.txt', 'tool.sh', 'file-turns', 'turns/in.txt', 'same.txt', 'turns', 'empty', '']) {
    utimesSync(join(target, 'custom_nodes/opencode', path), 1_600_000_000, 1_600_000_000);
  }
  utimesSync(join(target, 'conf/generated.toml'), 1_600_000_001.25, 1_600_000_001.25);
};

/** What backups hold: everything that stood there, by sha256. */
const backupOf = (target: string): ((sha256: string) => Buffer) => {
  const bytes = new Map<string, Buffer>();
  const visit = (dir: string): void => {
    for (const entry of readdirSync(dir, { withFileTypes: true })) {
      const path = join(dir, entry.name);
      if (entry.isDirectory()) visit(path);
      else if (entry.isFile())
        bytes.set(createHash('sha256').update(readFileSync(path)).digest('hex'), readFileSync(path));
    }
  };
  visit(target);
  return (sha256) => {
    const found = bytes.get(sha256);
    if (found === undefined) throw new LockstepError('backup-damaged', `no ${sha256}`);
    return found;
  };
};

/** A program: every kind of change, each of its writes a moment at which everything may be killed. */
const program = (target: string, ports: WrittenPorts): void => {
  const tree = ports.openTree({ roots: [target] });
  const at = (path: string): string => join(target, 'custom_nodes/opencode', path);
  tree.write(at('a.py'), Buffer.from('changed in place\n'), 0o600);
  tree.unlink(at('gone.txt'));
  tree.chmod(at('tool.sh'), 0o700);
  tree.unlink(at('link'));
  tree.symlink(at('link'), 'tool.sh');
  tree.rmdir(at('empty'));
  tree.write(at('new.txt'), Buffer.from('new\n'), 0o644);
  tree.mkdir(at('sub'), 0o700);
  tree.write(at('sub/deep.txt'), Buffer.from('deep\n'), 0o644);
  tree.mkdir(at('sub/__pycache__'));
  tree.write(at('sub/__pycache__/x.cpython-311.pyc'), Buffer.from('compiled'), 0o644);
  tree.unlink(at('file-turns'));
  tree.mkdir(at('file-turns'), 0o755);
  tree.write(at('file-turns/inner'), Buffer.from('inner\n'), 0o644);
  tree.unlink(at('turns/in.txt'));
  tree.rmdir(at('turns'));
  tree.write(at('turns'), Buffer.from('a file now\n'), 0o644);
  tree.touch(at('same.txt'), 1_700_000_000_000_000_000n);
  tree.mkdir(join(target, 'made'));
  tree.mkdir(join(target, 'made/deep'));
  tree.write(join(target, 'made/deep/x.json'), Buffer.from('{}\n'), 0o644);
  tree.write(join(target, 'conf/generated.toml'), Buffer.from('a = 2\n'), 0o644);
};

interface Scene {
  readonly dir: string;
  readonly target: string;
  readonly readBackup: (sha256: string) => Buffer;
  readonly run: (ports: WrittenPorts) => Promise<void>;
}

const scene = (parent: string, name: string): Scene => {
  const dir = join(parent, name);
  const target = join(dir, 'target');
  fill(target);
  const readBackup = backupOf(target);
  const run = async (ports: WrittenPorts): Promise<void> => {
    const transaction = openIn(dir, { ports, readBackup });
    await apply(transaction, [change({ target }, 'docs/a.md', fileOf('b\n'))]);
    const external = transaction.external({ step: 'nodes', globs });
    program(target, ports);
    external.ended();
    // A folder that the program made holds a document then, and the other way round.
    await apply(transaction, [change({ target }, 'made/readme.md', fileOf('readme\n'))]);
    await transaction.commit(receiptOf('run-1'));
  };
  return { dir, target, readBackup, run };
};

const recoverIn = ({ dir, readBackup }: Scene, ports: WrittenPorts = diskPorts()): Promise<readonly RecoveredRun[]> =>
  recover({ ports, state: { journal: join(dir, 'state', 'journal') }, readBackup });

const diesIn = async (run: Promise<unknown>): Promise<boolean> => {
  try {
    await run;
    return false;
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
    return true;
  }
};

const rehearse = async (parent: string) => {
  const { target, run } = scene(parent, 'rehearsal');
  const before = lines(target);
  const ports = killable(diskPorts(), never);
  await run(ports);
  const committing =
    ports.calls.findIndex((call) => call.startsWith('rename') && call.endsWith('opencode-ai.json')) + 1;
  return { before, after: lines(target), calls: ports.calls, committing };
};

describe('a program that writes by itself', () => {
  it('leaves, killed at any writing call and recovered, what stood there or all that it wrote', async () => {
    const parent = temporary('external');
    const { before, after, calls, committing } = await rehearse(parent);
    const withoutTimes = (list: readonly string[]) => list.filter((line) => !/T\d\d:.*Z$/.test(line));
    expect(calls.length).toBeGreaterThan(50);
    for (const [index, call] of calls.entries()) {
      const at = index + 1;
      const tears = call.startsWith('write') || call.startsWith('append');
      for (const how of tears ? (['before', 'halfway'] as const) : (['before'] as const)) {
        const where = `${how} ${at}: ${call}`;
        const one = scene(parent, `${how}-${at}`);
        expect(await diesIn(one.run(killable(diskPorts(), { at, how }))), where).toBe(true);
        for (const { left, unfinished } of await recoverIn(one)) {
          expect(left, where).toEqual([]);
          expect(unfinished, where).toEqual([]);
        }
        if (at > committing) expect(withoutTimes(lines(one.target)), where).toEqual(withoutTimes(after));
        else expect(lines(one.target), where).toEqual(before);
        expect(journalsIn(one.dir), where).toEqual([]);
      }
    }
  });

  it('is undone even when recovering is killed at any of its own calls, cut off or over', async () => {
    const parent = temporary('external');
    const { before, calls, committing } = await rehearse(parent);
    const middle = calls.findIndex((call) => call.startsWith('write') && call.endsWith('/turns')) + 1;
    for (const at of [middle, committing]) {
      for (let second = 1; ; second += 1) {
        const one = scene(parent, `${at}-${second}`);
        await diesIn(one.run(killable(diskPorts(), { at, how: 'before' })));
        const dying = killable(diskPorts(), { at: second, how: 'before' });
        const killed = await diesIn(recoverIn(one, dying));
        const found = await recoverIn(one);
        expect(found.flatMap(({ left, unfinished }) => [...left, ...unfinished])).toEqual([]);
        expect(lines(one.target), `${at}, then ${second}: ${dying.calls.at(-1)}`).toEqual(before);
        if (!killed) break;
      }
    }
  });
});

/** A transaction of a program that ran to its end, or was cut off. */
const ran = (how: 'over' | 'cut off') => {
  const one = scene(temporary('external'), 'one');
  const before = lines(one.target);
  const transaction: Transaction = openIn(one.dir, { readBackup: one.readBackup });
  const external = transaction.external({ step: 'nodes', globs });
  program(one.target, diskPorts());
  if (how === 'over') external.ended();
  return { ...one, before, transaction, at: (path: string) => join(one.target, 'custom_nodes/opencode', path) };
};

describe('undoing a program', () => {
  it('leaves alone and reports what somebody edited, made or removed after it ended', async () => {
    const { transaction, at, target } = ran('over');
    writeFileSync(at('a.py'), 'edited since\n');
    writeFileSync(at('sub/mine.txt'), 'mine\n');
    rmSync(at('tool.sh'));
    const { left, unfinished } = await transaction.undo();
    expect(left.map(({ path }) => path).sort()).toEqual([at('a.py'), at('sub'), at('sub/mine.txt'), at('tool.sh')]);
    expect(unfinished).toEqual([]);
    expect(readFileSync(at('a.py'), 'utf8')).toBe('edited since\n');
    expect(readFileSync(at('sub/mine.txt'), 'utf8')).toBe('mine\n');
    expect(existsSync(at('sub/deep.txt'))).toBe(false);
    expect(existsSync(at('tool.sh'))).toBe(false);
    expect(readFileSync(at('gone.txt'), 'utf8')).toBe('gone\n');
    expect(existsSync(join(target, 'made'))).toBe(false);
  });

  it('takes everything for the program’s own as long as it is not over', async () => {
    const { transaction, at, target, before } = ran('cut off');
    writeFileSync(at('late.txt'), 'written by a child of it\n');
    expect(await transaction.undo()).toMatchObject({ left: [], unfinished: [] });
    expect(lines(target)).toEqual(before);
  });

  it('forgets what a first attempt left once a second one began', async () => {
    const { dir, transaction, at, target, before, readBackup } = ran('over');
    transaction.external({ step: 'nodes', globs });
    writeFileSync(at('a.py'), 'the second attempt\n');
    // Killed: only the journal knows.
    const ports = diskPorts();
    await recover({ ports, state: { journal: join(dir, 'state', 'journal') }, readBackup });
    expect(lines(target)).toEqual(before);
  });

  it('goes back to what stood there before the first of two programs that write the same', async () => {
    const { transaction, at, target, before } = ran('over');
    const second = transaction.external({ step: 'more', globs: ['custom_nodes/opencode/*.txt'] });
    writeFileSync(at('new.txt'), 'newer\n');
    rmSync(at('same.txt'));
    second.ended();
    expect(await transaction.undo()).toMatchObject({ left: [], unfinished: [] });
    expect(lines(target)).toEqual(before);
  });

  it('follows no link that the program put in the way', async () => {
    const { transaction, at, target, before, dir } = ran('cut off');
    put(dir, { 'elsewhere/in.txt': 'elsewhere\n' });
    rmSync(at('turns'), { recursive: true });
    symlinkSync(join(dir, 'elsewhere'), at('turns'));
    await transaction.undo();
    expect(lines(target)).toEqual(before);
    expect(readFileSync(join(dir, 'elsewhere/in.txt'), 'utf8')).toBe('elsewhere\n');
  });

  it('takes along what was compiled from code that changes', async () => {
    const one = scene(temporary('external'), 'one');
    const transaction = openIn(one.dir, { readBackup: one.readBackup });
    transaction.external({ step: 'nodes', globs });
    const at = (path: string) => join(one.target, 'custom_nodes/opencode', path);
    writeFileSync(at('a.py'), 'b\n');
    put(one.target, { 'custom_nodes/opencode/__pycache__/a.cpython-311.pyc': 'compiled from b' });
    await transaction.undo();
    expect(existsSync(at('__pycache__/a.cpython-311.pyc'))).toBe(false);
  });

  it('reports what cannot be put back, and does it once it can', async () => {
    const { dir, target, before, readBackup } = ran('cut off');
    const state = { journal: join(dir, 'state', 'journal') };
    const [first] = await recover({ ports: diskPorts(), state });
    expect(first).toMatchObject({ outcome: 'blocked' });
    expect(await recover({ ports: diskPorts(), state, readBackup })).toMatchObject([{ outcome: 'undone', left: [] }]);
    expect(lines(target)).toEqual(before);
  });
});

describe('a program is not started', () => {
  it('when what stands there is in no backup', () => {
    const { dir, target, readBackup } = scene(temporary('external'), 'one');
    put(target, { 'custom_nodes/opencode/a.py': 'edited after the backup\n' });
    const transaction = openIn(dir, { readBackup });
    expect(() => transaction.external({ step: 'nodes', globs })).toThrow(/a\.py is in no backup as it stands now/);
  });

  it('when the journal cannot be written', () => {
    const { dir, readBackup, target } = scene(temporary('external'), 'one');
    const ports = diskPorts();
    const full = (): never => {
      throw new LockstepError('disk', 'no space left on device');
    };
    const transaction = openIn(dir, { readBackup, ports: { ...ports, state: { ...ports.state, append: full } } });
    const before = lines(target);
    expect(() => transaction.external({ step: 'nodes', globs })).toThrow(/no space/);
    expect(lines(target)).toEqual(before);
  });
});
