import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { pruneBackups } from '../../../src/app/backups/prune.ts';
import type { BackupManifest } from '../../../src/domain/backup.ts';
import type { Receipt } from '../../../src/domain/receipt.ts';
import { manifestNames } from '../../../src/store/backups/manifest.ts';
import { openBackups } from '../../../src/store/backups.ts';
import { acquireLock, rootLockPaths } from '../../../src/store/lock.ts';
import { sha256 } from '../../../src/store/main-tree.ts';
import { flipBit } from '../../fixtures/backup-store.ts';
import { cutOff, type PlainWorld, plainWorld } from '../../fixtures/plain-world.ts';
import { put, text } from '../../fixtures/sandbox.ts';

const day = 86_400_000;
let world: PlainWorld;
beforeEach(async () => {
  const made = await plainWorld(['app']);
  const project = { ...made.main.project, backups: { usual: { keepLast: 1, keepWithin: null }, targets: {} } };
  world = { ...made, main: { ...made.main, project } };
});

/** A backup that was made some days ago, of one document. */
const old = async (
  days: number,
  content: string,
  more: { readonly target?: string; readonly run?: string } = {},
): Promise<BackupManifest> => {
  const { main, at } = world;
  const clock = { ...main.ports.clock, now: () => new Date(Date.now() - days * day) };
  put(at('app'), { 'docs/a.md': content });
  return openBackups({ ...main.ports, clock }, main.state).create({
    target: 'app',
    run: null,
    components: ['docs'],
    entries: [{ path: 'docs/a.md', component: 'docs', absolute: join(at('app'), 'docs/a.md') }],
    receipt: null,
    checkout: null,
    ...more,
  });
};

const prune = (mode: 'real' | 'dry-run' = 'real', damaged: 'keep' | 'drop' = 'keep') =>
  pruneBackups(world.main, { mode, damaged, signal: world.request.signal });
const left = (): readonly string[] => manifestNames(world.main.ports.files, world.main.state).map(({ id }) => id);
const causes = async (): Promise<Readonly<Record<string, string>>> =>
  Object.fromEntries((await prune('dry-run')).backups.map(({ id, fate, cause }) => [id, `${fate}: ${cause}`]));

/** What the receipt in the target says, beside what every receipt says. */
const receipt = (more: Partial<Receipt>): void =>
  put(world.at('app'), {
    '.lockstep/receipts/words.json': JSON.stringify({
      format: 1,
      project: world.main.project.id,
      target: 'app',
      commit: null,
      version: null,
      run: '20261101T000000Z-0000',
      time: '2026-11-01T00:00:00Z',
      components: {},
      config: {},
      decisions: [],
      ...more,
    }),
  });

describe('pruning', () => {
  it('removes what no rule keeps, and gives the space back that it alone took', async () => {
    const first = await old(9, 'a'.repeat(9000));
    const second = await old(3, 'b'.repeat(9000));
    const { packs } = world.main.state;
    const before = readdirSync(packs).length;
    const dry = await prune('dry-run');
    expect(readdirSync(packs)).toHaveLength(before);
    expect(left()).toEqual([first.id, second.id]);
    const done = await prune();
    expect(done).toEqual({ ...dry, space: { ...dry.space, after: expect.any(Number) } });
    expect(done.backups.map(({ id, fate, cause }) => [id, fate, cause])).toEqual([
      [second.id, 'kept', 'it is the newest'],
      [first.id, 'removed', '1 newer one is kept'],
    ]);
    expect(done.space?.before).toBeGreaterThan(18_000);
    expect(done.space?.after).toBeLessThan(9500);
    expect(left()).toEqual([second.id]);
    const { backups } = world.main;
    expect(backups.read(sha256('b'.repeat(9000))).toString()).toBe('b'.repeat(9000));
    expect(() => backups.read(sha256('a'.repeat(9000)))).toThrow(expect.objectContaining({ code: 'backup-damaged' }));
    expect(await prune()).toMatchObject({ backups: [{ fate: 'kept' }], space: { packs: [{ fate: 'kept' }] } });
  });

  it('weighs each target by itself, by its own rules where it has some', async () => {
    await old(9, 'one');
    await old(5, 'two');
    await old(8, 'three', { target: 'gone' });
    await old(7, 'four', { target: 'gone' });
    const own = {
      usual: { keepLast: 1, keepWithin: null },
      targets: { gone: { keepLast: 2, keepWithin: null }, typo: { keepLast: 9, keepWithin: null } },
    };
    const main = { ...world.main, project: { ...world.main.project, backups: own } };
    const { backups, warnings } = await pruneBackups(main, {
      mode: 'real',
      damaged: 'keep',
      signal: world.request.signal,
    });
    expect(backups.map(({ target, fate }) => `${target} ${fate}`)).toEqual([
      'app kept',
      'app removed',
      'gone kept',
      'gone kept',
    ]);
    expect(warnings).toEqual(['sync.config.yaml has rules for backups of typo, which is no target here']);
  });

  it('never removes the last one that can be restored whole', async () => {
    const whole = await old(9, 'whole text');
    await old(3, 'newer text');
    const { packs } = world.main.state;
    for (const name of readdirSync(packs).filter((one) => one.endsWith('.pack')))
      if (text(packs, name).includes('newer text')) flipBit(join(packs, name), 'newer text');
    const { backups, space } = await prune();
    expect(backups[1]).toMatchObject({ id: whole.id, fate: 'kept', cause: 'the last one that can be restored whole' });
    expect(space?.damaged).toEqual([]);
    expect(world.main.backups.read(sha256('whole text')).toString()).toBe('whole text');
  });

  it('gives no space back while a list cannot be read, and does when that may go', async () => {
    await old(9, 'first');
    const second = await old(3, 'second');
    const third = await old(1, 'third');
    for (const { id, path } of manifestNames(world.main.ports.files, world.main.state))
      if (id === second.id) flipBit(path, 90);
    expect(await prune()).toMatchObject({ unreadable: [{ id: second.id }], space: null });
    expect(left()).toEqual([second.id, third.id]);
    expect(world.main.backups.read(sha256('first')).toString()).toBe('first');
    const done = await prune('real', 'drop');
    expect(done).toMatchObject({ dropped: [second.id], unreadable: [] });
    expect(left()).toEqual([third.id]);
    expect(() => world.main.backups.read(sha256('first'))).toThrow();
  });

  it('drops no list that only a newer Lockstep can read', async () => {
    await old(3, 'second');
    const [{ path = '' } = {}] = manifestNames(world.main.ports.files, world.main.state);
    const content = JSON.stringify({ format: 9 });
    writeFileSync(path, `{"sha256":"${sha256(content)}","content":${content}}\n`);
    expect(await prune('real', 'drop')).toMatchObject({
      dropped: [],
      space: null,
      unreadable: [{ cause: expect.stringContaining('format 9') }],
    });
    expect(left()).toHaveLength(1);
  });

  it('sweeps up what killed processes left half written', async () => {
    await old(3, 'text');
    const { packs, backups } = world.main.state;
    const half = [join(packs, 'x.index.json.77.ab12.tmp'), join(backups, 'app', 'app-x.json.77.ab12.tmp')];
    for (const path of half) writeFileSync(path, 'half');
    await prune();
    for (const path of half) expect(readdirSync(join(path, '..'))).not.toContain(path.split('/').at(-1));
    expect(left()).toHaveLength(1);
  });
});

describe('never goes while something needs it:', () => {
  it('nothing does: it goes', async () => {
    const { id } = await old(9, 'one');
    await old(3, 'two');
    expect((await causes())[id]).toBe('removed: 1 newer one is kept');
  });

  it('a run that did not come to its end', async () => {
    const { id } = await old(9, 'one', { run: '20261123T031530Z-4f2a' });
    await old(3, 'two');
    await cutOff(world, { target: 'app', roots: { target: world.at('app') }, paths: ['docs/a.md'] });
    expect((await causes())[id]).toBe('kept: run 20261123T031530Z-4f2a did not come to its end in app');
  });

  it('a run that may still be going on', async () => {
    const run = '20261123T031530Z-4f2a';
    const { id } = await old(9, 'one', { run });
    await old(3, 'two');
    const start = { format: 1, time: '2026-11-23T03:15:30Z', targets: ['app'], owner: world.ports.identity.self() };
    put(world.main.state.runs, { [`${run}/run.json`]: JSON.stringify(start) });
    expect((await causes())[id]).toBe(`kept: run ${run} may still be going on`);
    put(world.main.state.runs, { [`${run}/result.json`]: '{"format":1,"results":[]}' });
    expect((await causes())[id]).toMatch(/^removed/);
  });

  it('somebody is at work in the target', async () => {
    const { id } = await old(9, 'one');
    await old(3, 'two');
    const lock = await acquireLock(world.ports, rootLockPaths({ target: world.at('app') }), {
      what: 'sync run of app',
    });
    const told = (await causes())[id];
    lock.release();
    expect(told).toMatch(/^kept: process \d+ on .* is at work: sync run of app$/);
  });

  it('a component, or a path, stands at it since a restore', async () => {
    const { id, time } = await old(9, 'one');
    await old(3, 'two');
    receipt({ restored: { docs: { backup: id, time } } });
    expect((await causes())[id]).toBe('kept: docs stands at it since a restore');
    receipt({ restoredPaths: { 'docs/a.md': { backup: id, time, component: 'docs' } } });
    expect((await causes())[id]).toBe('kept: docs/a.md stands at it since a restore');
  });

  it('a commit is in quarantine since it was restored', async () => {
    const { id, time } = await old(9, 'one');
    await old(3, 'two');
    receipt({ quarantine: [{ component: 'docs', commit: 'c'.repeat(40), backup: id, time }] });
    expect((await causes())[id]).toBe('kept: commit cccccccccc is in quarantine since it was restored');
  });

  it('a decision was made in its run', async () => {
    const run = '20261101T000000Z-0001';
    const { id } = await old(9, 'one', { run });
    await old(3, 'two');
    const decision = { path: 'docs/a.md', choice: 'replaced', cause: 'policy', main: 'm', owner: 'o' } as const;
    receipt({ decisions: [decision] });
    expect((await causes())[id]).toMatch(/^removed/);
    const step = { id: 'docs', actions: [], warnings: [], patch: { decisions: [decision] } };
    const plan = { format: 1, targets: { app: { target: 'app', commit: 'c', steps: [step] } } };
    put(world.main.state.runs, { [`${run}/plan.json`]: JSON.stringify(plan) });
    expect((await causes())[id]).toBe('kept: a decision was made when it was: docs/a.md');
    put(world.main.state.runs, { [`${run}/plan.json`]: '{torn' });
    expect((await causes())[id]).toBe('kept: the plan of its run cannot be read, and app holds decisions');
  });

  it.each([
    ['its receipt cannot be read', () => put(world.at('app'), { '.lockstep/receipts/words.json': '{torn' })],
    ['its folder is not there now', () => rmSync(world.at('app'), { recursive: true })],
  ])('%s', async (_what, harm) => {
    const { id } = await old(9, 'one');
    await old(3, 'two');
    harm();
    expect((await causes())[id]).toBe('kept: the receipt of app cannot be read');
  });
});

it('waits for whoever relies on the packs, and removes nothing when that takes too long', async () => {
  await old(9, 'one');
  await old(3, 'two');
  let ticks = 0;
  const ports = { ...world.ports, clock: { ...world.ports.clock, ticks: () => (ticks += 4000) } };
  await world.main.backups.using('restore of app', async () => {
    await expect(
      pruneBackups({ ...world.main, ports }, { mode: 'real', damaged: 'keep', signal: world.request.signal }),
    ).rejects.toMatchObject({ code: 'locked', message: expect.stringContaining('restore of app') });
  });
  expect(left()).toHaveLength(2);
  expect(readdirSync(world.main.state.claims)).toEqual([]);
});
