/** Counts outcomes, part by part, and shows them as the closing table. */
import { nameOf } from './points.ts';
import type { Outcome } from './trial.ts';

export interface Difference {
  readonly name: string;
  readonly wrong: readonly string[];
  readonly kept: string | null;
}

export interface Row {
  readonly what: string;
  readonly points: number;
  readonly before: number;
  readonly after: number;
  readonly differences: number;
  /** Seconds. */
  readonly took: number;
  /** What else is worth knowing, such as where kills landed. */
  readonly notes: readonly string[];
}

const count = <T>(of: readonly T[], is: (one: T) => boolean): number => of.filter(is).length;

export const rowOf = (what: string, outcomes: readonly Outcome[], took: number): Row => {
  const outlived = outcomes.filter((one) => one.outlived > 0).map((one) => one.outlived);
  const missed = outcomes.filter((one) => one.landed === 'elsewhere');
  const ended = count(outcomes, (one) => one.landed === 'not at all');
  const places = ['no journal yet', 'staging', 'putting in place', 'the end of it'] as const;
  const reached = places.map((place) => `${count(outcomes, (one) => one.reached === place)} ${place}`).join(', ');
  const more: readonly (readonly [number, string])[] = [
    [count(outcomes, (one) => one.recovery !== 'whole'), 'recoveries were killed too, and run again'],
    [count(outcomes, (one) => one.followed), 'went on to the next sync'],
    [ended, 'runs were over before their point'],
    [
      missed.length,
      `kills landed on another call than rehearsed: ${missed
        .slice(0, 3)
        .map((one) => nameOf(one.point))
        .join(', ')}`,
    ],
    [
      outlived.length,
      `recoveries were outlived by a process of the killed run, by ${Math.round(Math.max(0, ...outlived))} ms at most`,
    ],
  ];
  return {
    what,
    points: outcomes.length,
    before: count(outcomes, (one) => one.side === 'before'),
    after: count(outcomes, (one) => one.side === 'after'),
    differences: count(outcomes, (one) => one.wrong.length > 0),
    took: took / 1000,
    notes: [`killed at: ${reached}`, ...more.filter(([many]) => many > 0).map(([many, text]) => `${many} ${text}`)],
  };
};

/** One line a part, and the notes below it. */
export const tableOf = (rows: readonly Row[]): readonly string[] => {
  const heads = ['what', 'points', 'to before', 'to after', 'differences', 'time'];
  const cells = rows.map((row) => [
    row.what,
    ...[row.points, row.before, row.after, row.differences].map(String),
    `${Math.round(row.took)} s`,
  ]);
  const widths = heads.map((head, i) => Math.max(head.length, ...cells.map((cell) => cell[i]?.length ?? 0)));
  const line = (cell: readonly string[]): string =>
    cell.map((text, i) => (i === 0 ? text.padEnd(widths[i] ?? 0) : text.padStart(widths[i] ?? 0))).join('  ');
  return [line(heads), ...rows.flatMap((row, i) => [line(cells[i] ?? []), ...row.notes.map((note) => `    ${note}`)])];
};
