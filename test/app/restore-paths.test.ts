import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keptFromComing } from '../../src/app/quarantine.ts';
import { lookAtTargets } from '../../src/app/status.ts';
import { readVerify } from '../../src/store/runs.ts';
import { type PlainWorld, plainWorld } from '../fixtures/plain-world.ts';
import { commit, put, text } from '../fixtures/sandbox.ts';
import { treeHash } from '../fixtures/tree-hash.ts';

let world: PlainWorld;
const made: string[] = [];
afterAll(() => {
  for (const dir of made) rmSync(dir, { recursive: true, force: true });
});
const target = (): string => world.at('app');
const docs = (): readonly string[] =>
  ['a.md', 'b.md', 'deep/c.md'].map((name) =>
    existsSync(join(target(), 'docs', name)) ? text(target(), `docs/${name}`).trim() : '-',
  );
const hash = (): string => treeHash(target(), (path) => path === '.lockstep');

/** Synced with `a1 b1 c1`, then with `a2 b2 c2`; then its owner edited `b`. */
const synced = async (): Promise<void> => {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'lockstep-paths-')));
  made.push(dir);
  world = await plainWorld(['app'], 'own', dir);
  put(world.root, { 'docs/b.md': 'b1\n', 'docs/deep/c.md': 'c1\n' });
  commit(world.root, 'docs: more');
  await world.run(['app']);
  put(world.root, { 'docs/a.md': 'a2\n', 'docs/b.md': 'b2\n', 'docs/deep/c.md': 'c2\n' });
  commit(world.root, 'docs: 2');
  await world.run(['app']);
};

describe('a restore of some paths', () => {
  beforeAll(synced);
  let undoWith: string | null = null;
  let before = '';

  it('shows what it would do, newer edits counted and named, and writes nothing', async () => {
    put(target(), { 'docs/b.md': 'mine\n' });
    before = hash();
    const shown = await world.back('app', null, { paths: ['docs/b.md', 'docs/deep/'], mode: 'dry-run' });
    expect(shown).toMatchObject({
      counts: { added: 0, changed: 2, removed: 0 },
      replacesNewerEdits: 1,
      newerEdits: ['docs/b.md'],
      verified: null,
    });
    expect(hash()).toBe(before);
  });

  it('brings these back and leaves the others, whichever way they are named', async () => {
    const report = await world.back('app', null, { paths: ['docs/b.md', join(target(), 'docs/deep')] });
    expect(docs()).toEqual(['a2', 'b1', 'c1']);
    expect(report.replacesNewerEdits).toBe(1);
    undoWith = report.undoWith;
    const receipt = world.receiptOf('app');
    expect(Object.keys(receipt.restoredPaths ?? {})).toEqual(['docs/b.md', 'docs/deep']);
    expect(receipt.restored).toBeUndefined();
    expect(world.recordOf('app').status).toBe('rolled_back');
    const head = receipt.commit ?? '';
    expect(keptFromComing(world.main, world.recordOf('app'), head)).toMatchObject({ components: ['docs'] });
  });

  it('can be undone, byte for byte, the newer edit included', async () => {
    await world.back('app', null, { backup: undoWith });
    expect(hash()).toBe(before);
    expect(docs()).toEqual(['a2', 'mine', 'c2']);
    expect(world.receiptOf('app').quarantine).toBeUndefined();
  });

  it('goes on from where the paths stand, and says when there is no older state of them', async () => {
    await world.back('app', null, { paths: ['docs/b.md'] });
    expect(docs()).toEqual(['a2', 'b1', 'c2']);
    await world.back('app', ['docs'], { paths: ['docs/b.md'] });
    expect(docs()).toEqual(['a2', '-', 'c2']);
    await expect(world.back('app', null, { paths: ['docs/b.md'] })).rejects.toMatchObject({
      code: 'nothing-to-restore',
      message: expect.stringContaining('it has no older state of docs/b.md'),
    });
  });

  it('is brought forward again by a newer commit, like all that Lockstep wrote', async () => {
    put(world.root, { 'plans/p.md': 'p9\n' });
    commit(world.root, 'docs: a newer one');
    expect((await world.run(['app'], { by: 'itself' })).exit).toBe(0);
    expect(docs()).toEqual(['a2', 'b2', 'c2']);
    expect(world.receiptOf('app').restoredPaths).toBeUndefined();
  });

  it('refuses a path that no backup holds, one outside of the target, and the whole target by another name', async () => {
    const [newest] = world.main.backups.list('app');
    const backup = newest?.id ?? '';
    await expect(world.back('app', null, { backup, paths: ['docs/nope.md'] })).rejects.toMatchObject({
      code: 'nothing-to-restore',
      message: `backup ${backup} holds no docs/nope.md`,
    });
    await expect(world.back('app', null, { paths: ['../main'] })).rejects.toMatchObject({ code: 'path-refused' });
    await expect(world.back('app', null, { paths: ['/etc/passwd'] })).rejects.toMatchObject({ code: 'path-refused' });
    await expect(world.back('app', null, { paths: ['.'] })).rejects.toMatchObject({ code: 'usage' });
  });

  it('leaves what the owner had changed at the time of the backup as theirs', async () => {
    put(target(), { 'docs/a.md': 'my a\n' });
    put(world.root, { 'docs/b.md': 'b3\n' });
    commit(world.root, 'docs: 3');
    await world.run(['app']);
    expect(docs()).toEqual(['my a', 'b3', 'c2']);
    put(target(), { 'docs/a.md': 'lost\n' });
    await world.back('app', null, { paths: ['docs/a.md'] });
    expect(docs()[0]).toBe('my a');
    expect(world.receiptOf('app').decisions).toMatchObject([{ path: 'docs/a.md', choice: 'kept' }]);
    put(world.root, { 'plans/p.md': 'p10\n' });
    commit(world.root, 'docs: yet another');
    await world.run(['app']);
    expect(docs()[0]).toBe('my a');
  });
});

describe('a restore from a backup of which a part is damaged', () => {
  beforeAll(synced);

  it('names what is lost before anything is touched, and brings back what is whole', async () => {
    put(target(), { 'docs/a.md': 'lost\n', 'docs/b.md': 'lost\n', 'plans/p.md': 'lost\n' });
    const [newest] = world.main.backups.list('app');
    const backup = newest?.id ?? '';
    const packs = world.main.state.packs;
    for (const name of readdirSync(packs).filter((one) => one.endsWith('.pack'))) {
      const bytes = readFileSync(join(packs, name));
      const at = bytes.indexOf('a1\n');
      if (at !== -1) bytes[at] = 0x62;
      writeFileSync(join(packs, name), bytes);
    }
    const before = hash();
    await expect(world.back('app', null, { backup })).rejects.toMatchObject({
      code: 'backup-damaged',
      details: ['docs/a.md (docs): its object is damaged'],
      hint: expect.stringContaining(`--backup ${backup} --component `),
    });
    await expect(world.back('app', null, { backup, paths: ['docs/a.md'] })).rejects.toMatchObject({
      code: 'backup-damaged',
    });
    expect(hash()).toBe(before);
    await world.back('app', ['plans'], { backup });
    await world.back('app', null, { backup, paths: ['docs/b.md', 'docs/deep'] });
    expect(docs()).toEqual(['lost', 'b1', 'c1']);
    expect(text(target(), 'plans/p.md')).toBe('p1\n');
  });
});

describe('after a restore the target is verified', () => {
  beforeAll(synced);

  it('and what its suites said is told and kept', async () => {
    const { verified } = await world.back('app', null);
    expect(verified).toMatchObject({
      outcome: 'passed',
      cause: expect.stringMatching(/^\d+ checks of .*docs passed$/),
    });
    expect(readVerify(world.ports, world.main.state, 'app')).toMatchObject({ outcome: 'passed' });
    const [report] = await lookAtTargets(world.main, { ...world.request, targets: { names: ['app'] } });
    expect(report).toMatchObject({ status: 'rolled_back', verified: 'passed' });
  });

  it('and told as rolled back also when it was cut off before the registry knew', async () => {
    await world.main.registry.update((registry) => ({
      ...registry,
      targets: registry.targets.map((record) => ({ ...record, status: 'synchronized' as const })),
    }));
    const [report] = await lookAtTargets(world.main, { ...world.request, targets: { names: ['app'] } });
    expect(report).toMatchObject({ status: 'rolled_back' });
    expect(world.recordOf('app').status).toBe('rolled_back');
  });

  it('and one that fails then is said, with nothing undone', async () => {
    await world.run(['app'], { by: 'force' });
    // Nobody but its owner may touch it: the restore leaves it, and so the documents are not complete.
    put(target(), { 'plans/p.md': 'mine\n' });
    const { verified, undoWith } = await world.back('app', ['docs']);
    expect(verified).toMatchObject({
      outcome: 'failed',
      details: expect.arrayContaining([expect.stringContaining('plans/p.md')]),
    });
    expect(docs()).toEqual(['a1', 'b1', 'c1']);
    expect(undoWith).not.toBeNull();
    expect(readVerify(world.ports, world.main.state, 'app')).toMatchObject({ outcome: 'failed' });
  });

  it('but for one from before the first sync, where there is nothing to verify', async () => {
    await world.back('app', null, { backup: world.main.backups.list('app').at(-1)?.id ?? '' });
    const again = await world.back('app', ['plans'], { backup: world.main.backups.list('app').at(-1)?.id ?? '' });
    expect(again.verified).toBeNull();
    expect(Object.keys(world.receiptOf('app').components)).toEqual([]);
  });
});
