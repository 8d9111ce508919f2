import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { BackupManifest } from '../../src/domain/backup.ts';
import { planReclaim, reclaim } from '../../src/store/backups/reclaim.ts';
import { sha256 } from '../../src/store/main-tree.ts';
import { flipBit, type KeptTrees, keptTrees } from '../fixtures/backup-store.ts';
import { Killed, killableState } from '../fixtures/killable.ts';

const text = (letter: string): string => letter.repeat(5000);

const neededBy = (...manifests: readonly BackupManifest[]): ReadonlySet<string> =>
  new Set(
    manifests.flatMap(({ entries }) => entries.flatMap(({ state }) => (state.kind === 'file' ? [state.sha256] : []))),
  );

const give = ({ ports, places }: KeptTrees, needed: ReadonlySet<string>, write = ports.state) =>
  reclaim(
    { files: ports.files, state: write, dir: places.packs },
    { needed, now: ports.clock.now(), signal: new AbortController().signal },
  );

const readAll = (trees: KeptTrees, manifest: BackupManifest): void => {
  for (const digest of neededBy(manifest)) expect(sha256(trees.store().read(digest).toString())).toBe(digest);
};

describe('giving space back', () => {
  it('takes out what no backup needs and keeps what one needs', async () => {
    const trees = keptTrees();
    await trees.keep({ a: text('a'), b: text('b') });
    const kept = await trees.keep({ b: text('b'), c: text('c') });
    const forecast = planReclaim(trees.ports.files, trees.places.packs, neededBy(kept));
    expect(trees.bytes()).toBe(forecast.before);
    const done = give(trees, neededBy(kept));
    expect(done).toMatchObject({ before: forecast.before, damaged: [] });
    expect(done.packs.map(({ fate }) => fate)).toEqual(['written anew', 'kept']);
    expect(trees.bytes()).toBeLessThan(forecast.before - 4900);
    expect(Math.abs(trees.bytes() - forecast.after)).toBeLessThan(200);
    readAll(trees, kept);
    expect(() => trees.store().read(sha256(text('a')))).toThrow(expect.objectContaining({ code: 'backup-damaged' }));
  });

  it('touches nothing the second time, nor a pack that is needed whole', async () => {
    const trees = keptTrees();
    const kept = await trees.keep({ a: text('a') });
    const before = readdirSync(trees.places.packs).map((name) => statSync(join(trees.places.packs, name)).ino);
    expect(give(trees, neededBy(kept)).packs.map(({ fate }) => fate)).toEqual(['kept']);
    expect(readdirSync(trees.places.packs).map((name) => statSync(join(trees.places.packs, name)).ino)).toEqual(before);
  });

  it('stores an object once that several packs hold', async () => {
    const trees = keptTrees();
    const first = await trees.keep({ a: text('a'), b: text('b') });
    const pack = readFileSync(trees.only('.pack'));
    const index = readFileSync(trees.only('.index.json'));
    writeFileSync(join(trees.places.packs, 'z.pack'), pack);
    writeFileSync(join(trees.places.packs, 'z.index.json'), index);
    expect(give(trees, neededBy(first)).packs.map(({ fate }) => fate)).toEqual(['kept', 'removed']);
    expect(trees.packs()).toHaveLength(1);
    readAll(trees, first);
  });

  it('brings many small packs together', async () => {
    const trees = keptTrees();
    const kept: BackupManifest[] = [];
    for (const letter of 'abcdefghijkl') kept.push(await trees.keep({ [letter]: text(letter) }));
    expect(trees.packs()).toHaveLength(12);
    give(trees, neededBy(...kept));
    expect(trees.packs()).toHaveLength(1);
    for (const manifest of kept) readAll(trees, manifest);
  });

  it('makes a lost index anew, and removes what a killed backup left', async () => {
    const trees = keptTrees();
    const kept = await trees.keep({ a: text('a'), b: text('b') });
    rmSync(trees.only('.index.json'));
    await trees.keep({ c: text('c') });
    const [orphan = ''] = readdirSync(trees.places.packs).filter((name) => name.endsWith('.index.json'));
    rmSync(join(trees.places.packs, orphan));
    give(trees, neededBy(kept));
    expect(trees.packs()).toHaveLength(1);
    expect(readFileSync(trees.only('.index.json'), 'utf8')).toContain(sha256(text('b')));
    readAll(trees, kept);
  });

  it('leaves a pack alone when something that is needed of it is damaged: it may yet be saved', async () => {
    const trees = keptTrees();
    await trees.keep({ a: text('a'), b: text('b'), c: text('c') });
    const kept = await trees.keep({ a: text('a'), b: text('b') });
    flipBit(trees.only('.pack'), text('b'));
    const before = readFileSync(trees.only('.pack'));
    expect(give(trees, neededBy(kept)).damaged).toHaveLength(1);
    expect(readFileSync(trees.only('.pack')).equals(before)).toBe(true);
    expect(
      trees
        .store()
        .read(sha256(text('a')))
        .toString(),
    ).toBe(text('a'));
  });

  it('counts on no object that a pack is too short for', async () => {
    const trees = keptTrees();
    const kept = await trees.keep({ a: text('a'), b: text('b') });
    const pack = trees.only('.pack');
    truncateSync(pack, statSync(pack).size - 10);
    expect(give(trees, neededBy(kept)).packs).toMatchObject([{ fate: 'kept' }]);
    const whole = [text('a'), text('b')].filter((one) => readFileSync(pack).includes(one));
    expect(whole).toHaveLength(1);
    expect(
      trees
        .store()
        .read(sha256(whole[0] ?? ''))
        .toString(),
    ).toBe(whole[0]);
  });

  it('loses nothing that is needed when it is killed at any writing call, and can be done again', async () => {
    const build = async () => {
      const trees = keptTrees();
      await trees.keep({ a: text('a'), b: text('b') });
      await trees.keep({ x: text('x') });
      const kept = await trees.keep({ b: text('b'), c: text('c') });
      const other = await trees.keep({ d: text('d') });
      rmSync(
        join(
          trees.places.packs,
          readdirSync(trees.places.packs)
            .filter((n) => n.endsWith('.index.json'))
            .at(-1) ?? '',
        ),
      );
      return { trees, kept: [kept, other] };
    };
    const { trees: whole, kept: all } = await build();
    const counting = killableState(whole.ports.state, { at: Number.POSITIVE_INFINITY, how: 'before' });
    give(whole, neededBy(...all), counting.state);
    expect(counting.calls.length).toBeGreaterThan(8);
    for (let at = 1; at <= counting.calls.length; at += 1) {
      for (const how of ['before', 'halfway'] as const) {
        const { trees, kept } = await build();
        const dying = killableState(trees.ports.state, { at, how });
        expect(() => give(trees, neededBy(...kept), dying.state)).toThrow(Killed);
        for (const manifest of kept) readAll(trees, manifest);
        give(trees, neededBy(...kept));
        for (const manifest of kept) readAll(trees, manifest);
        expect(trees.bytes()).toBeLessThan(4 * 5300);
      }
    }
  });
});
