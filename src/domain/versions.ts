/** Compares version labels such as `v1.2.3` or `v1.2.3-4-gabc1234` by their leading numbers. */

const parse = (label: string): readonly [number, number] | undefined => {
  // Two numbers with a dot, wherever a name such as `release-2/v1.4.0` puts them; else a plain `v2`.
  const [, major, minor] = /(?:^|\D)(\d+)\.(\d+)/.exec(label) ?? /^v?(\d+)(?:-|$)/.exec(label) ?? [];
  return major === undefined ? undefined : [Number(major), Number(minor ?? 0)];
};

/** Which of the first two numbers differs, up or down; null when neither does, or a label is missing or has no numbers. */
export const versionJump = (from: string | null, to: string | null): 'major' | 'minor' | null => {
  const before = from === null ? undefined : parse(from);
  const after = to === null ? undefined : parse(to);
  if (before === undefined || after === undefined) return null;
  if (before[0] !== after[0]) return 'major';
  return before[1] === after[1] ? null : 'minor';
};
