/** The words that `npm run test:crash --` takes. */
import { availableParallelism, tmpdir } from 'node:os';
import { resolve } from 'node:path';

export const parts = ['small', 'full', 'random', 'power'] as const;
export type Part = (typeof parts)[number];

export interface Words {
  readonly parts: readonly Part[];
  /** Decides which points are sampled, when the random moments are and what survives a power failure. */
  readonly seed: number;
  readonly lanes: number;
  /** Where the lanes are made; a folder in memory (`/dev/shm`) is several times faster than a disk. */
  readonly dir: string;
  /** How many of the first and last calls of each phase of the long run. */
  readonly ends: number;
  /** How many of its other calls. */
  readonly others: number;
  readonly random: number;
  /** What a power failure left, how many samples for each prefix. */
  readonly survivors: number;
  /** How many recoveries lose the power too. */
  readonly recoveries: number;
  /** Each how many-th trial goes on to the next sync. */
  readonly follow: number;
  /** At most so many points a part, spread evenly; all when null. */
  readonly most: number | null;
  /** One point alone. */
  readonly point: string | null;
  readonly keep: boolean;
}

const usage = `npm run test:crash -- [--part ${parts.join('|')}]… [--point small/rename:12] [--seed 1] [--lanes 2]
  [--most 100] [--dir /dev/shm] [--ends 15] [--others 60] [--random 200] [--survivors 24] [--recoveries 20] [--follow 10] [--keep]`;

const wholeNumber = (word: string, text: string | undefined): number => {
  const value = Number(text);
  if (text === undefined || !Number.isInteger(value) || value < 0)
    throw new Error(`${word} takes a whole number\n${usage}`);
  return value;
};

/** Throws with the usage for any other word. */
export const readWords = (argv: readonly string[]): Words => {
  const chosen: Part[] = [];
  const numbers: Record<string, number> = {
    seed: 1,
    lanes: Math.max(1, Math.min(8, availableParallelism())),
    ends: 15,
    others: 60,
    random: 200,
    survivors: 24,
    recoveries: 20,
    follow: 10,
  };
  let dir = tmpdir();
  let point: string | null = null;
  let most: number | null = null;
  let keep = false;
  const rest = [...argv];
  while (rest.length > 0) {
    const word = rest.shift() ?? '';
    const name = word.replace(/^--/, '');
    if (word === '--keep') keep = true;
    else if (word === '--dir') dir = resolve(rest.shift() ?? '');
    else if (word === '--most') most = wholeNumber(word, rest.shift());
    else if (word === '--point') point = rest.shift() ?? '';
    else if (word === '--part') {
      const part = parts.find((one) => one === rest[0]);
      if (part === undefined) throw new Error(`--part takes ${parts.join(', ')}\n${usage}`);
      chosen.push(part);
      rest.shift();
    } else if (word.startsWith('--') && numbers[name] !== undefined) numbers[name] = wholeNumber(word, rest.shift());
    else throw new Error(`unknown word ${word}\n${usage}`);
  }
  const {
    seed = 1,
    lanes = 1,
    ends = 15,
    others = 60,
    random = 200,
    survivors = 24,
    recoveries = 20,
    follow = 10,
  } = numbers;
  const asked = chosen.length === 0 ? parts : chosen;
  return {
    parts: asked,
    seed,
    lanes: Math.max(1, lanes),
    dir,
    ends,
    others,
    random,
    survivors,
    recoveries,
    follow,
    most,
    point,
    keep,
  };
};
