import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import fse from 'fs-extra';
import { describe, expect, it } from 'vitest';
import { diskFiles } from '../../src/adapters/files.ts';
import { diskTree } from '../../src/adapters/tree.ts';
import type { BackupManifest } from '../../src/domain/backup.ts';
import type { FileAction } from '../../src/domain/plan.ts';
import type { Receipt, ReceiptComponent, ReceiptFile } from '../../src/domain/receipt.ts';
import { planRestore, type RestorePlan, type RestoreRequest } from '../../src/domain/restore.ts';
import { openTransaction } from '../../src/pipeline/transaction.ts';
import { type BackupStore, openBackups } from '../../src/store/backups.ts';
import { sha256 } from '../../src/store/main-tree.ts';
import { openReceipts, receiptPath } from '../../src/store/receipts.ts';
import { statePlaces } from '../../src/store/state-dir.ts';
import { put, temporary } from '../fixtures/sandbox.ts';
import { statePorts } from '../fixtures/state-ports.ts';

const files = diskFiles(() => {});

/** Everything below a folder: kind, mode, content or link text, and the times of files and links. */
const snapshot = (root: string): Record<string, string> => {
  const found: Record<string, string> = {};
  for (const { path, stat } of files.walk(root)) {
    const full = join(root, path);
    const time = stat.mtimeNs / 1000n;
    if (stat.kind === 'dir') found[path] = `${time} dir`;
    else if (stat.kind === 'link') found[path] = `${time} -> ${readlinkSync(full)}`;
    else found[path] = `${time} ${stat.mode.toString(8)} ${readFileSync(full, 'latin1')}`;
  }
  return found;
};

const recordOf = (path: string): ReceiptFile | undefined => {
  const state = files.state(path);
  if (state.kind === 'file') return { sha256: state.sha256, mode: state.mode };
  return state.kind === 'link' ? { sha256: sha256(state.to), mode: 0o777, link: state.to } : undefined;
};

/** A component's part of a receipt, as if Lockstep had just written all that stands below a folder. */
const componentOf = (root: string, folder: string): ReceiptComponent => {
  const recorded: Record<string, ReceiptFile> = {};
  const dirs: string[] = [];
  if (files.stat(join(root, folder))?.kind === 'dir') dirs.push(folder);
  for (const { path, stat } of files.walk(join(root, folder))) {
    if (path.includes('__pycache__')) continue;
    const record = recordOf(join(root, folder, path));
    if (record !== undefined) recorded[`${folder}/${path}`] = record;
    else if (stat.kind === 'dir') dirs.push(`${folder}/${path}`);
  }
  return { commit: 'c', files: recorded, dirs };
};

const receiptOf = (root: string, folders: readonly string[], extra: Partial<Receipt> = {}): Receipt => ({
  format: 1,
  project: 'main',
  target: 't',
  commit: 'c',
  version: null,
  run: 'r',
  time: new Date(Date.now() + 60_000).toISOString(),
  components: Object.fromEntries(folders.map((folder) => [folder, componentOf(root, folder)])),
  config: {},
  decisions: [],
  ...extra,
});

const storeIn = (dir: string): BackupStore => openBackups(statePorts(), statePlaces(dir));

const backUp = (
  store: BackupStore,
  root: string,
  receipt: Receipt | null,
  folders = Object.keys(receipt?.components ?? {}),
): Promise<BackupManifest> =>
  store.create({
    target: 't',
    run: null,
    components: folders,
    entries: Object.entries(receipt?.components ?? {}).flatMap(([component, recorded]) =>
      [...Object.keys(recorded.files), ...recorded.dirs].map((path) => ({
        path,
        component,
        absolute: join(root, path),
      })),
    ),
    receipt,
    checkout: null,
  });

const plan = (root: string, manifest: BackupManifest, extra: Partial<RestoreRequest> = {}): RestorePlan =>
  planRestore({
    manifest,
    components: null,
    receipt: undefined,
    receiptFile: receiptPath(root, 'main'),
    roots: { target: root },
    files,
    project: 'main',
    run: 'restore',
    time: '2026-11-23T00:00:00Z',
    ...extra,
  });

const depth = (action: FileAction): number => action.path.split('/').length;

/** Does what a plan says, in the simplest order: files go, folders go, folders come, files come, folders get their times. */
const apply = (store: BackupStore, root: string, { actions }: RestorePlan): void => {
  const all = actions.filter((action) => action.kind === 'file');
  for (const { path, before } of all.filter(
    (action) => action.before.kind !== 'dir' && action.before.kind !== 'absent',
  )) {
    expect(files.state(join(root, path))).toEqual(before);
    unlinkSync(join(root, path));
  }
  const removed = all.filter(({ before, after }) => before.kind === 'dir' && after.kind !== 'dir');
  for (const { path } of removed.sort((a, b) => depth(b) - depth(a))) rmdirSync(join(root, path));
  for (const { path, after, mtimeNs } of [...all].sort((a, b) => depth(a) - depth(b))) {
    const full = join(root, path);
    if (after.kind === 'absent') continue;
    mkdirSync(dirname(full), { recursive: true });
    if (after.kind === 'dir') mkdirSync(full, { recursive: true });
    if (after.kind === 'link') symlinkSync(after.to, full);
    if (after.kind === 'file') {
      writeFileSync(full, store.read(after.sha256));
      chmodSync(full, after.mode);
    }
    if (after.kind !== 'dir') diskTree({ roots: [root] }).touch(full, BigInt(mtimeNs ?? '0'));
  }
  for (const { path, after, mtimeNs } of all)
    if (after.kind === 'dir') diskTree({ roots: [root] }).touch(join(root, path), BigInt(mtimeNs ?? '0'));
};

type Node =
  | { readonly kind: 'file'; readonly content: string; readonly mode: number; readonly time: number }
  | { readonly kind: 'link'; readonly to: string }
  | { readonly kind: 'dir' };
type RandomTree = readonly (readonly [path: string, node: Node])[];

const node: fc.Arbitrary<Node> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('file' as const),
      content: fc.string({ maxLength: 8 }),
      mode: fc.constantFrom(0o644, 0o755, 0o600),
      time: fc.integer({ min: 1_000_000_000, max: 1_700_000_000 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('link' as const), to: fc.constantFrom('a', '../x', 'no where') }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'dir' as const }) },
);
const path = fc
  .array(fc.constantFrom('a', 'b', 'c.py', 'd d', '@e'), { minLength: 1, maxLength: 3 })
  .map((parts) => parts.join('/'));
const tree: fc.Arbitrary<RandomTree> = fc.array(fc.tuple(path, node), { maxLength: 14 });

/** Builds a tree; a path that needs a folder where a file already stands is left out. */
const build = (root: string, nodes: RandomTree): void => {
  mkdirSync(root, { recursive: true });
  for (const [name, item] of nodes) {
    const full = join(root, name);
    try {
      mkdirSync(dirname(full), { recursive: true });
      if (item.kind === 'dir') mkdirSync(full);
      else if (item.kind === 'link') symlinkSync(item.to, full);
      else {
        writeFileSync(full, item.content, { flag: 'wx' });
        chmodSync(full, item.mode);
        utimesSync(full, item.time + 0.1234567, item.time + 0.1234567);
      }
    } catch (error) {
      if (!/EEXIST|ENOTDIR|ENOENT|ELOOP/.test(String(error))) throw error;
    }
  }
};

describe('a restore', () => {
  it('brings any tree back, whatever a later sync and its owner made of it', async () => {
    const top = temporary();
    let count = 0;
    await fc.assert(
      fc.asyncProperty(
        tree,
        tree,
        fc.array(fc.tuple(fc.nat(), fc.string({ maxLength: 5 })), { maxLength: 3 }),
        async (first, second, edits) => {
          const root = join(top, `t${count++}`);
          const store = storeIn(join(root, '.state'));
          build(join(root, 'docs'), first);
          const manifest = await backUp(store, root, receiptOf(root, ['docs']));
          const before = snapshot(join(root, 'docs'));
          fse.removeSync(join(root, 'docs'));
          build(join(root, 'docs'), second);
          const receipt = receiptOf(root, ['docs']);
          const written = Object.keys(receipt.components.docs?.files ?? {}).filter((name) =>
            lstatSync(join(root, name)).isFile(),
          );
          for (const [pick, content] of edits) {
            const name = written[pick % Math.max(written.length, 1)];
            if (name !== undefined) writeFileSync(join(root, name), content);
          }
          const planned = plan(root, manifest, { receipt });
          expect(planned.warnings).toEqual([]);
          apply(store, root, planned);
          expect(snapshot(join(root, 'docs'))).toEqual(before);
          expect(plan(root, manifest, { receipt: planned.receipt }).actions).toEqual([]);
          rmSync(root, { recursive: true });
        },
      ),
      { numRuns: 80 },
    );
  });

  it('plans nothing when nothing changed', async () => {
    const root = temporary();
    put(root, { 'docs/a.md': 'a' });
    const receipt = receiptOf(root, ['docs']);
    const manifest = await backUp(storeIn(join(temporary(), 's')), root, receipt);
    expect(plan(root, manifest, { receipt })).toMatchObject({ actions: [], replacesNewerEdits: 0, warnings: [] });
  });

  it('brings the time of a file back that was only touched, which is no other state and no edit', async () => {
    const root = temporary();
    put(root, { 'docs/a.md': 'a', 'docs/b.md': 'b' });
    const receipt = receiptOf(root, ['docs']);
    const store = storeIn(join(temporary(), 's'));
    const manifest = await backUp(store, root, receipt);
    const before = snapshot(root);
    utimesSync(join(root, 'docs/a.md'), 1_000_000_000, 1_000_000_000);
    const planned = plan(root, manifest, { receipt });
    expect(planned).toMatchObject({
      actions: [
        { path: 'docs/a.md', cause: 'its time, as in the backup' },
        // Putting a file in its place changes the time of its folder.
        { path: 'docs', cause: 'its time, as in the backup' },
      ],
      differs: false,
      replacesNewerEdits: 0,
    });
    apply(store, root, planned);
    expect(snapshot(root)).toEqual(before);
    put(root, { 'docs/b.md': 'edited' });
    expect(plan(root, manifest, { receipt })).toMatchObject({ differs: true, replacesNewerEdits: 1 });
  });

  it('removes what Lockstep wrote since, and leaves what its owner made', async () => {
    const root = temporary();
    put(root, { 'docs/a.md': 'a' });
    const manifest = await backUp(storeIn(join(temporary(), 's')), root, receiptOf(root, ['docs']));
    put(root, { 'docs/new/b.md': 'b', 'docs/c.md': 'c' });
    const receipt = receiptOf(root, ['docs']);
    put(root, { 'docs/mine.md': 'mine', 'docs/new/mine.md': 'mine' });
    const planned = plan(root, manifest, { receipt });
    expect(
      planned.actions.map((action) => action.kind === 'file' && [action.path, action.after.kind, action.cause]),
    ).toEqual([
      ['docs/c.md', 'absent', 'not in the backup'],
      ['docs/new/b.md', 'absent', 'not in the backup'],
      ['docs', 'dir', 'its time, as in the backup'],
    ]);
    expect(planned.replacesNewerEdits).toBe(0);
    // Without a receipt nobody knows that Lockstep wrote any of it; the folder's time changed when names came.
    expect(plan(root, manifest)).toMatchObject({ actions: [{ path: 'docs', after: { kind: 'dir' } }], differs: false });
  });

  it('counts the newer edits that it would replace', async () => {
    const root = temporary();
    put(root, { 'docs/a.md': 'a1', 'docs/b.md': 'b1', 'docs/c.md': 'c1' });
    const manifest = await backUp(storeIn(join(temporary(), 's')), root, receiptOf(root, ['docs']));
    put(root, { 'docs/a.md': 'a2', 'docs/b.md': 'b2', 'docs/c.md': 'c2', 'docs/d.md': 'd2' });
    const receipt = receiptOf(root, ['docs']);
    put(root, { 'docs/b.md': 'edited', 'docs/d.md': 'edited' });
    const planned = plan(root, manifest, { receipt });
    expect(planned).toMatchObject({ replacesNewerEdits: 2, newerEdits: ['docs/b.md', 'docs/d.md'] });
  });

  it('takes the bytecode of what it replaces and removes, and the folders that are empty then', async () => {
    const root = temporary();
    put(root, { 'pkg/a.py': '1' });
    const manifest = await backUp(storeIn(join(temporary(), 's')), root, receiptOf(root, ['pkg']));
    put(root, { 'pkg/a.py': '2', 'pkg/sub/b.py': '2', 'pkg/sub/bb.py': '2' });
    const receipt = receiptOf(root, ['pkg']);
    put(root, {
      'pkg/__pycache__/a.cpython-311.pyc': 'x',
      'pkg/__pycache__/ab.cpython-311.pyc': 'x',
      'pkg/sub/__pycache__/b.cpython-311.opt-1.pyc': 'x',
    });
    const planned = plan(root, manifest, { receipt });
    expect(
      planned.actions
        .filter((action) => action.kind === 'file' && action.after.kind === 'absent')
        .map((action) => action.kind === 'file' && action.path)
        .sort(),
    ).toEqual([
      'pkg/__pycache__/a.cpython-311.pyc',
      'pkg/sub',
      'pkg/sub/__pycache__',
      'pkg/sub/__pycache__/b.cpython-311.opt-1.pyc',
      'pkg/sub/b.py',
      'pkg/sub/bb.py',
    ]);
    expect(planned.replacesNewerEdits).toBe(0);
  });

  it('leaves alone, and says so, what it cannot bring back without losing something', async () => {
    const root = temporary();
    put(root, { 'docs/a.md': 'a', 'docs/sub/b.md': 'b' });
    const manifest = await backUp(storeIn(join(temporary(), 's')), root, { ...receiptOf(root, ['docs']) });
    put(root, { 'docs/a.md': null, 'docs/sub': null });
    put(root, { 'docs/a.md/mine.md': 'mine' });
    symlinkSync(temporary(), join(root, 'docs', 'sub'));
    const planned = plan(root, manifest, { components: ['docs'] });
    expect(planned.warnings).toEqual([
      expect.stringMatching(/^docs\/a\.md could not be brought back: a folder that is not empty/),
    ]);
    expect(planned.actions.map((action) => action.kind === 'file' && [action.path, action.before.kind])).toEqual([
      ['docs/sub', 'link'],
      ['docs/sub/b.md', 'absent'],
      ['docs', 'dir'],
    ]);
  });

  it('does not take what it sees through a link for what stood there', async () => {
    const [root, elsewhere] = [temporary(), temporary()];
    put(root, { 'docs/sub/b.md': 'b' });
    put(elsewhere, { 'b.md': 'b' });
    const receipt = receiptOf(root, ['docs']);
    const manifest = await backUp(storeIn(join(temporary(), 's')), root, receipt);
    rmSync(join(root, 'docs/sub'), { recursive: true });
    symlinkSync(elsewhere, join(root, 'docs/sub'));
    expect(plan(root, manifest, { receipt }).actions).toMatchObject([
      { path: 'docs/sub', before: { kind: 'link' }, after: { kind: 'dir' } },
      { path: 'docs/sub/b.md', before: { kind: 'absent' } },
      { path: 'docs', before: { kind: 'dir' }, after: { kind: 'dir' } },
    ]);
  });

  it('refuses a component that the backup does not hold, naming those that it does', async () => {
    const root = temporary();
    put(root, { 'docs/a.md': 'a' });
    const manifest = await backUp(storeIn(join(temporary(), 's')), root, receiptOf(root, ['docs']));
    expect(() => plan(root, manifest, { components: ['plans'] })).toThrow(
      expect.objectContaining({ code: 'nothing-to-restore', hint: expect.stringContaining('it holds docs') }),
    );
  });

  it('removes a merged file that was not there at the time of the backup, but not one that it never wrote', async () => {
    const root = temporary();
    const manifest = await storeIn(join(temporary(), 's')).create({
      target: 't',
      run: null,
      components: ['config'],
      receipt: null,
      checkout: null,
      entries: ['a.toml', 'b.toml'].map((name) => ({ path: name, component: 'config', absolute: join(root, name) })),
    });
    put(root, { 'a.toml': 'x = 1', 'b.toml': 'y = 1', '.lockstep/receipts/main.json': '{}' });
    const receipt = receiptOf(root, [], { config: { 'a.toml': { from: 'a.toml', blob: 'b', salt: 's', keys: {} } } });
    const planned = plan(root, manifest, { receipt });
    expect(planned.actions).toMatchObject([{ path: 'a.toml', after: { kind: 'absent' } }]);
    expect(planned.warnings).toEqual([expect.stringContaining('b.toml was left alone')]);
    expect(planned.replacesNewerEdits).toBe(0);
    utimesSync(join(root, 'a.toml'), Date.now() / 1000 + 3600, Date.now() / 1000 + 3600);
    expect(plan(root, manifest, { receipt }).replacesNewerEdits).toBe(1);
  });

  it('moves a clone back to where it stood, when the package is restored', async () => {
    const root = temporary();
    const then = { path: root, ref: 'refs/heads/main', commit: '1'.repeat(40) };
    const manifest = await storeIn(join(temporary(), 's')).create({
      target: 't',
      run: null,
      components: ['package', 'docs'],
      receipt: null,
      checkout: then,
      entries: [],
    });
    const now = { ...then, commit: '2'.repeat(40) };
    expect(plan(root, manifest, { checkoutNow: now }).actions).toMatchObject([
      { kind: 'ref', checkout: root, before: now.commit, after: then.commit },
    ]);
    expect(plan(root, manifest, { checkoutNow: now, components: ['docs'] }).actions).toEqual([]);
    expect(plan(root, manifest, { checkoutNow: then }).actions).toEqual([]);
  });
});

it('goes through the transaction of a sync, and ends with the receipt that it planned', async () => {
  const top = temporary();
  let count = 0;
  await fc.assert(
    fc.asyncProperty(tree, tree, fc.constantFrom(0, 1), async (first, other, later) => {
      // Every other time much stays, but was touched: only times have to be brought back there.
      const touched = first.map(
        ([name, item]) => [name, 'time' in item ? { ...item, time: item.time + later } : item] as const,
      );
      const second = later === 0 ? other : [...touched.slice(1), ...other];
      const root = join(top, `t${count++}`);
      const state = statePlaces(join(root, '.state'));
      const store = openBackups(statePorts(), state);
      build(join(root, 'docs'), first);
      const manifest = await backUp(store, root, receiptOf(root, ['docs']));
      const before = snapshot(join(root, 'docs'));
      const folders = new Map(manifest.entries.map(({ path, mtimeNs }) => [path, BigInt(mtimeNs) / 1000n]));
      fse.removeSync(join(root, 'docs'));
      build(join(root, 'docs'), second);
      const receipt = receiptOf(root, ['docs']);
      const planned = plan(root, manifest, { receipt });
      const processes = { run: () => Promise.reject(new Error('no process here')), counts: () => ({}) };
      const transaction = openTransaction({
        ports: { ...statePorts(), processes },
        roots: { target: root },
        target: 't',
        run: 'restore',
        projectId: 'main',
        state,
      });
      await transaction.stage(planned.actions, async (digest) => store.read(digest));
      await transaction.swap(planned.actions);
      await transaction.commit(planned.receipt);
      expect(snapshot(join(root, 'docs'))).toEqual(before);
      for (const action of planned.actions) {
        if (action.kind !== 'file' || action.after.kind !== 'dir') continue;
        expect((files.stat(join(root, action.path))?.mtimeNs ?? 0n) / 1000n).toBe(folders.get(action.path));
      }
      expect(openReceipts(statePorts()).read({ target: root }, 'main')).toEqual(planned.receipt);
    }),
    { numRuns: 20 },
  );
});

describe('the receipt that a restore leads to', () => {
  const decision = (name: string, main: string) => ({
    path: name,
    choice: 'kept' as const,
    cause: 'edited',
    main,
    owner: 'o',
  });

  const scene = async () => {
    const root = temporary();
    put(root, { 'docs/a.md': 'a1', 'plans/p.md': 'p1' });
    const old = receiptOf(root, ['docs', 'plans'], {
      commit: 'old',
      version: 'v1',
      decisions: [decision('docs/a.md', 'old'), decision('plans/p.md', 'old')],
    });
    const manifest = await backUp(storeIn(join(temporary(), 's')), root, old);
    put(root, { 'docs/a.md': 'a2', 'plans/p.md': 'p2', 'rag/r.md': 'r2' });
    const now = receiptOf(root, ['docs', 'plans', 'rag'], {
      commit: 'new',
      version: 'v2',
      decisions: [decision('docs/a.md', 'new'), decision('plans/p.md', 'new')],
    });
    return { root, manifest, old, now };
  };

  it('has the restored component of the backup and the others as they are', async () => {
    const { root, manifest, old, now } = await scene();
    const { receipt, standing } = plan(root, manifest, { receipt: now, components: ['docs'] });
    expect(receipt).toEqual({
      ...now,
      run: 'restore',
      time: '2026-11-23T00:00:00Z',
      components: { ...now.components, docs: old.components.docs },
      restored: { docs: { backup: manifest.id, time: manifest.time } },
      decisions: [decision('plans/p.md', 'new'), decision('docs/a.md', 'old')],
    });
    expect(standing.map(({ path, component }) => `${component} ${path}`).sort()).toEqual([
      'docs docs',
      'docs docs/a.md',
    ]);
  });

  it('is the one of the backup when everything is restored, with what the backup knows nothing of', async () => {
    const { root, manifest, old, now } = await scene();
    const { receipt } = plan(root, manifest, { receipt: now });
    expect(receipt).toEqual({
      ...old,
      run: 'restore',
      time: '2026-11-23T00:00:00Z',
      components: { ...old.components, rag: now.components.rag },
      restored: Object.fromEntries(
        manifest.components.map((name) => [name, { backup: manifest.id, time: manifest.time }]),
      ),
    });
  });

  it('names no component when there was no receipt', async () => {
    const { root, manifest, now } = await scene();
    const { receipt } = plan(root, { ...manifest, receipt: null }, { receipt: now, components: null });
    expect(receipt).toMatchObject({ commit: null, version: null, run: 'restore', config: {}, decisions: [] });
    expect(Object.keys(receipt.components)).toEqual(['rag']);
  });
});
