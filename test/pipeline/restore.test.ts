import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import fse from 'fs-extra';
import { describe, expect, it } from 'vitest';
import { diskFiles } from '../../src/adapters/files.ts';
import { touchedPaths } from '../../src/domain/plan.ts';
import type { Receipt, ReceiptFile } from '../../src/domain/receipt.ts';
import { planRestore, type RestorePlan } from '../../src/domain/restore.ts';
import { coversPaths } from '../../src/domain/restore-paths.ts';
import { recover } from '../../src/pipeline/recover.ts';
import { openTransaction } from '../../src/pipeline/transaction.ts';
import { type BackupManifest, type BackupStore, openBackups } from '../../src/store/backups.ts';
import { sha256 } from '../../src/store/main-tree.ts';
import { statePlaces } from '../../src/store/state-dir.ts';
import { Killed, type KillPlan, killable } from '../fixtures/killable.ts';
import { change, pathsBelow, plant, randomChanges, randomTree, standing } from '../fixtures/random-tree.ts';
import { put, temporary } from '../fixtures/sandbox.ts';
import { diskPorts, type WrittenPorts } from '../fixtures/staged-target.ts';
import { statePorts } from '../fixtures/state-ports.ts';

const files = diskFiles(() => {});
const skip = (path: string): boolean => path === '.lockstep';
const isCache = (path: string): boolean => skip(path) || path.includes('__pycache__');

/** A receipt by which Lockstep wrote everything that stands there. */
const claimsAll = (root: string, run: string): Receipt => {
  const recorded: (readonly [path: string, file: ReceiptFile])[] = [];
  const dirs: string[] = [];
  for (const path of pathsBelow(root, isCache)) {
    const state = files.state(join(root, path));
    if (state.kind === 'dir') dirs.push(path);
    if (state.kind === 'file') recorded.push([path, { sha256: state.sha256, mode: state.mode }]);
    if (state.kind === 'link') recorded.push([path, { sha256: sha256(state.to), mode: 0o777, link: state.to }]);
  }
  return {
    format: 1,
    project: 'p',
    target: 't',
    commit: `c-${run}`,
    version: null,
    run,
    time: '2026-11-27T00:00:00Z',
    components: { docs: { commit: `c-${run}`, files: Object.fromEntries(recorded), dirs } },
    config: {},
    decisions: [],
  };
};

interface Ground {
  readonly dir: string;
  readonly root: string;
  readonly store: BackupStore;
}

const groundIn = (dir: string): Ground => {
  mkdirSync(join(dir, 'target'), { recursive: true });
  return { dir, root: join(dir, 'target'), store: openBackups(statePorts(), statePlaces(join(dir, 'state'))) };
};

const backUp = ({ root, store }: Ground, receipt: Receipt): Promise<BackupManifest> =>
  store.create({
    target: 't',
    run: null,
    components: ['docs'],
    entries: pathsBelow(root, isCache).map((path) => ({ path, component: 'docs', absolute: join(root, path) })),
    receipt,
    checkout: null,
  });

/** A restore of everything, but for the receipt and the run. */
const asked = ({ root }: Ground, manifest: BackupManifest) => ({
  manifest,
  components: null,
  roots: { target: root },
  receiptFile: join(root, '.lockstep/receipts/p.json'),
  files,
  project: 'p',
  time: '2026-11-27T01:00:00Z',
});

interface Going {
  readonly receipt: Receipt;
  readonly run: string;
  readonly paths?: readonly string[];
  readonly ports?: WrittenPorts;
}

/** As the use case does it: planned, what stands there backed up, then through the transaction. */
const restore = async (
  ground: Ground,
  manifest: BackupManifest,
  { receipt, run, paths, ports = diskPorts() }: Going,
): Promise<{ readonly planned: RestorePlan; readonly undo: BackupManifest }> => {
  const { dir, root, store } = ground;
  const planned = planRestore({ ...asked(ground, manifest), paths: paths ?? null, receipt, run });
  const undo = await store.create({
    target: 't',
    run,
    occasion: 'restore',
    components: planned.components,
    entries: planned.standing,
    touched: new Set(touchedPaths(planned.actions)),
    receipt,
    checkout: null,
  });
  const state = statePlaces(join(dir, 'state'));
  const transaction = openTransaction({ ports, roots: { target: root }, target: 't', run, projectId: 'p', state });
  await transaction.stage(planned.actions, async (digest) => store.read(digest));
  await transaction.swap(planned.actions);
  await transaction.commit(planned.receipt);
  return { planned, undo };
};

describe('any tree, through the transaction', () => {
  it('comes back whatever became of it, and undoing that brings what had become of it', async () => {
    const ground = groundIn(temporary('restore'));
    const { root } = ground;
    await fc.assert(
      fc.asyncProperty(randomTree, randomChanges, async (tree, changes) => {
        fse.emptyDirSync(root);
        plant(root, tree);
        const before = standing(root);
        const manifest = await backUp(ground, claimsAll(root, 'r1'));
        change(root, changes);
        const changed = standing(root);
        const { planned, undo } = await restore(ground, manifest, { receipt: claimsAll(root, 'r2'), run: 'r3' });
        expect(planned.warnings).toEqual([]);
        expect(standing(root, skip)).toEqual(before);
        await restore(ground, undo, { receipt: planned.receipt, run: 'r4' });
        expect(standing(root, skip)).toEqual(changed);
      }),
      { numRuns: 25 },
    );
  });

  it('comes back at the paths that are asked for and nowhere else', async () => {
    const ground = groundIn(temporary('restore'));
    const { root } = ground;
    await fc.assert(
      fc.asyncProperty(
        randomTree,
        randomChanges,
        fc.array(fc.nat(), { maxLength: 3 }),
        async (tree, changes, picks) => {
          fse.emptyDirSync(root);
          plant(root, tree);
          const before = standing(root);
          const names = pathsBelow(root);
          fc.pre(names.length > 0 && picks.length > 0);
          const paths = picks.map((pick) => names[pick % names.length] ?? '');
          const manifest = await backUp(ground, claimsAll(root, 'r1'));
          change(root, changes);
          const changed = standing(root);
          const { planned, undo } = await restore(ground, manifest, {
            receipt: claimsAll(root, 'r2'),
            run: 'r3',
            paths,
          });
          const nameIn = (line: string): string => JSON.parse(/^\w+ ("(?:[^"\\]|\\.)*")/.exec(line)?.[1] ?? '""');
          const covers = coversPaths(paths);
          const isAbove = (path: string): boolean => paths.some((asked) => asked.startsWith(`${path}/`));
          const after = standing(root, skip);
          const there = (lines: readonly string[]) => lines.filter((line) => covers(nameIn(line)));
          const elsewhere = (lines: readonly string[]) =>
            lines.filter((line) => !covers(nameIn(line)) && !isAbove(nameIn(line)));
          if (planned.warnings.length === 0) expect(there(after)).toEqual(there(before));
          expect(elsewhere(after)).toEqual(elsewhere(changed));
          // What it replaced was backed up with its component, whole: from there everything is as it was.
          await restore(ground, undo, { receipt: planned.receipt, run: 'r4' });
          expect(standing(root, skip)).toEqual(changed);
        },
      ),
      { numRuns: 25 },
    );
  });
});

/** Root may write anywhere: as another user it shows whether a folder was opened to put something into it. */
const asPlainUser = async (dir: string, work: () => Promise<void>): Promise<void> => {
  if (process.getuid?.() !== 0) return work();
  execFileSync('chown', ['-R', '65534', dir]);
  process.seteuid?.(65534);
  try {
    await work();
  } finally {
    process.seteuid?.(0);
  }
};

describe('a folder that is closed to its own owner', () => {
  const closed = (ground: Ground): void => {
    put(ground.root, { 'closed/in.md': 'in\n', 'closed/deep/x.md': 'x\n' });
    chmodSync(join(ground.root, 'closed/deep'), 0o555);
    chmodSync(join(ground.root, 'closed'), 0o555);
  };
  const open = (ground: Ground): void => {
    for (const path of ['closed', 'closed/deep'])
      if (existsSync(join(ground.root, path))) chmodSync(join(ground.root, path), 0o755);
  };

  it('comes back with what lay in it, and closed', async () => {
    const ground = groundIn(temporary('restore'));
    const { root } = ground;
    await asPlainUser(ground.dir, async () => {
      closed(ground);
      const before = standing(root);
      const manifest = await backUp(ground, claimsAll(root, 'r1'));
      open(ground);
      rmSync(join(root, 'closed'), { recursive: true });
      await restore(ground, manifest, { receipt: claimsAll(root, 'r2'), run: 'r3' });
      expect(standing(root, skip)).toEqual(before);
      // There, with other content and other permissions: both come back, and so does what had become of it.
      open(ground);
      put(root, { 'closed/in.md': 'other\n' });
      const changed = standing(root, skip);
      const { undo, planned } = await restore(ground, manifest, { receipt: claimsAll(root, 'r4'), run: 'r5' });
      expect(standing(root, skip)).toEqual(before);
      expect(planned.differs).toBe(true);
      open(ground);
      await restore(ground, undo, { receipt: planned.receipt, run: 'r6' });
      expect(standing(root, skip)).toEqual(changed);
      open(ground);
    });
  });

  it('is as before once a restore was undone that had closed it', async () => {
    const ground = groundIn(temporary('restore'));
    const { root, store, dir } = ground;
    await asPlainUser(ground.dir, async () => {
      closed(ground);
      const manifest = await backUp(ground, claimsAll(root, 'r1'));
      open(ground);
      rmSync(join(root, 'closed/deep'), { recursive: true });
      put(root, { 'closed/in.md': 'other\n' });
      chmodSync(join(root, 'closed'), 0o700);
      const changed = standing(root, skip);
      const planned = planRestore({ ...asked(ground, manifest), receipt: claimsAll(root, 'r2'), run: 'r3' });
      const state = statePlaces(join(dir, 'state'));
      const opened = { ports: diskPorts(), roots: { target: root }, target: 't', run: 'r3', projectId: 'p', state };
      const transaction = openTransaction(opened);
      await transaction.stage(planned.actions, async (digest) => store.read(digest));
      await transaction.swap(planned.actions);
      expect(standing(root, skip)).not.toEqual(changed);
      expect(await transaction.undo()).toMatchObject({ left: [], unfinished: [] });
      // Putting a file back is a change of its folder: its time is not undone.
      const lines = (all: readonly string[]): readonly string[] =>
        all.filter((line) => !line.includes('closed/in.md')).map((line) => line.replace(/^(dir .*) \d+$/, '$1'));
      expect(lines(standing(root, skip))).toEqual(lines(changed));
      expect(readFileSync(join(root, 'closed/in.md'), 'utf8')).toBe('other\n');
    });
  });
});

describe('what lies behind a link', () => {
  it("is not the target's: no backup holds it, and no restore writes there", async () => {
    const ground = groundIn(temporary('restore'));
    const { root, dir } = ground;
    put(root, { 'docs/a.md': 'mine\n' });
    const receipt = claimsAll(root, 'r1');
    const manifest = await backUp(ground, receipt);
    rmSync(join(root, 'docs'), { recursive: true });
    put(dir, { 'elsewhere/a.md': 'theirs\n' });
    symlinkSync(join(dir, 'elsewhere'), join(root, 'docs'));
    const { undo } = await restore(ground, manifest, { receipt, run: 'r2' });
    expect(undo.entries.map(({ path, state }) => `${path} ${state.kind}`)).toEqual(['docs link', 'docs/a.md absent']);
    expect(readFileSync(join(root, 'docs/a.md'), 'utf8')).toBe('mine\n');
    expect(readFileSync(join(dir, 'elsewhere/a.md'), 'utf8')).toBe('theirs\n');
  });
});

/** A target as a later sync left it, to be brought back over every kind of change. */
const scene = async (parent: string) => {
  const ground = groundIn(mkdtempSync(join(parent, 'scene-')));
  const { root } = ground;
  put(root, { 'a.md': 'a\n', 'gone/x.md': 'x\n', 'turns/in.md': 'in\n', 'file-turns': 'f\n', 'mod.py': 'one\n' });
  symlinkSync('a.md', join(root, 'link'));
  mkdirSync(join(root, 'empty'), { mode: 0o750 });
  const manifest = await backUp(ground, claimsAll(root, 'r1'));
  for (const path of ['gone', 'turns', 'file-turns', 'link', 'empty']) rmSync(join(root, path), { recursive: true });
  put(root, {
    'a.md': 'a2\n',
    turns: 'a file\n',
    'file-turns/in.md': 'f2\n',
    'new/deep/n.md': 'n\n',
    'mod.py': 'two\n',
  });
  chmodSync(join(root, 'a.md'), 0o755);
  symlinkSync('mod.py', join(root, 'link'));
  const receipt = claimsAll(root, 'r2');
  put(root, { '__pycache__/mod.cpython-311.pyc': 'compiled two' });
  return { ...ground, manifest, receipt };
};

const linesOf = ({ root }: Ground): readonly string[] => standing(root, skip);

const diesIn = async (work: Promise<unknown>): Promise<void> => {
  const ended = await work.then(
    () => 'came to its end',
    (error: unknown) => error,
  );
  expect(ended).toBeInstanceOf(Killed);
};

describe('a restore that is killed at any writing call', () => {
  it('is, once recovered, as before or as after, and can be done again then', async () => {
    const parent = temporary('restore');
    const rehearsal = await scene(parent);
    const before = linesOf(rehearsal);
    const ports = killable(diskPorts(), { at: Number.POSITIVE_INFINITY, how: 'before' });
    await restore(rehearsal, rehearsal.manifest, { receipt: rehearsal.receipt, run: 'r3', ports });
    const after = linesOf(rehearsal);
    expect(after).not.toEqual(before);
    const committing = ports.calls.findLastIndex((call) => /rename .*receipts\/p\.json$/.test(call)) + 1;
    expect(committing).toBeGreaterThan(40);
    const plans: KillPlan[] = ports.calls.flatMap((call, index) => {
      const at = index + 1;
      const torn = /^(?:write|append)/.test(call) ? [{ at, how: 'halfway' as const }] : [];
      return [{ at, how: 'before' as const }, ...torn];
    });
    for (const plan of plans) {
      const where = `${plan.how} ${plan.at}: ${ports.calls[plan.at - 1]}`;
      const one = await scene(parent);
      const dying = killable(diskPorts(), plan);
      await diesIn(restore(one, one.manifest, { receipt: one.receipt, run: 'r3', ports: dying }));
      const state = statePlaces(join(one.dir, 'state'));
      const found = await recover({ ports: diskPorts(), state, readBackup: (digest) => one.store.read(digest) });
      const names = (lines: readonly string[]) => lines.map((line) => line.replace(/ \d+$/, ''));
      const committed = plan.at > committing;
      expect(names(linesOf(one)), where).toEqual(names(committed ? after : before));
      for (const { outcome, left } of found) {
        expect([outcome, left], where).toEqual([committed ? 'committed' : 'undone', []]);
      }
      if (committed || plan.at % 5 !== 0) continue;
      await restore(one, one.manifest, { receipt: one.receipt, run: 'r5' });
      expect(names(linesOf(one)), where).toEqual(names(after));
    }
  });
});
