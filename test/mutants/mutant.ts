/** What a mutant is, and how it is put into a text: at exactly one place, or not at all. */

/** One guard of an invariant, the change that takes it away, and the tests that must then fail. */
export interface Mutant {
  /** Kebab-case, its own among all. */
  readonly name: string;
  /** Of the eleven in `docs/architecture.md`. */
  readonly invariant: 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11;
  /** What the guard sees to, in the words of somebody who would miss it. */
  readonly guard: string;
  /** Relative to the checkout. */
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  /** Test files, relative to the checkout; only these are run. */
  readonly tests: readonly string[];
  /** A part of the names of the tests to run, for files that take long. */
  readonly named?: string;
}

const countOf = (text: string, part: string): number => text.split(part).length - 1;

/** Why a mutant cannot be put into this text; undefined when it can. */
export const misplaced = (mutant: Pick<Mutant, 'file' | 'find' | 'replace'>, text: string): string | undefined => {
  if (mutant.find === mutant.replace) return 'it changes nothing';
  const count = countOf(text, mutant.find);
  if (count === 1) return undefined;
  return count === 0
    ? `its text is not in ${mutant.file} any more`
    : `its text stands ${count} times in ${mutant.file}: which one is the guard?`;
};

/** The text without its guard. Throws when the guard's text does not stand there exactly once. */
export const mutated = (mutant: Mutant, text: string): string => {
  const why = misplaced(mutant, text);
  if (why !== undefined) throw new Error(`${mutant.name}: ${why}`);
  // A function, so that a `$` in the replacement means itself.
  return text.replace(mutant.find, () => mutant.replace);
};
