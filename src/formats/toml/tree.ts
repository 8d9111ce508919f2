/** The meaning of a TOML file as one tree, each node knowing every statement and section that defines it. */
import type { AST } from 'toml-eslint-parser';
import type { Key, KeyPath, Value } from '../../domain/config-value.ts';
import { contentValue, keyName } from './values.ts';

/** What holds key = value statements: lines of the file, or the braces of an inline table. */
export type Holder =
  | {
      readonly kind: 'lines';
      readonly path: KeyPath;
      readonly header: AST.TOMLTable | undefined;
      readonly body: readonly AST.TOMLKeyValue[];
    }
  | { readonly kind: 'inline'; readonly path: KeyPath; readonly node: AST.TOMLInlineTable };

/** A statement or a whole section that a node is made of. */
export type Part =
  | { readonly kind: 'pair'; readonly pair: AST.TOMLKeyValue; readonly holder: Holder }
  | { readonly kind: 'section'; readonly section: AST.TOMLTable };

export interface Leaf {
  readonly kind: 'leaf';
  readonly node: AST.TOMLValue;
  readonly parts: Part[];
}

/** root: the file; header: has its own `[x]`; implied: only by headers below it; dotted: only by dotted keys; inline: braces. */
export type TableForm = 'root' | 'header' | 'implied' | 'dotted' | 'inline';

export interface TableNode {
  readonly kind: 'table';
  form: TableForm;
  readonly path: KeyPath;
  readonly entries: Map<string, Node>;
  readonly parts: Part[];
  /** Where its own statements stand; undefined while it is implied. */
  holder: Holder | undefined;
}

export type ArrayNode =
  | {
      readonly kind: 'array';
      readonly form: 'inline';
      readonly node: AST.TOMLArray;
      readonly items: Node[];
      readonly path: KeyPath;
      readonly parts: Part[];
    }
  | {
      readonly kind: 'array';
      readonly form: 'sections';
      readonly items: Node[];
      readonly path: KeyPath;
      readonly parts: Part[];
    };

export type Node = Leaf | TableNode | ArrayNode;

const newTable = (path: KeyPath, form: TableForm, holder?: Holder): TableNode => ({
  kind: 'table',
  form,
  path,
  entries: new Map(),
  parts: [],
  holder,
});

const contentNode = (node: AST.TOMLContentNode, path: KeyPath): Node => {
  if (node.type === 'TOMLValue') return { kind: 'leaf', node, parts: [] };
  if (node.type === 'TOMLArray') {
    const items = node.elements.map((element, i) => contentNode(element, [...path, i]));
    return { kind: 'array', form: 'inline', node, items, path, parts: [] };
  }
  const holder: Holder = { kind: 'inline', path, node };
  const table = newTable(path, 'inline', holder);
  for (const pair of node.body) addPair(table, pair, holder);
  return table;
};

const addPair = (base: TableNode, pair: AST.TOMLKeyValue, holder: Holder): void => {
  const names = pair.key.keys.map(keyName);
  const part: Part = { kind: 'pair', pair, holder };
  let here = base;
  for (const name of names.slice(0, -1)) {
    const path = [...here.path, name];
    let next = here.entries.get(name);
    if (next?.kind !== 'table') {
      next = newTable(path, 'dotted', holder);
      here.entries.set(name, next);
    }
    next.parts.push(part);
    here = next;
  }
  const last = names.at(-1) ?? '';
  const node = contentNode(pair.value, [...here.path, last]);
  node.parts.push(part);
  here.entries.set(last, node);
};

const child = (here: Node, key: Key): Node | undefined => {
  if (here.kind === 'table') return here.entries.get(String(key));
  return here.kind === 'array' ? here.items[Number(key)] : undefined;
};

const addSection = (root: TableNode, section: AST.TOMLTable): void => {
  const part: Part = { kind: 'section', section };
  const keys = section.resolvedKey;
  let here: Node = root;
  keys.forEach((key, i) => {
    const path = keys.slice(0, i + 1);
    let next = child(here, key);
    if (next === undefined) {
      next =
        typeof keys[i + 1] === 'number'
          ? { kind: 'array', form: 'sections', items: [], path, parts: [] }
          : newTable(path, 'implied');
      if (here.kind === 'table') here.entries.set(String(key), next);
      else if (here.kind === 'array') here.items.push(next);
    }
    next.parts.push(part);
    here = next;
  });
  if (here.kind !== 'table') return;
  here.form = 'header';
  here.holder = { kind: 'lines', path: keys, header: section, body: section.body };
  for (const pair of section.body) addPair(here, pair, here.holder);
};

/** The tree of a parsed file. */
export const treeOf = (program: AST.TOMLProgram): TableNode => {
  const statements = program.body[0].body;
  const pairs = statements.filter((statement) => statement.type === 'TOMLKeyValue');
  const root = newTable([], 'root', { kind: 'lines', path: [], header: undefined, body: pairs });
  for (const pair of pairs) addPair(root, pair, root.holder as Holder);
  for (const statement of statements) if (statement.type === 'TOMLTable') addSection(root, statement);
  return root;
};

const memo = new WeakMap<Node, Value>();

/** The value of a node, each computed once. */
export const nodeValue = (node: Node): Value => {
  const found = memo.get(node);
  if (found !== undefined) return found;
  const value =
    node.kind === 'leaf'
      ? contentValue(node.node)
      : node.kind === 'array'
        ? node.items.map(nodeValue)
        : Object.fromEntries([...node.entries].map(([key, inner]) => [key, nodeValue(inner)]));
  memo.set(node, value);
  return value;
};
