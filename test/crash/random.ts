/** Random numbers that are the same for the same seed. */

export interface Random {
  /** From 0 up to, not including, 1. */
  readonly fraction: () => number;
  /** A whole number from 0 up to, not including, `below`. */
  readonly below: (below: number) => number;
  readonly pick: <T>(of: readonly [T, ...T[]]) => T;
  readonly shuffled: <T>(of: readonly T[]) => readonly T[];
}

/** mulberry32. `label` makes streams of one seed that do not depend on each other. */
export const seeded = (seed: number, label = ''): Random => {
  let state = seed >>> 0;
  for (const char of label) state = (Math.imul(state ^ char.charCodeAt(0), 0x01000193) + 0x9e3779b9) >>> 0;
  const fraction = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  const below = (limit: number): number => Math.floor(fraction() * limit);
  return {
    fraction,
    below,
    pick: (of) => of[below(of.length)] ?? of[0],
    shuffled: (of) =>
      of
        .map((value) => ({ value, rank: fraction() }))
        .sort((a, b) => a.rank - b.rank)
        .map(({ value }) => value),
  };
};
