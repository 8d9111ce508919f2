/** Decides which keys are secret, and shows values so that a secret never leaves. */
import { isList, isTable, type KeyPath, type Value } from './config-value.ts';

export const mask = '•••';

/** Key patterns whose values are never shown when a project names none. */
export const defaultSecrets: readonly string[] = [
  '*key*',
  '*token*',
  '*secret*',
  '*password*',
  '*passwd*',
  '*passphrase*',
  '*passcode*',
  'pwd',
  '*_pwd',
  '*-pwd',
  '*_pass',
  '*-pass',
  '*credential*',
  'auth',
  'authorization',
  '*bearer*',
  'jwt',
  '*_jwt',
  'cookie',
  '*_cookie',
  '*-cookie',
  'session?id',
  'sessionid',
  'dsn',
  '*_dsn',
  '*connection?string*',
  '*connectionstring*',
];

const known = new Map<string, RegExp>();

const patternOf = (glob: string): RegExp => {
  const found = known.get(glob);
  if (found !== undefined) return found;
  const body = glob
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replace(/\?/g, '.');
  const made = new RegExp(`^${body}$`, 'isu');
  known.set(glob, made);
  return made;
};

/** Whether a pattern (`*` and `?`, any case) names one of the path's keys or the dotted path as a whole. */
export const isSecret = (keyPath: KeyPath, patterns: readonly string[]): boolean => {
  const names = keyPath.filter((key) => typeof key === 'string');
  const candidates = [...names, names.join('.')];
  return patterns.some((glob) => candidates.some((name) => patternOf(glob).test(name)));
};

/** Texts and numbers that stand under secret keys. */
export const secretTexts = (value: Value, patterns: readonly string[], path: KeyPath = []): readonly string[] => {
  if (isTable(value)) {
    return Object.entries(value).flatMap(([key, inner]) => secretTexts(inner, patterns, [...path, key]));
  }
  if (isList(value)) return value.flatMap((inner, i) => secretTexts(inner, patterns, [...path, i]));
  const plain = typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint';
  return plain && isSecret(path, patterns) ? [String(value)] : [];
};

/** The password of a URL, wherever the URL stands. */
export const withoutUserInfo = (text: string): string => text.replace(/:\/\/[^\s/@"']*@/g, `://${mask}@`);

const longest = 160;

/** A value as one short line; everything under a secret key is `•••`, and so are credentials inside URLs. */
export const showValue = (value: Value, keyPath: KeyPath, patterns: readonly string[]): string => {
  const show = (here: Value, path: KeyPath): string => {
    if (isSecret(path, patterns)) return mask;
    if (here instanceof Date) return here.toISOString();
    if (isList(here)) return `[${here.map((item, i) => show(item, [...path, i])).join(', ')}]`;
    if (isTable(here)) {
      const entries = Object.entries(here).map(([key, inner]) => `${key} = ${show(inner, [...path, key])}`);
      return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
    }
    return typeof here === 'string' ? withoutUserInfo(JSON.stringify(here)) : String(here);
  };
  const text = show(value, keyPath);
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
};
