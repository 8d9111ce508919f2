import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import fse from 'fs-extra';
import { expect, it } from 'vitest';
import { diskTree } from '../../src/adapters/tree.ts';
import { reclaim } from '../../src/store/backups/reclaim.ts';
import { type BackupManifest, type BackupStore, openBackups } from '../../src/store/backups.ts';
import { statePlaces } from '../../src/store/state-dir.ts';
import { change, pathsBelow, plant, randomChanges, randomTree, standing } from '../fixtures/random-tree.ts';
import { temporary } from '../fixtures/sandbox.ts';
import { statePorts } from '../fixtures/state-ports.ts';

const backUp = (store: BackupStore, root: string): Promise<BackupManifest> =>
  store.create({
    target: 't',
    run: null,
    components: ['docs'],
    entries: pathsBelow(root).map((path) => ({ path, component: 'docs', absolute: join(root, path) })),
    receipt: null,
    checkout: null,
  });

const digestsOf = ({ entries }: BackupManifest): readonly string[] =>
  entries.flatMap(({ state }) => (state.kind === 'file' ? [state.sha256] : []));

/** Writes all that a backup says into an empty folder. Folders get modes and times last: some let nobody write in them. */
const rebuild = (store: BackupStore, manifest: BackupManifest, root: string): void => {
  const tree = diskTree({ roots: [root] });
  for (const { path, state, mtimeNs } of manifest.entries) {
    const full = join(root, path);
    if (state.kind === 'dir') mkdirSync(full);
    else if (state.kind === 'link') symlinkSync(state.to, full);
    else if (state.kind === 'file') writeFileSync(full, store.read(state.sha256));
    if (state.kind === 'file') chmodSync(full, state.mode);
    if (state.kind !== 'dir') tree.touch(full, BigInt(mtimeNs));
  }
  for (const { path, state, mtimeNs } of manifest.entries) {
    if (state.kind !== 'dir') continue;
    chmodSync(join(root, path), state.mode);
    tree.touch(join(root, path), BigInt(mtimeNs));
  }
};

it('holds any tree so that it can be built again, whatever becomes of it, and however many others are kept beside it or go', async () => {
  const dir = temporary('random');
  // The clock runs ahead, so that a file that was just planted counts as settled and is not read without need.
  const clock = { now: () => new Date(Date.now() + 3_600_000), ticks: () => performance.now() };
  const ports = { ...statePorts(), clock };
  const places = statePlaces(join(dir, 'state'));
  const store = openBackups(ports, places);
  const keeping = fc.array(fc.boolean(), { minLength: 2, maxLength: 4 });
  const root = join(dir, 'target');
  await fc.assert(
    fc.asyncProperty(
      randomTree,
      fc.array(randomChanges, { minLength: 1, maxLength: 3 }),
      keeping,
      async (tree, rounds, stays) => {
        fse.emptyDirSync(root);
        plant(root, tree);
        const kept = [{ manifest: await backUp(store, root), lines: standing(root) }];
        for (const changes of rounds) {
          change(root, changes);
          kept.push({ manifest: await backUp(store, root), lines: standing(root) });
        }
        // Some go, and what they alone needed with them.
        const left = kept.filter((_, nth) => stays[nth % stays.length]);
        const needed = new Set(left.flatMap(({ manifest }) => digestsOf(manifest)));
        reclaim({ ...ports, dir: places.packs }, { needed, now: clock.now(), signal: new AbortController().signal });
        const copy = join(dir, 'copy');
        for (const { manifest, lines } of left) {
          fse.emptyDirSync(copy);
          rebuild(store, store.get('t', manifest.id), copy);
          expect(standing(copy)).toEqual(lines);
        }
      },
    ),
    { numRuns: 25 },
  );
});
