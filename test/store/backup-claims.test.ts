import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { packsAlone } from '../../src/store/backups/claims.ts';
import { type KeptTrees, keptTrees } from '../fixtures/backup-store.ts';

const alone = ({ ports, places }: KeptTrees, waitMs = 0) =>
  packsAlone(ports, places, { what: 'backup prune', waitMs, signal: new AbortController().signal });

const claim = ({ places, ports }: KeptTrees, owner: object): void => {
  mkdirSync(places.claims, { recursive: true });
  writeFileSync(
    join(places.claims, 'one.json'),
    JSON.stringify({ ...ports.identity.self(), what: 'backup of a', ...owner }),
  );
};

it('has the packs alone only when nobody relies on them, and says who does', async () => {
  const trees = keptTrees();
  await trees.store().using('restore of comfyui', async () => {
    expect(readdirSync(trees.places.claims)).toHaveLength(1);
    await expect(alone(trees)).rejects.toMatchObject({
      code: 'locked',
      message: expect.stringContaining('restore of comfyui'),
    });
  });
  expect(readdirSync(trees.places.claims)).toEqual([]);
  (await alone(trees)).release();
});

it('waits for those who rely on the packs, as long as it may', async () => {
  const trees = keptTrees();
  const order: string[] = [];
  const other = trees.store().using('restore of comfyui', async () => {
    await sleep(60);
    order.push('restored');
  });
  const lock = await alone(trees, 10_000);
  order.push('alone');
  lock.release();
  await other;
  expect(order).toEqual(['restored', 'alone']);
});

it('lets no backup begin while the packs are had alone', async () => {
  const trees = keptTrees();
  const lock = await alone(trees);
  let done = false;
  const backup = trees.keep({ a: 'one' }).then(() => {
    done = true;
  });
  await sleep(80);
  expect(done).toBe(false);
  expect(trees.packs()).toEqual([]);
  lock.release();
  await backup;
  expect(trees.store().list()).toHaveLength(1);
});

it('goes on through a backup that is made within other work, though somebody waits to prune', async () => {
  const trees = keptTrees();
  const store = trees.store();
  const waiting = store.using('restore of comfyui', async () => {
    const pruning = alone(trees, 10_000);
    await sleep(30);
    await store.create({ target: 'a', run: null, components: [], entries: [], receipt: null, checkout: null });
    return { pruning };
  });
  const lock = await (await waiting).pruning;
  lock.release();
  expect(store.list()).toHaveLength(1);
});

it('counts no claim of an owner that died, and every claim of one that it cannot see', async () => {
  const trees = keptTrees();
  claim(trees, { pid: spawnSync('true').pid });
  (await alone(trees)).release();
  expect(readdirSync(trees.places.claims)).toEqual([]);
  claim(trees, { host: 'elsewhere', machine: 'another', bootId: 'another' });
  await expect(alone(trees)).rejects.toMatchObject({ code: 'locked', message: expect.stringContaining('elsewhere') });
  expect(readFileSync(join(trees.places.claims, 'one.json'), 'utf8')).toContain('elsewhere');
});
