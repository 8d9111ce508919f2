/** Holds what was measured against the goals, round by round. */
import type { Goal, Work } from './bench.ts';
import { type Measured, median } from './measure.ts';

export interface Verdict {
  readonly goal: string;
  readonly seen: string;
  /** null when there is nothing to judge by. */
  readonly met: boolean | null;
}

const pairs = (one: Measured, other: Measured, by: (a: number, b: number) => number): number =>
  median(one.times.map((time, round) => by(time, other.times[round] ?? Number.NaN)));

const judge = (goal: Goal, one: Measured, all: readonly Measured[]): Verdict => {
  if (goal.kind === 'memory') {
    const text = `≤ ${goal.megabytes} MB`;
    if (one.megabytes === null) return { goal: text, seen: 'not measured', met: null };
    return { goal: text, seen: `${one.megabytes.toFixed(0)} MB`, met: one.megabytes <= goal.megabytes };
  }
  const other = all.find(({ name }) => name === goal.to);
  const text = goal.kind === 'ratio' ? `≤ ${goal.atMost} × ${goal.to}` : `≤ ${goal.to} + ${goal.ms} ms`;
  if (other === undefined) return { goal: text, seen: `${goal.to} is not here`, met: null };
  if (goal.kind === 'ratio') {
    const ratio = pairs(one, other, (a, b) => a / b);
    return { goal: text, seen: `${ratio.toFixed(2)} ×`, met: ratio <= goal.atMost };
  }
  const above = pairs(one, other, (a, b) => a - b);
  return { goal: text, seen: `${above >= 0 ? '+' : '−'} ${Math.abs(above).toFixed(0)} ms`, met: above <= goal.ms };
};

/** One verdict a goal, in order. */
export const verdictsOf = ({ goals }: Work, measured: readonly Measured[]): readonly Verdict[] => {
  const [one] = measured;
  return one === undefined ? [] : goals.map((goal) => judge(goal, one, measured));
};
