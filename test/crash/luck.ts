/** What of a disk's unflushed part survives a power failure: all, nothing, parts, or what chance decides. */
import type { Random } from './random.ts';

/** How much of what was not flushed survives. */
export interface Luck {
  readonly name: (index: number) => boolean;
  readonly content: () => 'all' | 'none' | 'part' | 'zeros';
  /** A length between two. */
  readonly cut: (from: number, to: number) => number;
}

export const always = (content: 'all' | 'none' | 'zeros', names: boolean): Luck => ({
  name: () => names,
  content: () => content,
  cut: (from) => from,
});

/** The extremes: all survives; nothing; names without content; names with zeros for content; content without names. */
export const extremes: Readonly<Record<string, Luck>> = {
  everything: always('all', true),
  nothing: always('none', false),
  'names only': always('none', true),
  'names and zeros': always('zeros', true),
  'content only': always('all', false),
};

export const chance = (random: Random): Luck => {
  const odds = random.pick([0.15, 0.5, 0.85]);
  return {
    name: () => random.fraction() < odds,
    content: () => random.pick(['all', 'none', 'part', 'zeros']),
    cut: (from, to) => from + random.below(to - from + 1),
  };
};
