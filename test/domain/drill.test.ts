import { describe, expect, it } from 'vitest';
import { type DrillPart, drillOf, drillWords, nextRecord } from '../../src/domain/drill.ts';

const part = (name: DrillPart['name'], outcome: DrillPart['outcome']): DrillPart => ({
  name,
  outcome,
  cause: `${name} ${outcome}`,
  details: [],
});
const time = '2026-11-27T10:00:00.000Z';
const daysLater = (days: number): Date => new Date(Date.parse(time) + days * 24 * 60 * 60 * 1000);

describe('a drill', () => {
  it.each([
    ['passed', ['passed', 'passed', 'passed'], 'restore passed; package passed'],
    ['passed', ['passed', 'passed', 'nothing'], 'restore passed; package nothing'],
    ['could-not-run', ['passed', 'passed', 'could-not-run'], 'package could-not-run'],
    ['could-not-run', ['passed', 'could-not-run', 'passed'], 'live could-not-run'],
    ['failed', ['failed', 'could-not-run', 'could-not-run'], 'restore failed'],
    ['failed', ['could-not-run', 'passed', 'failed'], 'package failed'],
  ] as const)('is %s for parts that are %j', (outcome, [restore, live, rebuilt], cause) => {
    const parts = [part('restore', restore), part('live', live), part('package', rebuilt)];
    expect(drillOf('b', time, parts)).toMatchObject({ outcome, cause, backup: 'b', time });
  });

  it('proves nothing without a backup, and one that proves nothing keeps what was proven before', () => {
    const proven = nextRecord(undefined, drillOf('b1', time, [part('restore', 'passed')]));
    expect(proven.proven).toEqual({ time, backup: 'b1' });
    const later = daysLater(5).toISOString();
    const failed = nextRecord(proven, drillOf('b2', later, [part('restore', 'failed')]));
    expect(failed).toMatchObject({ last: { backup: 'b2' }, proven: { time, backup: 'b1' } });
    expect(nextRecord(undefined, drillOf(null, time, [])).proven).toBeNull();
  });

  it.each([
    [0, 'rollback proven today'],
    [1, 'rollback proven 1 day ago'],
    [1.9, 'rollback proven 1 day ago'],
    [12, 'rollback proven 12 days ago'],
  ] as const)('%d days later is told as "%s"', (days, words) => {
    const record = nextRecord(undefined, drillOf('b1', time, [part('restore', 'passed')]));
    expect(drillWords(record, daysLater(days))).toBe(words);
  });

  it('that proved nothing is told before what was proven', () => {
    const proven = nextRecord(undefined, drillOf('b1', time, [part('restore', 'passed')]));
    const failed = nextRecord(proven, drillOf('b2', daysLater(3).toISOString(), [part('restore', 'failed')]));
    expect(drillWords(failed, daysLater(4))).toBe(
      'rollback drill failed 1 day ago (proven 4 days ago): restore failed',
    );
    const never = nextRecord(undefined, drillOf(null, time, [part('restore', 'could-not-run')]));
    expect(drillWords(never, daysLater(0))).toBe(
      'rollback drill could not run today (never proven): restore could-not-run',
    );
  });
});
