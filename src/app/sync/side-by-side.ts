/** Does one piece of work for each of several targets, some at a time, and never for two at once that share a root. */
import { isInside } from '../../domain/paths.ts';

export interface Lanes<Item, Result> {
  /** How many at a time. */
  readonly jobs: number;
  /** The absolute real paths of the roots that the work on an item may write to, or that decide what it writes. */
  readonly roots: (item: Item) => Promise<readonly string[]>;
  readonly work: (item: Item) => Promise<Result>;
}

const overlap = (a: readonly string[], b: readonly string[]): boolean =>
  a.some((one) => b.some((other) => isInside(one, other) || isInside(other, one)));

interface Entry<Item> {
  readonly item: Item;
  readonly index: number;
  readonly roots: readonly string[];
}

/** The roots of all, asked before any work starts: what one writes could change the answer of another. */
const entriesOf = async <Item, Result>(
  items: readonly Item[],
  { jobs, roots }: Lanes<Item, Result>,
): Promise<readonly Entry<Item>[]> => {
  const entries: Entry<Item>[] = [];
  for (let at = 0; at < items.length; at += jobs) {
    const some = items.slice(at, at + jobs);
    const found = await Promise.all(some.map(roots));
    entries.push(...some.map((item, index) => ({ item, index: at + index, roots: found[index] ?? [] })));
  }
  return entries;
};

/**
 * Results in the order of the items, whichever ended first. One that throws keeps none of the others from their end;
 * the first that did is thrown then.
 */
export const sideBySide = async <Item, Result>(
  items: readonly Item[],
  lanes: Lanes<Item, Result>,
): Promise<readonly Result[]> => {
  const { jobs, work } = lanes;
  const results: Result[] = [];
  if (jobs === 1 || items.length < 2) {
    for (const item of items) results.push(await work(item));
    return results;
  }
  let waiting = await entriesOf(items, lanes);
  const running = new Map<Entry<Item>, Promise<void>>();
  const thrown: { readonly error: unknown }[] = [];
  const finish = async (entry: Entry<Item>): Promise<void> => {
    try {
      results[entry.index] = await work(entry.item);
    } catch (error) {
      thrown.push({ error });
    }
  };
  const start = (entry: Entry<Item>): void => {
    waiting = waiting.filter((one) => one !== entry);
    const ended = finish(entry).finally(() => running.delete(entry));
    running.set(entry, ended);
  };
  const next = (): Entry<Item> | undefined =>
    running.size >= jobs
      ? undefined
      : waiting.find((entry) => ![...running.keys()].some((other) => overlap(entry.roots, other.roots)));
  while (waiting.length > 0 || running.size > 0) {
    for (let entry = next(); entry !== undefined; entry = next()) start(entry);
    await Promise.race(running.values());
  }
  const [first] = thrown;
  if (first !== undefined) throw first.error;
  return results;
};
