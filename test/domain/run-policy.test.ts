import { describe, expect, it } from 'vitest';
import { expiredRuns, newestFirst, timeOfRun } from '../../src/domain/run-policy.ts';

const now = new Date('2026-11-23T12:00:00Z');
const day = 86_400_000;
const ids = ['20261123T000000Z-0005', '20260101T000000Z-0001', '20261122T000000Z-0004', '20260201T000000Z-0002'];

describe('which runs may go', () => {
  it.each([
    ['by count alone', { keepLast: 2, keepWithin: null }, ['20260101T000000Z-0001', '20260201T000000Z-0002']],
    ['by age alone', { keepLast: null, keepWithin: 100 * day }, ['20260101T000000Z-0001', '20260201T000000Z-0002']],
    ['either keeps: the count those that are old', { keepLast: 3, keepWithin: day }, ['20260101T000000Z-0001']],
    [
      'either keeps: the age more than the count',
      { keepLast: 1, keepWithin: 2 * day },
      ['20260101T000000Z-0001', '20260201T000000Z-0002'],
    ],
    ['fewer than are kept', { keepLast: 50, keepWithin: null }, []],
    ['no rule keeps all', { keepLast: null, keepWithin: null }, []],
  ])('%s', (_what, policy, expected) => expect(expiredRuns(ids, policy, now)).toEqual(expected));

  it('tells runs of one second apart by when they started', () => {
    const times: Record<string, string> = { '20261123T000000Z-00bb': '00.100Z', '20261123T000000Z-00aa': '00.200Z' };
    const all = ['20260101T000000Z-0001', ...Object.keys(times), '20261123T000001Z-0000'];
    expect(newestFirst(all, (id) => times[id] ?? '')).toEqual([
      '20261123T000001Z-0000',
      '20261123T000000Z-00aa',
      '20261123T000000Z-00bb',
      '20260101T000000Z-0001',
    ]);
  });

  it('reads the time out of an id', () => {
    expect(timeOfRun('20261123T031530Z-4f2a')).toBe('2026-11-23T03:15:30Z');
    expect(timeOfRun('log.ndjson')).toBeUndefined();
  });
});
