/** Says once what many targets share: who, and what. */

const shown = 5;

/** `a, b, c`, or `a, b, c, d and 26 more`. */
export const namesText = (names: readonly string[]): string =>
  names.length <= shown
    ? names.join(', ')
    : `${names.slice(0, shown - 1).join(', ')} and ${names.length - shown + 1} more`;

const anyTarget = '<target>';

/** A text without the target's own name, where that stands as a word or a part of a path. */
export const withoutName = (text: string, target: string): string => {
  const name = target.replace(/[.-]/g, '\\$&');
  return text.replace(new RegExp(`(?<![\\w.-])${name}(?![\\w-]|\\.\\w)`, 'g'), anyTarget);
};

export interface Told {
  readonly target: string;
  readonly text: string;
}

export interface Group<Item extends Told> {
  readonly items: readonly [Item, ...Item[]];
  readonly targets: readonly string[];
  /** What all of them say; with `<target>` in place of each one's name where they differ in that alone. */
  readonly text: string;
}

/** Items that say the same, their targets' names aside, in the order of the first of each. */
export const grouped = <Item extends Told>(items: readonly Item[]): readonly Group<Item>[] => {
  const groups = new Map<string, [Item, ...Item[]]>();
  for (const item of items) {
    const key = withoutName(item.text, item.target);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return [...groups].map(([key, group]) => ({
    items: group,
    targets: [...new Set(group.map(({ target }) => target))],
    text: group.every(({ text }) => text === group[0].text) ? group[0].text : key,
  }));
};
