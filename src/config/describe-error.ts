/** Says what is wrong with a value in the words of the person who wrote it. */
import type { ErrorObject } from 'ajv/dist/2020.js';
import { short, suggestion } from './problem.ts';
import { branchesOf } from './reduce-errors.ts';

const kinds: Readonly<Record<string, string>> = {
  object: 'a map',
  array: 'a list',
  string: 'text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  null: 'nothing',
};

const quote = (value: unknown): string =>
  `\`${short(typeof value === 'string' ? value : String(JSON.stringify(value)), 60)}\``;

const actual = (value: unknown): string => {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  return quote(value);
};

const list = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;

/** The key that a problem stands at, below the place that the validator names. */
export const keyAt = (error: ErrorObject): string | undefined =>
  error.keyword === 'additionalProperties' ? String(error.params.additionalProperty) : undefined;

const own = (error: ErrorObject, field: string): unknown =>
  (error.parentSchema as Readonly<Record<string, unknown>> | undefined)?.[field];

const keysOf = (value: unknown): string[] => (value !== null && typeof value === 'object' ? Object.keys(value) : []);

const has = (value: unknown, key: string): boolean =>
  value !== null && typeof value === 'object' && Object.hasOwn(value, key);

const wrongType = (types: readonly string[], value: unknown): string => {
  const wanted = list([...new Set(types.map((type) => kinds[type] ?? type))]);
  const quoted = types.includes('string') && (typeof value === 'number' || typeof value === 'boolean');
  return `must be ${wanted}, not ${actual(value)}${quoted ? ': put it in quotes' : ''}`;
};

const wrongWord = (words: readonly unknown[], value: unknown): string => {
  const texts = words.map(String);
  if (typeof value !== 'string') return `must be ${list(texts)}, not ${actual(value)}`;
  return `must be ${list(texts)}, not ${quote(value)}${suggestion(value, texts).replace(/^; known here.*$/, '')}`;
};

const unknownKey = (error: ErrorObject): string => {
  const key = String(error.params.additionalProperty);
  if (own(error, 'patternProperties') !== undefined) {
    return `${quote(key)} cannot be a name here: a letter, then letters, digits, dashes and underscores`;
  }
  const left = keysOf(own(error, 'properties')).filter((name) => !has(error.data, name));
  return `unknown key ${quote(key)}${suggestion(key, left)}`;
};

const wrongChoice = (error: ErrorObject): string => {
  const branches = branchesOf(error);
  if (branches.every((branch) => 'const' in branch))
    return wrongWord(
      branches.map((branch) => branch.const),
      error.data,
    );
  if (branches.every((branch) => 'required' in branch)) {
    const keys = branches.flatMap((branch) => branch.required as string[]);
    const count = error.keyword === 'oneOf' ? 'exactly one' : 'one';
    const given = keys.filter((key) => has(error.data, key));
    return `needs ${count} of ${keys.map(quote).join(', ')}${given.length > 1 ? `, and has ${given.length}` : ''}`;
  }
  const words = branches.filter((branch) => 'const' in branch).map((branch) => String(branch.const));
  const types = branches.filter((branch) => !('const' in branch)).map((branch) => String(branch.type));
  if (words.length > 0)
    return `must be ${list([...words, ...types.map((type) => kinds[type] ?? type)])}, not ${actual(error.data)}`;
  return wrongType(types, error.data);
};

const tooFew = (error: ErrorObject, what: string): string =>
  Number(error.params.limit) === 1 ? 'must not be empty' : `must hold at least ${error.params.limit} ${what}`;

/** One line without the place. */
export const describeError = (error: ErrorObject): string => {
  const said = own(error, '$comment');
  if (typeof said === 'string') return said;
  const { keyword, params, data } = error;
  switch (keyword) {
    case 'additionalProperties':
      return unknownKey(error);
    case 'required':
      return `missing key ${quote(String(params.missingProperty))}`;
    case 'type':
      return wrongType([params.type].flat().map(String), data);
    case 'const':
      return wrongWord([params.allowedValue], data);
    case 'enum':
      return wrongWord(params.allowedValues as unknown[], data);
    case 'anyOf':
    case 'oneOf':
      return wrongChoice(error);
    case 'pattern':
      return `${quote(data)} does not fit${typeof own(error, 'description') === 'string' ? `: ${own(error, 'description')}` : ''}`;
    case 'minLength':
      return tooFew(error, 'characters');
    case 'minItems':
      return tooFew(error, 'entries');
    case 'minProperties':
      return `must hold at least one of ${keysOf(own(error, 'properties')).map(quote).join(', ')}`;
    case 'uniqueItems':
      return `${quote((data as unknown[])[Number(params.i)])} is listed twice`;
    case 'minimum':
    case 'maximum':
      return `must be ${keyword === 'minimum' ? 'at least' : 'at most'} ${params.limit}, not ${quote(data)}`;
    case 'dependentRequired':
      return `${quote(String(params.property))} needs ${quote(String(params.missingProperty))} beside it`;
    default:
      return short(error.message ?? 'does not fit');
  }
};
