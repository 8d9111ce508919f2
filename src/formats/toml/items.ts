/** Adds and removes items of an inline array or table; comments of the items that stay are never lost. */
import type { AST } from 'toml-eslint-parser';
import type { Source } from './source.ts';

export interface Insertion {
  /** Index of the old item that it follows; -1 for the very front. */
  readonly after: number;
  readonly text: string;
}

export interface ItemEdits {
  readonly removed: ReadonlySet<number>;
  readonly insertions: readonly Insertion[];
}

type Container = AST.TOMLArray | AST.TOMLInlineTable;
type Item = AST.TOMLContentNode | AST.TOMLKeyValue;

const itemsOf = (node: Container): readonly Item[] => (node.type === 'TOMLArray' ? node.elements : node.body);

interface Frame {
  readonly source: Source;
  readonly node: Container;
  readonly items: readonly Item[];
  /** Offset of the comma after each item; undefined when it has none. */
  readonly commas: readonly (number | undefined)[];
}

const frameOf = (source: Source, node: Container): Frame => {
  const items = itemsOf(node);
  const commas = items.map((item) => {
    const at = source.skipTrivia(item.range[1]);
    return source.text[at] === ',' ? at : undefined;
  });
  return { source, node, items, commas };
};

const spansLines = ({ source, node, items }: Frame): boolean => {
  const edges = [node.range[0], ...items.flatMap((item) => item.range), node.range[1]];
  return edges.some((edge, i) => i % 2 === 0 && source.hasNewline(edge, edges[i + 1] ?? edge));
};

/** Between the brackets nothing is left: written anew, with the old padding. */
const rewriteLine = ({ source, node, items }: Frame, texts: readonly string[]): void => {
  const [open, close] = node.type === 'TOMLArray' ? ['[', ']'] : ['{', '}'];
  const first = items[0];
  const pad = first ? source.text.slice(node.range[0] + 1, first.range[0]) : node.type === 'TOMLArray' ? '' : ' ';
  const text = texts.length === 0 ? `${open}${close}` : `${open}${pad}${texts.join(', ')}${pad}${close}`;
  source.replace(node.range[0], node.range[1], text);
};

const editLine = (frame: Frame, { removed, insertions }: ItemEdits): void => {
  const { source, items } = frame;
  const kept = items.map((_, i) => i).filter((i) => !removed.has(i));
  const lastKept = kept.at(-1);
  if (lastKept === undefined) {
    rewriteLine(
      frame,
      insertions.map((insertion) => insertion.text),
    );
    return;
  }
  for (const { after, text } of insertions) {
    const previous = kept.findLast((i) => i <= after);
    if (previous !== undefined) source.insert(items[previous]?.range[1] ?? 0, `, ${text}`);
    else source.insert(items[kept[0] ?? 0]?.range[0] ?? 0, `${text}, `);
  }
  for (const i of removed) {
    const [start, end] = items[i]?.range ?? [0, 0];
    if (i > lastKept) source.cut(items[lastKept]?.range[1] ?? end, end);
    else source.cut(start, items[i + 1]?.range[0] ?? end);
  }
};

/** Offset just past the item's comma when that stands on the item's last line, else past the item. */
const tokenEnd = ({ source, items, commas }: Frame, i: number): number => {
  const end = items[i]?.range[1] ?? 0;
  const comma = commas[i];
  return comma !== undefined && !source.hasNewline(end, comma) ? comma + 1 : end;
};

const removeFromLines = (frame: Frame, i: number): void => {
  const { source, items, commas } = frame;
  const [start, end] = items[i]?.range ?? [0, 0];
  const past = tokenEnd(frame, i);
  const comma = commas[i];
  if (comma !== undefined && past === end) source.cut(comma, comma + 1);
  if (source.startsLine(start) && source.endsLine(past)) source.cutLines(start, past - 1);
  else if (source.startsLine(start))
    source.cut(start, past + (/^[ \t]*/.exec(source.text.slice(past))?.[0].length ?? 0));
  else source.cut(start - (/[ \t]*$/.exec(source.text.slice(source.lineStart(start), start))?.[0].length ?? 0), past);
};

const insertAtFront = (frame: Frame, text: string, next: number | undefined): void => {
  const { source, node, items } = frame;
  const first = next === undefined ? undefined : items[next];
  if (first === undefined) {
    const close = node.range[1] - 1;
    source.insert(source.lineStart(close), `${source.indent(close)}  ${text},${source.eol}`);
  } else if (source.startsLine(first.range[0])) {
    source.insert(source.lineStart(first.range[0]), `${source.indent(first.range[0])}${text},${source.eol}`);
  } else source.insert(first.range[0], `${text}, `);
};

const insertAfter = (frame: Frame, previous: number, texts: readonly string[]): void => {
  const { source, items, commas } = frame;
  const [start, end] = items[previous]?.range ?? [0, 0];
  const past = tokenEnd(frame, previous);
  const commaElsewhere = commas[previous] !== undefined && past === end;
  if (commaElsewhere || !source.endsLine(past)) {
    for (const text of texts) source.insert(end, `, ${text}`);
    return;
  }
  const open = commas[previous] === undefined;
  if (open) source.insert(end, ',');
  const lines = texts.map((text, i) => {
    const comma = open && i === texts.length - 1 ? '' : ',';
    return `${source.indent(start)}${text}${comma}${source.eol}`;
  });
  source.insert(source.lineEnd(past), lines.join(''));
};

const editLines = (frame: Frame, { removed, insertions }: ItemEdits): void => {
  const kept = frame.items.map((_, i) => i).filter((i) => !removed.has(i));
  const behind = new Map<number, string[]>();
  for (const { after, text } of insertions) {
    const previous = kept.findLast((i) => i <= after);
    if (previous === undefined) insertAtFront(frame, text, kept[0] ?? (frame.items.length > 0 ? 0 : undefined));
    else behind.set(previous, [...(behind.get(previous) ?? []), text]);
  }
  for (const [previous, texts] of behind) insertAfter(frame, previous, texts);
  for (const i of removed) removeFromLines(frame, i);
};

/** Splices the edits in: on one line with `, `, over several lines with one line per item. */
export const editItems = (source: Source, node: Container, edits: ItemEdits): void => {
  if (edits.removed.size === 0 && edits.insertions.length === 0) return;
  const frame = frameOf(source, node);
  if (node.type === 'TOMLArray' && spansLines(frame)) editLines(frame, edits);
  else editLine(frame, edits);
};
