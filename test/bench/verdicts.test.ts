import { describe, expect, it } from 'vitest';
import type { Goal } from '../../bench/bench.ts';
import { benches } from '../../bench/index.ts';
import { type Measured, median } from '../../bench/measure.ts';
import { verdictsOf } from '../../bench/verdicts.ts';

const ours: Measured = { name: 'lockstep', times: [100, 300, 120], megabytes: 90 };
const peer: Measured = { name: 'peer', times: [50, 150, 100], megabytes: null };
const judge = (goal: Goal, measured: readonly Measured[] = [ours, peer]) =>
  verdictsOf({ name: 'work', contenders: [{ name: 'lockstep', argv: ['true'] }], goals: [goal] }, measured)[0];

describe('a benchmark', () => {
  it('compares round by round, so that a slow moment of the machine counts for both', () => {
    expect(judge({ kind: 'ratio', to: 'peer', atMost: 2 })).toMatchObject({ seen: '2.00 ×', met: true });
    expect(judge({ kind: 'ratio', to: 'peer', atMost: 1.9 })?.met).toBe(false);
    expect(judge({ kind: 'above', to: 'peer', ms: 50 })).toMatchObject({ seen: '+ 50 ms', met: true });
    expect(judge({ kind: 'above', to: 'peer', ms: 49 })?.met).toBe(false);
  });

  it('judges memory, and nothing that it could not measure', () => {
    expect(judge({ kind: 'memory', megabytes: 90 })?.met).toBe(true);
    expect(judge({ kind: 'memory', megabytes: 89 })?.met).toBe(false);
    expect(judge({ kind: 'memory', megabytes: 89 }, [{ ...ours, megabytes: null }])?.met).toBeNull();
    expect(judge({ kind: 'ratio', to: 'absent', atMost: 1 })?.met).toBeNull();
  });

  it('quotes the median', () => {
    expect(median([9, 1, 2])).toBe(2);
    expect(median([1, 2, 3, 10])).toBe(2.5);
  });

  it('has a name of its own', () => {
    expect(new Set(benches.map(({ name }) => name)).size).toBe(benches.length);
  });
});
