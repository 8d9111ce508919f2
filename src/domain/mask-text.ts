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

/** `name =`, `"name":`, `--name=`, and `--name ` as an option that stands before its value; a name may be dotted. */
const start = /(["']?)(?<![\w-])(-{0,2})([A-Za-z_][\w.-]{0,120})\1(\s*[:=][ \t]*|[ \t]+(?!-))/g;

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
    const end = Math.max(endOf(quoted, text, value), value);
    const stop = end > value ? end : endOf(assigns ? restOfLine : word, text, value);
    if (stop > value) shown += `${text.slice(done, value)}${mask}`;
    else shown += text.slice(done, value);
    done = stop;
    start.lastIndex = Math.max(stop, value);
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
  return maskAssigned(withoutUserInfo(shown), patterns);
};
