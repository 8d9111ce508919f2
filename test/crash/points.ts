/** The moments at which a sync is killed: chosen from a rehearsal, named so that each can be had again. */
import type { Random } from './random.ts';
import type { Traced } from './trace.ts';

export type Point =
  /** On entry to the n-th call of a kind. */
  | {
      readonly kind: 'call';
      readonly scene: string;
      readonly syscall: string;
      readonly nth: number;
      readonly label: string;
    }
  /** At the n-th write under target or state: before it, or with half of it done. */
  | { readonly kind: 'write' | 'torn'; readonly scene: string; readonly nth: number; readonly label: string }
  /** After a share of the time that a whole run takes, from 0 to 1. */
  | { readonly kind: 'random'; readonly scene: string; readonly nth: number; readonly share: number };

/** What `--point` takes: `small/rename:12`, `full/torn:3`, `full/random:17`. */
export const nameOf = (point: Point): string =>
  `${point.scene}/${point.kind === 'call' ? point.syscall : point.kind}:${point.nth}`;

export interface Rehearsed {
  readonly scene: string;
  /** Calls that change something under target or state, in order. */
  readonly calls: readonly (Traced & { readonly label: string })[];
  /** The path of each write under target or state, in order, plain as in a label. */
  readonly writes: readonly string[];
}

export const callPoints = ({ scene, calls }: Rehearsed): readonly Point[] =>
  calls.map(({ syscall, nth, label }) => ({ kind: 'call', scene, syscall, nth, label }));

export const writePoints = ({ scene, writes }: Rehearsed): readonly Point[] =>
  writes.flatMap((path, i): readonly Point[] => [
    { kind: 'write', scene, nth: i + 1, label: `write ${path}` },
    { kind: 'torn', scene, nth: i + 1, label: `half of a write ${path}` },
  ]);

export const randomPoints = (scene: string, count: number, random: Random): readonly Point[] =>
  Array.from({ length: count }, (_, i) => ({ kind: 'random', scene, nth: i + 1, share: random.fraction() }));

const isJournal = (label: string): boolean => label.includes('state/journal/');
const isReceipt = (label: string): boolean => /receipts?(?:\/|$)/.test(label) && label.includes('.lockstep');
/** A link or a rename out of the staging folder, or a removal beside it: a path of the target changes. */
const isSwap = (label: string): boolean => {
  const paths = label.slice(label.indexOf(' ') + 1).split(' → ');
  return paths.some((path) => path.startsWith('app/') && !path.startsWith('app/.lockstep'));
};

const ends = <T>(of: readonly T[], count: number): readonly T[] =>
  of.length <= 2 * count ? of : [...of.slice(0, count), ...of.slice(-count)];

export interface Sample {
  /** How many of the first and of the last calls of each phase. */
  readonly ends: number;
  /** How many of all others. */
  readonly others: number;
}

/** Of a long run: the first and last calls of journal, swap and receipt, what comes after, and some of all others. */
export const samplePoints = (points: readonly Point[], sample: Sample, random: Random): readonly Point[] => {
  const named = points.filter((point) => point.kind !== 'random');
  const committed = named.findIndex((point) => /^rename .*receipt → /.test(point.label));
  const phases = [
    named.filter((point) => isJournal(point.label)),
    named.filter((point) => isSwap(point.label)),
    named.filter((point) => isReceipt(point.label)),
    committed < 0 ? [] : named.slice(committed),
  ];
  const chosen = new Set(phases.flatMap((phase) => ends(phase, sample.ends)));
  const others = random.shuffled(named.filter((point) => !chosen.has(point))).slice(0, sample.others);
  for (const point of others) chosen.add(point);
  return named.filter((point) => chosen.has(point));
};

/** A given number of points, spread evenly over all. */
export const spread = (points: readonly Point[], count: number): readonly Point[] =>
  points.length <= count
    ? points
    : Array.from({ length: count }, (_, i) => points[Math.floor((i * points.length) / count)]).filter(
        (point) => point !== undefined,
      );
