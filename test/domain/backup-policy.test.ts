import { describe, expect, it } from 'vitest';
import type { BackupManifest } from '../../src/domain/backup.ts';
import { type KeepRules, rulesFor, weighBackups } from '../../src/domain/backup-policy.ts';

const day = 86_400_000;
const now = new Date('2026-11-23T12:00:00Z');

/** Newest first: of today, and 1, 10, 40 and 90 days old. */
const backups = [0, 1, 10, 40, 90].map(
  (age) =>
    ({
      id: `b${age}`,
      target: 'app',
      time: new Date(now.getTime() - age * day - 1000).toISOString(),
    }) as BackupManifest,
);

const weigh = (
  rules: KeepRules,
  {
    needed = {},
    whole = backups.map(({ id }) => id),
  }: { needed?: Record<string, string>; whole?: readonly string[] } = {},
) => {
  const asked: string[] = [];
  const fates = weighBackups(backups, {
    rules,
    now,
    neededBy: ({ id }) => needed[id],
    isWhole: ({ id }) => {
      asked.push(id);
      return whole.includes(id);
    },
  });
  return { kept: fates.filter(({ fate }) => fate === 'kept').map(({ id }) => id), fates, asked };
};

describe('which backups stay', () => {
  it.each([
    ['by count alone', { keepLast: 2, keepWithin: null }, ['b0', 'b1']],
    ['by age alone', { keepLast: null, keepWithin: 30 * day }, ['b0', 'b1', 'b10']],
    ['either keeps: the count those that are old', { keepLast: 4, keepWithin: day }, ['b0', 'b1', 'b10', 'b40']],
    ['either keeps: the age more than the count', { keepLast: 1, keepWithin: 30 * day }, ['b0', 'b1', 'b10']],
    ['no rule keeps all', { keepLast: null, keepWithin: null }, ['b0', 'b1', 'b10', 'b40', 'b90']],
  ])('%s', (_what, rules, kept) => expect(weigh(rules).kept).toEqual(kept));

  it('one that is needed stays, and says what needs it', () => {
    const { kept, fates } = weigh({ keepLast: 1, keepWithin: null }, { needed: { b40: 'a decision needs it' } });
    expect(kept).toEqual(['b0', 'b40']);
    expect(fates.map(({ cause }) => cause)).toEqual([
      'it is the newest',
      '1 newer one is kept',
      '1 newer one is kept',
      'a decision needs it',
      '1 newer one is kept',
    ]);
  });

  it('says both rules of one that goes', () => {
    expect(weigh({ keepLast: 2, keepWithin: 36 * 3_600_000 }).fates.at(-1)).toMatchObject({
      fate: 'removed',
      cause: '2 newer ones are kept, and it is older than 36 hours',
    });
  });

  it('the last one that can be restored whole stays, however old', () => {
    const { kept, fates } = weigh({ keepLast: 2, keepWithin: null }, { whole: ['b40', 'b90'] });
    expect(kept).toEqual(['b0', 'b1', 'b40']);
    expect(fates[3]?.cause).toBe('the last one that can be restored whole');
  });

  it('the newest stays when none is whole, and when all are old', () => {
    expect(weigh({ keepLast: null, keepWithin: 1 }, { whole: [] }).kept).toEqual(['b0']);
    expect(weigh({ keepLast: null, keepWithin: 1 }).kept).toEqual(['b0']);
  });

  it('reads no backup when none would go, and no more than it must', () => {
    expect(weigh({ keepLast: 5, keepWithin: null }).asked).toEqual([]);
    expect(weigh({ keepLast: 3, keepWithin: null }).asked).toEqual(['b0']);
  });

  it('one whose time cannot be read is old by no rule', () => {
    const odd = { id: 'odd', target: 'app', time: 'some day' } as BackupManifest;
    const [, fate] = weighBackups([backups[0] ?? odd, odd], {
      rules: { keepLast: null, keepWithin: day },
      now,
      neededBy: () => undefined,
      isWhole: () => true,
    });
    expect(fate?.fate).toBe('kept');
  });
});

it('rules of one target take the place of the usual ones', () => {
  const usual = { keepLast: 20, keepWithin: null };
  const own = { keepLast: 1, keepWithin: null };
  expect(rulesFor({ usual, targets: { app: own } }, 'app')).toBe(own);
  expect(rulesFor({ usual, targets: { app: own } }, 'constructor')).toBe(usual);
});
