/** Decides which old item each item of a new list is, so that unchanged items keep their bytes and comments. */
import { canonicalValue, type Value } from '../../domain/config-value.ts';

export interface Pairing {
  /** For each new item its old index; undefined when it is new. Rising. */
  readonly from: readonly (number | undefined)[];
  /** Old indexes that no new item has. */
  readonly removed: ReadonlySet<number>;
}

/** Above this many comparisons items are paired by place instead. */
const tableLimit = 1_000_000;

/** Longest common subsequence of two lists of texts, as pairs of indexes. */
const commonPairs = (a: readonly string[], b: readonly string[]): (readonly [number, number])[] => {
  if (a.length * b.length > tableLimit) return [];
  const width = b.length + 1;
  const lengths = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number) => lengths[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      lengths[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const pairs: (readonly [number, number])[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) pairs.push([i++, j++]);
    else if (at(i + 1, j) >= at(i, j + 1)) i++;
    else j++;
  }
  return pairs;
};

const matched = (before: readonly Value[], after: readonly Value[]): (readonly [number, number])[] => {
  const a = before.map(canonicalValue);
  const b = after.map(canonicalValue);
  const shorter = Math.min(a.length, b.length);
  let head = 0;
  while (head < shorter && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < shorter - head && a.at(-1 - tail) === b.at(-1 - tail)) tail++;
  const middle = commonPairs(a.slice(head, a.length - tail), b.slice(head, b.length - tail));
  return [
    ...Array.from({ length: head }, (_, i) => [i, i] as const),
    ...middle.map(([i, j]) => [i + head, j + head] as const),
    ...Array.from({ length: tail }, (_, i) => [a.length - tail + i, b.length - tail + i] as const),
  ];
};

/** Equal items pair up; between them items pair by place. `origins`, where known, decides alone. */
export const pairItems = (
  before: readonly Value[],
  after: readonly Value[],
  origins: readonly (number | undefined)[] | undefined,
): Pairing => {
  const from: (number | undefined)[] = origins === undefined ? after.map(() => undefined) : [...origins];
  if (origins === undefined) {
    let i = 0;
    let j = 0;
    for (const [nextI, nextJ] of [...matched(before, after), [before.length, after.length] as const]) {
      while (i < nextI && j < nextJ) from[j++] = i++;
      if (nextJ < after.length) from[nextJ] = nextI;
      i = nextI + 1;
      j = nextJ + 1;
    }
  }
  const used = new Set(from);
  return { from, removed: new Set(before.map((_, i) => i).filter((i) => !used.has(i))) };
};
