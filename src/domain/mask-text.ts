/** Masks secrets in free text, such as what a program printed: known values, credentials in URLs, and what is assigned to a secret name. */
import { isSecret, mask, withoutUserInfo } from './secrets.ts';

/** Values shorter than this are no secrets worth the damage that replacing them everywhere does. */
const shortest = 6;

/** The values that are worth masking wherever they stand, longest first, so that none is left in part; lines of a long one each for itself. */
export const maskable = (values: Iterable<string>): readonly string[] =>
  [...new Set([...values].flatMap((value) => [value, ...value.split(/\r?\n/)]))]
    .map((value) => value.trim())
    .filter((value) => value.length >= shortest)
    .sort((a, b) => b.length - a.length || (a < b ? -1 : 1));

/**
 * `name =`, `"name":`, `--name=`, and `--name ` as an option that stands before its value; a name may be dotted. A part
 * of a path is no name (`docs/api-keys.md: missing`), and a version that is asked for no value (`keyring==25.1`).
 */
const start = /(["']?)(?<![\w/\\-])(-{0,2})([A-Za-z_][\w.-]{0,120})\1(\s*[:=](?!=\s*v?\d)[ \t]*|[ \t]+(?!-))/g;

/** Values of several lines: TOML's long texts, and YAML's, which are the lines that stand further in. */
const long = /"""[\s\S]*?(?:"""|$)|'''[\s\S]*?(?:'''|$)/y;
const block = /[|>][+-]?\d?[ \t]*\r?(?=\n)/y;
/** The start of a list or a table. */
const opening = /[[{]/y;

/** A quoted value to its end, any other to the end of the line: a value may hold blanks. */
const quoted = /"(?:[^"\\\r\n]|\\.)*"?|'(?:[^'\\\r\n]|\\.)*'?/y;
const restOfLine = /[^\r\n]*/y;
const word = /[^\s]*/y;

/** `KeyError: 'x'` tells what went wrong; it assigns nothing. */
const isThrown = (name: string): boolean => /(Error|Exception|Warning)$/.test(name);

const endOf = (shape: RegExp, text: string, from: number): number => {
  shape.lastIndex = from;
  return from + (shape.exec(text)?.[0].length ?? 0);
};

/** Where a list or a table ends that starts here; the end of the text when nothing closes it. */
const closingOf = (text: string, from: number): number => {
  let depth = 0;
  for (let at = from; at < text.length; at += 1) {
    const letter = text[at];
    if (letter === '"' || letter === "'") at = Math.max(at, endOf(quoted, text, at) - 1);
    else if (letter === '[' || letter === '{') depth += 1;
    else if (letter === ']' || letter === '}') depth -= 1;
    if (depth === 0) return at + 1;
  }
  return text.length;
};

/** Where the lines end that stand further in than the line of a name, and follow it. */
const indentedEnd = (text: string, name: number, from: number): number => {
  const line = text.lastIndexOf('\n', name - 1) + 1;
  const depth = /^[ \t-]*/.exec(text.slice(line, name))?.[0].length ?? 0;
  let end = from;
  while (text[end] === '\n' || text[end] === '\r') {
    const next = text[end] === '\r' && text[end + 1] === '\n' ? end + 2 : end + 1;
    const lineEnd = endOf(restOfLine, text, next);
    const indent = /^[ \t]*/.exec(text.slice(next, lineEnd))?.[0].length ?? 0;
    if (lineEnd > next && indent <= depth) break;
    end = lineEnd;
    if (lineEnd === next && next >= text.length) break;
  }
  return end;
};

/** Where an assigned value ends that starts at `from`. */
const valueEnd = (text: string, name: number, from: number): number => {
  const inBlock = endOf(block, text, from);
  if (inBlock > from) return indentedEnd(text, name, inBlock);
  if (endOf(restOfLine, text, from) === from) return indentedEnd(text, name, from);
  const inLong = endOf(long, text, from);
  if (inLong > from) return inLong;
  const end = endOf(opening, text, from) > from ? closingOf(text, from) : endOf(quoted, text, from);
  // What clings to a quoted value is more of it.
  const ends = end > from && /^(?:$|[\s,;)}\]])/.test(text.slice(end, end + 1));
  return ends ? end : endOf(restOfLine, text, end);
};

/** A private key wherever it stands: from its first line to its last, or to the end of the text. */
const privateKeys = /-----BEGIN ([A-Z ]*PRIVATE KEY)-----[\s\S]*?(?:-----END \1-----|$)/g;

const maskAssigned = (text: string, patterns: readonly string[]): string => {
  let shown = '';
  let done = 0;
  start.lastIndex = 0;
  for (let found = start.exec(text); found !== null; found = start.exec(text)) {
    const [whole, , dashes = '', name = '', sign = ''] = found;
    const assigns = /[:=]/.test(sign);
    const value = found.index + whole.length;
    if ((!assigns && dashes === '') || !isSecret(name.split('.'), patterns) || isThrown(name)) {
      // What follows may itself be a name.
      start.lastIndex = value;
      continue;
    }
    const inQuotes = endOf(quoted, text, value);
    const option = inQuotes > value ? inQuotes : endOf(word, text, value);
    const stop = assigns ? valueEnd(text, found.index, value) : option;
    if (text.slice(value, stop).trim() !== '') shown += `${text.slice(done, value)}${mask}`;
    else shown += text.slice(done, stop);
    done = stop;
    start.lastIndex = stop;
  }
  return shown + text.slice(done);
};

/**
 * The text with every secret as `•••`; its line breaks stay.
 * @param patterns key patterns, as `secrets:` of the configuration has them
 * @param known values as `maskable` answers them
 */
export const maskText = (text: string, patterns: readonly string[], known: readonly string[] = []): string => {
  let shown = text;
  for (const value of known) shown = shown.replaceAll(value, mask);
  shown = shown.replace(privateKeys, mask);
  return maskAssigned(withoutUserInfo(shown), patterns);
};
