/** Writes TOML: keys, values on one line, and tables as sections. */
import { isList, isTable, type KeyPath, type Table, type Value } from '../../domain/config-value.ts';
import { LockstepError } from '../../domain/errors.ts';
import type { Remarks } from './remarks.ts';

const short: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '"': '\\"',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\b': '\\b',
  '\f': '\\f',
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: TOML forbids exactly these in its strings.
const escaped = /[\\"\u0000-\u001f\u007f]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: TOML forbids exactly these in its strings.
const noLiteral = /['\u0000-\u0008\u000a-\u001f\u007f]/;

const basic = (text: string): string =>
  `"${text.replace(escaped, (char) => short[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)}"`;

export const keyText = (key: string): string => (/^[A-Za-z0-9_-]+$/.test(key) ? key : basic(key));

/** A dotted key; the indexes of arrays of tables are left out, as headers want it. */
export const dotted = (path: KeyPath): string =>
  path
    .filter((key) => typeof key === 'string')
    .map(keyText)
    .join('.');

const float = (value: number): string => {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  const text = Object.is(value, -0) ? '-0' : String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
};

const date = (value: Date): string =>
  value
    .toISOString()
    .replace(/(\.\d*?)0+(?=$|[Zz+-])/, '$1')
    .replace(/\.(?=$|[Zz+-])/, '');

/** A value on one line. `quote: literal` keeps '…' where the text allows it. Throws `merge-failed` for null, which TOML lacks. */
export const inlineText = (value: Value, quote: 'basic' | 'literal' = 'basic'): string => {
  if (value === null) throw new LockstepError('merge-failed', 'TOML has no null');
  if (typeof value === 'string') return quote === 'literal' && !noLiteral.test(value) ? `'${value}'` : basic(value);
  if (typeof value === 'number') return float(value);
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (value instanceof Date) return date(value);
  if (isList(value)) return `[${value.map((item) => inlineText(item)).join(', ')}]`;
  const entries = Object.entries(value as Table).map(([key, inner]) => `${keyText(key)} = ${inlineText(inner)}`);
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
};

/** Whether a value is written as `[[sections]]`. */
export const isTableList = (value: Value): value is readonly Table[] =>
  isList(value) && value.length > 0 && value.every((item) => isTable(item));

const width = 100;

/** A value after `key = `: a long list gets one line per item. */
export const valueText = (value: Value, layout: { readonly indent: string; readonly eol: string }): string => {
  const line = inlineText(value);
  if (!isList(value) || line.length <= width) return line;
  const items = value.map((item) => `${layout.indent}  ${inlineText(item)},${layout.eol}`);
  return `[${layout.eol}${items.join('')}${layout.indent}]`;
};

export interface SectionLayout {
  readonly eol: string;
  /** Before headers. */
  readonly indent: string;
  /** Before keys. */
  readonly bodyIndent: string;
}

/** Comment lines as they are written above a key or a header. */
export const commentText = (
  lines: readonly string[],
  { indent, eol }: { readonly indent: string; readonly eol: string },
) => lines.map((line) => `${indent}${line}${eol}`).join('');

export interface SectionWords {
  readonly layout: SectionLayout;
  readonly kind: 'table' | 'list';
  /** What the file that the table comes from says above its parts. */
  readonly remarks: Remarks;
}

/** A table as a section with its sub-sections; `list` writes `[[path]]`. Ends with a line ending. */
export const sectionText = (path: KeyPath, table: Table, { layout, kind, remarks }: SectionWords): string => {
  const { eol, indent, bodyIndent } = layout;
  const name = dotted(path);
  const above = commentText(remarks.above(), { indent, eol });
  const header = `${above}${indent}${kind === 'list' ? `[[${name}]]` : `[${name}]`}${eol}`;
  const plain: string[] = [];
  const below: string[] = [];
  for (const [key, value] of Object.entries(table)) {
    const at = [...path, key];
    const said = remarks.entry(key);
    if (isTable(value)) below.push(sectionText(at, value, { layout, kind: 'table', remarks: said }));
    else if (isTableList(value)) {
      below.push(...value.map((item) => sectionText(at, item, { layout, kind: 'list', remarks: said.item(item) })));
    } else {
      const lines = commentText(said.above(), { indent: bodyIndent, eol });
      plain.push(`${lines}${bodyIndent}${keyText(key)} = ${valueText(value, { indent: bodyIndent, eol })}${eol}`);
    }
  }
  const implied = kind === 'table' && above === '' && plain.length === 0 && below.length > 0;
  return [...(implied ? [] : [header + plain.join('')]), ...below].join(eol);
};
