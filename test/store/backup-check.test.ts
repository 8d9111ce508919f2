import { readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkBackups, type Depth, wholeness } from '../../src/store/backups/check.ts';
import { sha256 } from '../../src/store/main-tree.ts';
import { flipBit, type KeptTrees, keptTrees } from '../fixtures/backup-store.ts';

const look = ({ ports, places, store }: KeptTrees, depth: Depth) =>
  checkBackups(ports.files, places.packs, { manifests: store().list(), depth });

const lostIn = (trees: KeptTrees, depth: Depth) =>
  look(trees, depth).backups.flatMap(({ lost }) => lost.map(({ path, cause }) => [path, cause]));

/** Two backups in one pack: the second has `shared` alone. */
const kept = async () => {
  const trees = keptTrees();
  const first = await trees.keep({ shared: 'shared text', own: 'own text', last: 'last text' });
  const second = await trees.keep({ again: 'shared text' });
  return { trees, first, second };
};

describe('a check', () => {
  it('says that all is whole, and counts what no backup needs', async () => {
    const { trees, first } = await kept();
    for (const depth of ['names', 'data'] as const) {
      expect(look(trees, depth)).toMatchObject({ depth, packs: [], objects: 3, unneeded: 0, bytes: trees.bytes() });
      expect(lostIn(trees, depth)).toEqual([]);
    }
    const only = { manifests: [], depth: 'names' } as const;
    expect(checkBackups(trees.ports.files, trees.places.packs, only).unneeded).toBe(28);
    expect(wholeness(trees.ports.files, trees.places.packs)(first)).toBe(true);
  });

  it('names every file of every backup that a flipped bit takes, when it reads the data', async () => {
    const { trees, first, second } = await kept();
    flipBit(trees.only('.pack'), 'shared text');
    expect(lostIn(trees, 'names')).toEqual([]);
    const report = look(trees, 'data');
    expect(report.backups.map(({ id, lost }) => [id, lost.map(({ path }) => path)])).toEqual([
      [second.id, ['again']],
      [first.id, ['shared']],
    ]);
    expect(report.packs).toMatchObject([{ cause: '1 objects in it are damaged' }]);
    const isWhole = wholeness(trees.ports.files, trees.places.packs);
    expect([isWhole(first), isWhole(second)]).toEqual([false, false]);
    expect(trees.store().read(sha256('own text')).toString()).toBe('own text');
  });

  it('names the files that a truncated pack lost, without reading', async () => {
    const { trees } = await kept();
    const pack = trees.only('.pack');
    truncateSync(pack, statSync(pack).size - 3);
    expect(lostIn(trees, 'names')).toEqual([['last', 'its object is missing']]);
    expect(look(trees, 'names').packs).toMatchObject([{ cause: 'it is cut short: 1 objects are missing' }]);
  });

  it('names all files when the pack is gone, and says which pack it was', async () => {
    const { trees } = await kept();
    rmSync(trees.only('.pack'));
    expect(lostIn(trees, 'names')).toHaveLength(4);
    expect(look(trees, 'names').packs).toMatchObject([{ cause: 'it is gone' }]);
  });

  it.each([
    ['missing', (path: string) => rmSync(path)],
    ['damaged', (path: string) => flipBit(path, 40)],
    ['damaged', (path: string) => writeFileSync(path, '')],
  ])('loses nothing with an index that is %s: the pack itself says what it holds', async (word, harm) => {
    const { trees, first } = await kept();
    harm(trees.only('.index.json'));
    for (const depth of ['names', 'data'] as const) expect(lostIn(trees, depth)).toEqual([]);
    expect(look(trees, 'names').packs).toMatchObject([
      { cause: `its index is ${word}; 3 objects are found by their headers` },
    ]);
    for (const text of ['shared text', 'own text', 'last text'])
      expect(trees.store().read(sha256(text)).toString()).toBe(text);
    expect(wholeness(trees.ports.files, trees.places.packs)(first)).toBe(true);
  });

  it('finds what follows a damaged header in a pack without an index', async () => {
    const { trees } = await kept();
    rmSync(trees.only('.index.json'));
    flipBit(trees.only('.pack'), sha256('own text'));
    expect(lostIn(trees, 'data')).toEqual([['own', 'its object is missing']]);
    expect(trees.store().read(sha256('last text')).toString()).toBe('last text');
  });

  it('is not content with one of two copies: another whole one counts', async () => {
    const { trees } = await kept();
    const pack = trees.only('.pack');
    const index = trees.only('.index.json');
    for (const [path, end] of [
      [pack, '.pack'],
      [index, '.index.json'],
    ] as const)
      writeFileSync(path.replace(/[^/]*$/, `z${end}`), readFileSync(path));
    flipBit(pack, 'shared text');
    expect(lostIn(trees, 'data')).toEqual([]);
    expect(look(trees, 'data').packs).toHaveLength(1);
  });

  it('refuses packs of a newer format by name', async () => {
    const { trees } = await kept();
    rmSync(trees.only('.index.json'));
    const pack = trees.only('.pack');
    writeFileSync(pack, readFileSync(pack, 'latin1').replace('lockstep-pack 1', 'lockstep-pack 9'), 'latin1');
    expect(() => look(trees, 'names')).toThrow(expect.objectContaining({ code: 'format-newer' }));
  });
});
