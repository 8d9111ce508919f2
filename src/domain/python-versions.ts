/** Says whether a Python's version satisfies a `requires-python`: the part of PEP 440 that such specifiers use. Pure. */

interface Version {
  readonly release: readonly number[];
  /** `a1`, `b2`, `rc1` as rank and number; null for a final release, which comes after all of them. */
  readonly pre: readonly [number, number] | null;
}

interface Clause {
  readonly operator: string;
  readonly text: string;
  readonly version: Version;
  /** Written with `.*`: only the named parts count. */
  readonly prefix: boolean;
}

const stages: Readonly<Record<string, number>> = { a: 0, alpha: 0, b: 1, beta: 1, c: 2, rc: 2, pre: 2, preview: 2 };

const parse = (text: string): Version | undefined => {
  const found =
    /^v?(\d+(?:\.\d+)*)(?:[-_.]?(a|alpha|b|beta|c|rc|pre|preview)[-_.]?(\d*))?(?:[-_.]?(?:post|dev)\d*)?\+?\S*$/i.exec(
      text.trim(),
    );
  if (found === null) return undefined;
  const stage = found[2]?.toLowerCase();
  return {
    release: (found[1] ?? '').split('.').map(Number),
    pre: stage === undefined ? null : [stages[stage] ?? 0, Number(found[3] === '' ? 0 : found[3])],
  };
};

const compareRelease = (a: readonly number[], b: readonly number[]): number => {
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
};

const compare = (a: Version, b: Version): number => {
  const byRelease = compareRelease(a.release, b.release);
  if (byRelease !== 0) return byRelease;
  if (a.pre === null || b.pre === null) return a.pre === b.pre ? 0 : a.pre === null ? 1 : -1;
  return a.pre[0] - b.pre[0] || a.pre[1] - b.pre[1];
};

const startsWith = (version: Version, prefix: Version): boolean =>
  prefix.release.every((part, index) => part === (version.release[index] ?? 0));

const parseClause = (text: string): Clause | undefined => {
  const found = /^(===|~=|==|!=|<=|>=|<|>)\s*(\S+?)(\.\*)?$/.exec(text.trim());
  const version = found === null ? undefined : parse(found[2] ?? '');
  if (found === null || version === undefined) return undefined;
  const operator = found[1] ?? '';
  const prefix = found[3] !== undefined;
  if (prefix && operator !== '==' && operator !== '!=') return undefined;
  if (operator === '~=' && version.release.length < 2) return undefined;
  return { operator, text: found[2] ?? '', version, prefix };
};

const holds = (written: string, version: Version, clause: Clause): boolean => {
  const order = compare(version, clause.version);
  const equal = clause.prefix ? startsWith(version, clause.version) : order === 0;
  switch (clause.operator) {
    case '===':
      return written === clause.text;
    case '==':
      return equal;
    case '!=':
      return !equal;
    case '>=':
      return order >= 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '<':
      // PEP 440: a release candidate of 3.13 is not below 3.13.
      return (
        order < 0 && !(clause.version.pre === null && compareRelease(version.release, clause.version.release) === 0)
      );
    default:
      return order >= 0 && startsWith(version, { release: clause.version.release.slice(0, -1), pre: null });
  }
};

export type Fit = 'fits' | 'does-not-fit' | 'unreadable';

/** Whether a Python version (`3.11.7`) satisfies a specifier (`>=3.8,!=3.9.*`); an empty specifier fits all. */
export const fitsPython = (version: string, specifier: string): Fit => {
  const parsed = parse(version);
  const clauses = specifier.split(',').filter((text) => text.trim() !== '');
  const read = clauses.map(parseClause);
  if (parsed === undefined || read.includes(undefined)) return 'unreadable';
  return read.every((clause) => clause !== undefined && holds(version.trim(), parsed, clause))
    ? 'fits'
    : 'does-not-fit';
};

/** Whether one dotted version is at least another: for tools such as pip. Letters after the numbers are ignored. */
export const isAtLeast = (version: string, least: string): boolean => {
  const numbers = (text: string): number[] => (/^\d+(?:\.\d+)*/.exec(text)?.[0] ?? '0').split('.').map(Number);
  return compareRelease(numbers(version), numbers(least)) >= 0;
};

/** `3.11.7` as `3.11`. */
export const minorOf = (version: string): string => version.split('.').slice(0, 2).join('.');
