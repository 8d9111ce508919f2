/** Adds and removes whole lines of a TOML file: `key = value` statements and sections. Comments on lines of their own outside a removed section stay. */
import type { AST } from 'toml-eslint-parser';
import type { KeyPath, Table, Value } from '../../domain/config-value.ts';
import { commentText, dotted, sectionText, valueText } from './literals.ts';
import type { Remarks } from './remarks.ts';
import type { Source } from './source.ts';
import type { Holder, Part, TableNode } from './tree.ts';

type LinesHolder = Extract<Holder, { kind: 'lines' }>;

/** The end of a section's own text: its last statement, or its header. */
const lastOffset = (section: AST.TOMLTable): number => (section.body.at(-1) ?? section.key).range[1];

/** Where the line after a section starts; comments directly under it go along when a blank line or the end follows them. */
const sectionEnd = (source: Source, section: AST.TOMLTable): number => {
  const end = source.lineEnd(lastOffset(section));
  let past = end;
  while (source.isCommentLine(past)) past = source.lineEnd(past);
  return past >= source.text.length || source.isBlankLine(past) ? past : end;
};

/** Where the block of comments directly above a line starts. */
const blockStart = (source: Source, at: number): number => {
  let start = source.lineStart(at);
  while (start > 0 && source.isCommentLine(source.lineStart(start - 1))) start = source.lineStart(start - 1);
  return start;
};

/** `=` as a neighbour writes it: aligned, spaced or tight. */
const equalsLike = (source: Source, neighbour: AST.TOMLKeyValue | undefined, key: string): string => {
  if (neighbour === undefined) return ' = ';
  const [start, end] = neighbour.key.range;
  const between = source.text.slice(end, neighbour.value.range[0]);
  const [before = '', after = ''] = between.split('=');
  const padding = before.length > 1 ? ' '.repeat(Math.max(1, end - start + before.length - key.length)) : before;
  return `${padding}=${after}`;
};

const neighbourPair = (parts: readonly Part[]): AST.TOMLKeyValue | undefined =>
  parts.findLast((part) => part.kind === 'pair')?.pair;

const firstHeader = (root: TableNode): AST.TOMLTable | undefined => {
  const headers = [...root.entries.values()].flatMap((node) =>
    node.parts.flatMap((part) => (part.kind === 'section' ? [part.section] : [])),
  );
  return headers.sort((a, b) => a.range[0] - b.range[0])[0];
};

/** Where the first statement of a file goes that has none: above the first section and the comments that belong to it. */
const insertAtTop = (source: Source, lines: string, root: TableNode): void => {
  const header = firstHeader(root);
  if (header === undefined) source.insert(source.text.length, lines);
  else source.insert(blockStart(source, header.range[0]), lines + source.eol);
};

export interface NewPairs {
  /** Keys below the holder, so `["a", "b"]` is written `a.b`. */
  readonly pairs: readonly {
    readonly key: KeyPath;
    readonly value: Value;
    /** Comment lines to write above it. */
    readonly comments: readonly string[];
  }[];
  /** Statements of the same dotted table, which they join. */
  readonly family: readonly Part[];
}

/** Adds statements to lines: after their family, else at the end of the holder's own statements. */
export const addPairs = (
  source: Source,
  { holder, root }: { readonly holder: LinesHolder; readonly root: TableNode },
  { pairs, family }: NewPairs,
): void => {
  const neighbour = neighbourPair(family) ?? holder.body.at(-1);
  const beside = neighbour ?? holder.header;
  const indent = beside === undefined ? '' : source.indent(beside.range[0]);
  const lines = pairs.map(({ key, value, comments }) => {
    const name = dotted(key);
    const above = commentText(comments, { indent, eol: source.eol });
    const text = valueText(value, { indent, eol: source.eol });
    return `${above}${indent}${name}${equalsLike(source, neighbour, name)}${text}${source.eol}`;
  });
  const anchor = neighbour?.range[1] ?? holder.header?.key.range[1];
  if (anchor === undefined) insertAtTop(source, lines.join(''), root);
  else source.insert(source.lineEnd(anchor), lines.join(''));
};

export type SectionPlace =
  | { readonly at: 'after' | 'before'; readonly section: AST.TOMLTable; readonly like: AST.TOMLTable }
  | { readonly at: 'end' };

export interface NewSection {
  readonly path: KeyPath;
  readonly table: Table;
  readonly kind: 'table' | 'list';
  readonly remarks: Remarks;
}

const offsetOf = (source: Source, place: SectionPlace): number => {
  if (place.at === 'end') return source.text.length;
  return place.at === 'after' ? sectionEnd(source, place.section) : blockStart(source, place.section.range[0]);
};

/** Adds a section with one blank line around it, indented like a neighbour. */
export const addSection = (source: Source, place: SectionPlace, section: NewSection): void => {
  const { path, table, kind, remarks } = section;
  const indent = place.at === 'end' ? '' : source.indent(place.like.range[0]);
  const sample = place.at === 'end' ? undefined : place.like.body[0];
  const bodyIndent = sample === undefined ? indent : source.indent(sample.range[0]);
  const text = sectionText(path, table, { layout: { eol: source.eol, indent, bodyIndent }, kind, remarks });
  const at = offsetOf(source, place);
  const joins = at > 0 && !source.isBlankLine(source.lineStart(at - 1));
  const above = joins || source.hasInsertion(at) ? source.eol : '';
  const below = at < source.text.length && !source.isBlankLine(at) ? source.eol : '';
  source.insertSection(at, above + text + below);
};

/** Removes a section's lines, and one of the two blank lines that would then meet. */
export const cutSection = (source: Source, section: AST.TOMLTable): void => {
  const start = source.lineStart(section.range[0]);
  const end = source.lineEnd(lastOffset(section));
  const above = source.lineStart(Math.max(0, start - 1));
  const blankAbove = start > 0 && source.isBlankLine(above);
  if (blankAbove && end >= source.text.length) source.cut(above, end);
  else source.cut(start, (blankAbove || start === 0) && source.isBlankLine(end) ? source.lineEnd(end) : end);
};

/** Removes a statement's lines with the comment behind it. */
export const cutPair = (source: Source, pair: AST.TOMLKeyValue): void => source.cutLines(pair.range[0], pair.range[1]);
