/** Brings the text of a TOML file to a wanted value with the fewest splices. */
import type { AST } from 'toml-eslint-parser';
import type { Origins } from '../../domain/config-edit.ts';
import { isList, isTable, type KeyPath, sameValue, type Table, type Value } from '../../domain/config-value.ts';
import { editItems, type Insertion } from './items.ts';
import { dotted, inlineText, isTableList } from './literals.ts';
import { pairItems } from './pairing.ts';
import { noRemarks, type Remarks } from './remarks.ts';
import type { Source } from './source.ts';
import { addPairs, addSection, cutPair, cutSection, type NewPairs, type SectionPlace } from './statements.ts';
import { type ArrayNode, type Holder, type Node, nodeValue, type Part, type TableNode } from './tree.ts';

type Inline = AST.TOMLInlineTable | AST.TOMLArray;

interface Work {
  readonly source: Source;
  readonly root: TableNode;
  readonly origins: Origins;
  /** Of the file that new keys come from. */
  readonly remarks: Remarks;
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

/** What the other file says at a path; nothing below a list, whose items have other places there. */
const remarksAt = ({ remarks }: Work, path: KeyPath): Remarks =>
  path.reduce<Remarks>((here, key) => (typeof key === 'string' ? here.entry(key) : noRemarks), remarks);

interface AddedKey {
  readonly key: string;
  readonly value: Value;
  readonly remarks: Remarks;
}

/** Of the keys alone: the table that they are added to is there already. */
const remarksOfKeys = (added: readonly AddedKey[]): Remarks => ({
  ...noRemarks,
  entry: (name) => added.find(({ key }) => key === name)?.remarks ?? noRemarks,
});

/** Adds keys to a table, each where a person would look for it. */
const addKeys = (work: Work, table: TableNode, added: readonly AddedKey[]): void => {
  const { holder, form } = table;
  const asSection = (value: Value): boolean =>
    form !== 'inline' && form !== 'dotted' && (isTable(value) || isTableList(value));
  const plain = added.filter(({ value }) => !asSection(value));
  if (holder !== undefined) {
    const base = table.path.slice(holder.path.length);
    const family = form === 'dotted' ? table.parts : [];
    const pairs = plain.map(({ key, value, remarks }) => ({ key: [...base, key], value, comments: remarks.above() }));
    addToHolder(work, holder, { pairs, family });
  } else if (plain.length > 0) {
    addSection(work.source, placeOfHeader(table), {
      path: table.path,
      table: Object.fromEntries(plain.map(({ key, value }) => [key, value])),
      kind: 'table',
      remarks: remarksOfKeys(plain),
    });
  }
  for (const { key, value, remarks } of added.filter((one) => asSection(one.value))) {
    const path = [...table.path, key];
    if (!isTableList(value)) {
      addSection(work.source, placeBelow(table), { path, table: value as Table, kind: 'table', remarks });
      continue;
    }
    for (const item of value) {
      addSection(work.source, placeBelow(table), { path, table: item, kind: 'list', remarks: remarks.item(item) });
    }
  }
};

/** An empty table that only statements below it had made: written out, so that it stays. */
const keepEmpty = (work: Work, table: TableNode): void => {
  if (table.form === 'implied') {
    addSection(work.source, placeOfHeader(table), { path: table.path, table: {}, kind: 'table', remarks: noRemarks });
  } else if (table.form === 'dotted' && table.holder !== undefined) {
    const key = table.path.slice(table.holder.path.length);
    addToHolder(work, table.holder, { pairs: [{ key, value: {}, comments: [] }], family: table.parts });
  }
};

const reconcileTable = (work: Work, table: TableNode, wanted: Table): void => {
  const added: AddedKey[] = [];
  const said = remarksAt(work, table.path);
  for (const [key, node] of table.entries) if (!Object.hasOwn(wanted, key)) remove(work, node);
  for (const [key, value] of Object.entries(wanted)) {
    const node = table.entries.get(key);
    if (node === undefined) added.push({ key, value, remarks: said.entry(key) });
    else if (!reconcileNode(work, node, value)) {
      remove(work, node);
      // Not a new key: what the owner says above it stays, and is enough.
      added.push({ key, value, remarks: noRemarks });
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
    addSection(work.source, place, {
      path: array.path,
      table: value,
      kind: 'list',
      remarks: remarksAt(work, array.path).item(value),
    });
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
  { wanted, origins, remarks }: { readonly wanted: Table } & Pick<Work, 'origins' | 'remarks'>,
): void => {
  const work: Work = { source, root, origins, remarks, inline: new Map() };
  reconcileTable(work, root, wanted);
  for (const [node, edits] of work.inline) editItems(source, node, edits);
};
