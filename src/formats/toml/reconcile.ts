/** Brings the text of a TOML file to a wanted value with the fewest splices. */
import type { AST } from 'toml-eslint-parser';
import type { Origins } from '../../domain/config-edit.ts';
import { isList, isTable, sameValue, type Table, type Value } from '../../domain/config-value.ts';
import { editItems, type Insertion } from './items.ts';
import { dotted, inlineText, isTableList } from './literals.ts';
import { pairItems } from './pairing.ts';
import type { Source } from './source.ts';
import { addPairs, addSection, cutPair, cutSection, type NewPairs, type SectionPlace } from './statements.ts';
import { type ArrayNode, type Holder, type Node, nodeValue, type Part, type TableNode } from './tree.ts';

type Inline = AST.TOMLInlineTable | AST.TOMLArray;

interface Work {
  readonly source: Source;
  readonly root: TableNode;
  readonly origins: Origins;
  /** Collected per inline container, because its commas depend on all of its edits. */
  readonly inline: Map<Inline, { readonly removed: Set<number>; readonly insertions: Insertion[] }>;
}

const inlineEdits = (work: Work, node: Inline) => {
  const found = work.inline.get(node) ?? { removed: new Set<number>(), insertions: [] };
  work.inline.set(node, found);
  return found;
};

const removePart = (work: Work, part: Part): void => {
  if (part.kind === 'section') cutSection(work.source, part.section);
  else if (part.holder.kind === 'lines') cutPair(work.source, part.pair);
  else inlineEdits(work, part.holder.node).removed.add(part.holder.node.body.indexOf(part.pair));
};

const remove = (work: Work, node: Node): void => {
  for (const part of node.parts) removePart(work, part);
};

/** Adds `key = value` to a holder; a dotted table's new keys join their family. */
const addToHolder = (work: Work, holder: Holder, { pairs, family }: NewPairs): void => {
  if (pairs.length === 0) return;
  if (holder.kind === 'lines') {
    addPairs(work.source, { holder, root: work.root }, { pairs, family });
    return;
  }
  const body = holder.node.body;
  const last = family.findLast((part) => part.kind === 'pair')?.pair;
  const after = last === undefined ? body.length - 1 : body.indexOf(last);
  const texts = pairs.map(({ key, value }) => `${dotted(key)} = ${inlineText(value)}`);
  inlineEdits(work, holder.node).insertions.push(...texts.map((text) => ({ after, text })));
};

const sectionsOf = (node: Node): AST.TOMLTable[] =>
  node.parts.flatMap((part) => (part.kind === 'section' ? [part.section] : []));

/** Behind everything that a table holds, looking like a sub-table when it has one. */
const placeBelow = (table: TableNode): SectionPlace => {
  const sections = sectionsOf(table);
  const last = sections.at(-1);
  if (last === undefined) return { at: 'end' };
  const like =
    sections.findLast((section) => section.resolvedKey.length === table.path.length + 1) ?? sections[0] ?? last;
  return { at: 'after', section: last, like };
};

/** A header for a table that had none, in front of the first section below it. */
const placeOfHeader = (table: TableNode): SectionPlace => {
  const first = sectionsOf(table)[0];
  return first === undefined ? { at: 'end' } : { at: 'before', section: first, like: first };
};

/** Adds keys to a table, each where a person would look for it. */
const addKeys = (work: Work, table: TableNode, added: readonly (readonly [string, Value])[]): void => {
  const { holder, form } = table;
  const asSection = (value: Value): boolean =>
    form !== 'inline' && form !== 'dotted' && (isTable(value) || isTableList(value));
  const plain = added.filter(([, value]) => !asSection(value));
  if (holder !== undefined) {
    const base = table.path.slice(holder.path.length);
    const family = form === 'dotted' ? table.parts : [];
    const pairs = plain.map(([key, value]) => ({ key: [...base, key], value }));
    addToHolder(work, holder, { pairs, family });
  } else if (plain.length > 0) {
    const section = { path: table.path, table: Object.fromEntries(plain), kind: 'table' as const };
    addSection(work.source, placeOfHeader(table), section);
  }
  for (const [key, value] of added.filter(([, inner]) => asSection(inner))) {
    const path = [...table.path, key];
    const items: readonly Table[] = isTableList(value) ? value : [value as Table];
    const kind = isTableList(value) ? 'list' : 'table';
    for (const item of items) addSection(work.source, placeBelow(table), { path, table: item, kind });
  }
};

/** An empty table that only statements below it had made: written out, so that it stays. */
const keepEmpty = (work: Work, table: TableNode): void => {
  if (table.form === 'implied') {
    addSection(work.source, placeOfHeader(table), { path: table.path, table: {}, kind: 'table' });
  } else if (table.form === 'dotted' && table.holder !== undefined) {
    const key = table.path.slice(table.holder.path.length);
    addToHolder(work, table.holder, { pairs: [{ key, value: {} }], family: table.parts });
  }
};

const reconcileTable = (work: Work, table: TableNode, wanted: Table): void => {
  const added: (readonly [string, Value])[] = [];
  for (const [key, node] of table.entries) if (!Object.hasOwn(wanted, key)) remove(work, node);
  for (const [key, value] of Object.entries(wanted)) {
    const node = table.entries.get(key);
    if (node === undefined) added.push([key, value]);
    else if (!reconcileNode(work, node, value)) {
      remove(work, node);
      added.push([key, value]);
    }
  }
  addKeys(work, table, added);
  if (Object.keys(wanted).length === 0 && table.entries.size > 0) keepEmpty(work, table);
};

const reconcileInlineArray = (
  work: Work,
  array: ArrayNode & { readonly form: 'inline' },
  wanted: readonly Value[],
): void => {
  const { from, removed } = pairItems(array.items.map(nodeValue), wanted, work.origins.get(wanted));
  let after = -1;
  for (const [i, value] of wanted.entries()) {
    const old = from[i];
    const node = old === undefined ? undefined : array.items[old];
    if (old === undefined || node === undefined) {
      inlineEdits(work, array.node).insertions.push({ after, text: inlineText(value) });
      continue;
    }
    reconcileNode(work, node, value);
    after = old;
  }
  for (const i of removed) inlineEdits(work, array.node).removed.add(i);
};

const reconcileSections = (
  work: Work,
  array: ArrayNode & { readonly form: 'sections' },
  wanted: readonly Table[],
): void => {
  const { from, removed } = pairItems(array.items.map(nodeValue), wanted, work.origins.get(wanted));
  const first = array.items[0];
  let previous: Node | undefined;
  for (const [i, value] of wanted.entries()) {
    const node = from[i] === undefined ? undefined : array.items[from[i]];
    if (node !== undefined) {
      reconcileNode(work, node, value);
      previous = node;
      continue;
    }
    const anchor = previous === undefined ? sectionsOf(first as Node)[0] : sectionsOf(previous).at(-1);
    const like = sectionsOf(previous ?? (first as Node))[0];
    if (anchor === undefined || like === undefined) continue;
    const place: SectionPlace = { at: previous === undefined ? 'before' : 'after', section: anchor, like };
    addSection(work.source, place, { path: array.path, table: value, kind: 'list' });
  }
  for (const i of removed) remove(work, array.items[i] as Node);
};

/** Writes a value in the place of an inline one. */
const overwrite = (work: Work, node: AST.TOMLContentNode, value: Value): void => {
  const literal = node.type === 'TOMLValue' && node.kind === 'string' && node.style === 'literal' && !node.multiline;
  work.source.replace(node.range[0], node.range[1], inlineText(value, literal ? 'literal' : 'basic'));
};

/** False when the value cannot stand where the node stands: the caller removes the one and adds the other. */
const reconcileNode = (work: Work, node: Node, wanted: Value): boolean => {
  if (sameValue(nodeValue(node), wanted)) return true;
  if (node.kind === 'leaf') overwrite(work, node.node, wanted);
  else if (node.kind === 'table') {
    if (isTable(wanted)) reconcileTable(work, node, wanted);
    else if (node.holder?.kind === 'inline' && node.form === 'inline') overwrite(work, node.holder.node, wanted);
    else return false;
  } else if (node.form === 'inline') {
    if (isList(wanted)) reconcileInlineArray(work, node, wanted);
    else overwrite(work, node.node, wanted);
  } else {
    if (!isTableList(wanted)) return false;
    reconcileSections(work, node, wanted);
  }
  return true;
};

/** Records the splices in the source. */
export const reconcile = (
  source: Source,
  root: TableNode,
  { wanted, origins }: { readonly wanted: Table; readonly origins: Origins },
): void => {
  const work: Work = { source, root, origins, inline: new Map() };
  reconcileTable(work, root, wanted);
  for (const [node, edits] of work.inline) editItems(source, node, edits);
};
