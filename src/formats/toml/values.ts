/** Reads TOML values without loss: 64-bit integers, floats apart from integers, dates to their last digit. */
import { parse as parseSmol, TomlDate } from 'smol-toml';
import { type AST, ParseError, parseTOML } from 'toml-eslint-parser';
import { isList, type Table, type Value } from '../../domain/config-value.ts';
import { LockstepError } from '../../domain/errors.ts';

/** A date with digits beyond the milliseconds that JavaScript keeps. */
class FineDate extends TomlDate {
  readonly #digits: string;

  constructor(text: string, digits: string) {
    super(text);
    this.#digits = digits;
  }

  override toISOString(): string {
    return super.toISOString().replace(/\.\d{3}/, `.${this.#digits}`);
  }
}

const dateOf = (text: string): Date => {
  const digits = /\.(\d{3}\d*?)0*(?:$|[Zz+-])/.exec(text)?.[1] ?? '';
  return digits.length > 3 ? new FineDate(text, digits) : new TomlDate(text);
};

export const keyName = (key: AST.TOMLBare | AST.TOMLQuoted): string => (key.type === 'TOMLBare' ? key.name : key.value);

const put = (table: Record<string, Value>, key: string, value: Value): void => {
  Object.defineProperty(table, key, { value, enumerable: true, configurable: true, writable: true });
};

const inlineTable = (node: AST.TOMLInlineTable): Table => {
  const table: Record<string, Value> = {};
  for (const { key, value } of node.body) {
    const names = key.keys.map(keyName);
    let here = table;
    for (const name of names.slice(0, -1)) {
      if (!Object.hasOwn(here, name)) put(here, name, {});
      here = here[name] as Record<string, Value>;
    }
    put(here, names.at(-1) ?? '', contentValue(value));
  }
  return table;
};

/** The value of one node of the syntax tree. */
export const contentValue = (node: AST.TOMLContentNode): Value => {
  if (node.type === 'TOMLArray') return node.elements.map(contentValue);
  if (node.type === 'TOMLInlineTable') return inlineTable(node);
  if (node.kind === 'integer') return node.bigint;
  return node.value instanceof Date ? dateOf((node as AST.TOMLDateTimeValue).datetime) : node.value;
};

/** The syntax tree of TOML 1.0. Throws `merge-failed` with line:column; the message never quotes the text, which may hold secrets. */
export const syntaxOf = (text: string): AST.TOMLProgram => {
  try {
    return parseTOML(text, { tomlVersion: '1.0' });
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    throw new LockstepError(
      'merge-failed',
      `not valid TOML at ${error.lineNumber}:${error.column + 1}: ${error.message}`,
    );
  }
};

const copyOf = (value: unknown): Value => {
  if (value instanceof Date || typeof value !== 'object' || value === null) return value as Value;
  if (isList(value as Value)) return (value as unknown[]).map(copyOf);
  const table: Record<string, Value> = {};
  for (const [key, inner] of Object.entries(value)) put(table, key, copyOf(inner));
  return table;
};

/** All values of a file, read by a second parser that shares nothing with the syntax tree. Dates are cut to milliseconds. */
export const quickValues = (text: string): Value =>
  copyOf(
    parseSmol(text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n'), { integersAsBigInt: true, useLegacyDate: true }),
  );

/** Whether a date somewhere may need more digits than the quick reader keeps. */
export const hasFineDates = (text: string): boolean => /:\d\d\.\d{4}/.test(text);

/** The same value with dates cut to what the quick reader keeps, for comparing with it. */
export const coarse = (value: Value): Value => {
  if (value instanceof TomlDate) return TomlDate.prototype.toISOString.call(value);
  if (isList(value)) return value.map(coarse);
  if (typeof value !== 'object' || value === null || value instanceof Date)
    return value instanceof Date ? value.toISOString() : value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, coarse(inner as Value)]));
};
