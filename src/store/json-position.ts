/** Finds where in a JSON text something stands: the first mistake, or the value at a path. */

export type JsonPath = readonly (string | number)[];

interface Scan {
  readonly text: string;
  readonly onValue: (path: JsonPath, offset: number) => void;
  at: number;
}

class Mistake extends Error {
  readonly offset: number;
  constructor(offset: number) {
    super('mistake');
    this.offset = offset;
  }
}

const skipSpace = (scan: Scan): void => {
  while (' \t\r\n'.includes(scan.text[scan.at] ?? 'x')) scan.at += 1;
};

const take = (scan: Scan, pattern: RegExp): string => {
  pattern.lastIndex = scan.at;
  const found = pattern.exec(scan.text)?.[0];
  if (found === undefined) throw new Mistake(scan.at);
  scan.at += found.length;
  return found;
};

const expectChar = (scan: Scan, char: string): void => {
  skipSpace(scan);
  if (scan.text[scan.at] !== char) throw new Mistake(scan.at);
  scan.at += 1;
};

// RFC 8259: no control characters in strings, four hexadecimal digits after \u, no leading zeros.
const stringPattern = /"(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const plainPattern = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

const items = (scan: Scan, close: string, item: (index: number) => void): void => {
  scan.at += 1;
  skipSpace(scan);
  if (scan.text[scan.at] === close) {
    scan.at += 1;
    return;
  }
  for (let index = 0; ; index += 1) {
    item(index);
    skipSpace(scan);
    if (scan.text[scan.at] === close) break;
    expectChar(scan, ',');
  }
  scan.at += 1;
};

const value = (scan: Scan, path: JsonPath): void => {
  skipSpace(scan);
  scan.onValue(path, scan.at);
  const first = scan.text[scan.at];
  if (first === '{') {
    items(scan, '}', () => {
      skipSpace(scan);
      const key = JSON.parse(take(scan, stringPattern)) as string;
      expectChar(scan, ':');
      value(scan, [...path, key]);
    });
  } else if (first === '[') items(scan, ']', (index) => value(scan, [...path, index]));
  else take(scan, first === '"' ? stringPattern : plainPattern);
};

/** Offset of the first mistake; undefined when the text is JSON. `onValue` is told of every value before it. */
const scanJson = (text: string, onValue: Scan['onValue']): number | undefined => {
  const scan: Scan = { text, onValue, at: 0 };
  try {
    value(scan, []);
    skipSpace(scan);
    return scan.at < text.length ? scan.at : undefined;
  } catch (error) {
    if (error instanceof Mistake) return error.offset;
    throw error;
  }
};

const lineAndColumn = (text: string, offset: number): string => {
  const before = text.slice(0, offset).split('\n');
  return `${before.length}:${(before.at(-1) ?? '').length + 1}`;
};

/** Offset of the first mistake in a text that is not JSON. */
export const mistakeOffset = (text: string): number => scanJson(text, () => {}) ?? text.length;

/** `line:column`, both from 1, of the first mistake in a text that is not JSON. */
export const mistakeAt = (text: string): string => lineAndColumn(text, mistakeOffset(text));

/** Offset of the value at a path, or of the nearest value around it. */
export const offsetAt = (text: string, path: JsonPath): number => {
  let best = { depth: -1, offset: 0 };
  scanJson(text, (found, offset) => {
    const around = found.every((part, index) => String(part) === String(path[index]));
    if (around && found.length > best.depth) best = { depth: found.length, offset };
  });
  return best.offset;
};

/** `line:column` of the value at a path, or of the nearest value around it. */
export const valueAt = (text: string, path: JsonPath): string => lineAndColumn(text, offsetAt(text, path));
