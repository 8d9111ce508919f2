/** The moments at which a sync is killed: chosen from a rehearsal, named so that each can be had again. */
import type { Random } from './random.ts';
import type { Wheel } from './scene.ts';

/** A place in a run, found again by counting. */
interface Placed {
  readonly scene: string;
  readonly wheel: Wheel;
  readonly nth: number;
  readonly label: string;
}

export type Point =
  /** On entry to the n-th call of a kind; `by` says who counts and kills: the hook within the program, or strace from outside. */
  | (Placed & { readonly kind: 'call'; readonly syscall: string; readonly by: 'hook' | 'strace' })
  /** At the n-th write under target or state: before it, or with half of it done. */
  | (Placed & { readonly kind: 'write' | 'torn' })
  /** After a share of the time that a whole run takes, from 0 to 1, told by its events; a wheel has to be built in it. */
  | { readonly kind: 'random'; readonly scene: string; readonly nth: number; readonly share: number };

/** What `--point` takes: `small/rename:12`, `small/wheel/rename:2`, `small/strace-rename:30`, `full/torn:3`, `full/random:17`. */
export const nameOf = (point: Point): string => {
  const what = point.kind === 'call' ? `${point.by === 'strace' ? 'strace-' : ''}${point.syscall}` : point.kind;
  const wheel = point.kind !== 'random' && point.wheel === 'to build' ? 'wheel/' : '';
  return `${point.scene}/${wheel}${what}:${point.nth}`;
};

/** A call of a rehearsal: its place among its kind as strace counts, and as the hook does; null where the hook knows nothing of it. */
export interface Call {
  readonly syscall: string;
  readonly label: string;
  readonly nth: number;
  readonly turn: number | null;
}

/** What one run did under target or state, in order. */
export interface Rehearsal {
  readonly wheel: Wheel;
  /** Calls that change something, but for writes. */
  readonly calls: readonly Call[];
  /** The label of each write. */
  readonly writes: readonly string[];
}

export interface Rehearsed {
  readonly scene: string;
  readonly runs: readonly Rehearsal[];
}

/** Each how many-th call is killed by strace although the hook could: both have to end alike. */
const crossCheck = 20;

const ofWheel = (label: string): boolean => label.includes('state/store/wheels');

/** Where a wheel has to be built, that alone is new: all else the other run does in the same way, at half the price. */
const isOwn = (wheel: Wheel, label: string): boolean => wheel === 'in store' || ofWheel(label);

export const callPoints = ({ scene, runs }: Rehearsed): readonly Point[] =>
  runs.flatMap(({ wheel, calls }) =>
    calls.flatMap(({ syscall, label, nth, turn }, i): readonly Point[] => {
      if (!isOwn(wheel, label)) return [];
      const shared = { kind: 'call', scene, wheel, syscall, label } as const;
      if (turn === null || i % crossCheck === 0) return [{ ...shared, by: 'strace', nth }];
      return [{ ...shared, by: 'hook', nth: turn }];
    }),
  );

/** How many writes of one growing file are points at its start and at its end, and each how many-th between. */
const rowEnds = 3;
const rowStep = 12;

/**
 * Whether a write is a point. A pack grows by one write after another, and nothing names it before its index is there: all
 * states in the middle of such a row differ in a length that nobody reads.
 */
const isTried = (writes: readonly string[], at: number): boolean => {
  const label = writes[at];
  const breaks = (step: 1 | -1): number => {
    let count = 0;
    while (count < rowEnds && writes[at + step * (count + 1)] === label) count += 1;
    return count;
  };
  return breaks(1) < rowEnds || breaks(-1) < rowEnds || at % rowStep === 0;
};

export const writePoints = ({ scene, runs }: Rehearsed): readonly Point[] =>
  runs.flatMap(({ wheel, writes }) =>
    writes.flatMap((label, i): readonly Point[] => {
      const shared = { scene, wheel, nth: i + 1, label };
      return isOwn(wheel, label) && isTried(writes, i)
        ? [
            { kind: 'write', ...shared },
            { kind: 'torn', ...shared },
          ]
        : [];
    }),
  );

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
