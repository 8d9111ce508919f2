/** Tells whether what a step hands to the receipt says anything new, so that a target in step is not written to. Pure. */
import type { RootedPath } from './paths.ts';
import type { Decision, Receipt, ReceiptComponent } from './receipt.ts';

const sorted = <T>(entries: Readonly<Record<string, T>>): string =>
  JSON.stringify(Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1)));
const componentText = ({ commit, files, dirs }: ReceiptComponent): string =>
  `${commit}\n${sorted(files)}\n${[...dirs].sort().join('\n')}`;
const decisionsText = (decisions: readonly Decision[]): string =>
  JSON.stringify(decisions.map(({ path, choice, main, owner, cause }) => [path, choice, main, owner, cause]).sort());

/** Whether a component's share of the receipt says something new. */
export const isNews = (
  receipt: Receipt | undefined,
  next: {
    readonly name: string;
    readonly record: ReceiptComponent;
    readonly decisions: readonly Decision[];
    readonly looked: ReadonlySet<RootedPath>;
  },
): boolean => {
  const current = receipt?.components[next.name];
  if (current === undefined || componentText(current) !== componentText(next.record)) return true;
  const before = (receipt?.decisions ?? []).filter(
    (decision) => decision.key === undefined && next.looked.has(decision.path),
  );
  return decisionsText(before) !== decisionsText(next.decisions);
};
