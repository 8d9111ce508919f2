/** Finds the comment lines that stand directly above a key or a section of one file, for another file that gets it. */
import type { AST } from 'toml-eslint-parser';
import { sameValue, type Value } from '../../domain/config-value.ts';
import { LockstepError } from '../../domain/errors.ts';
import { Source } from './source.ts';
import { type Node, nodeValue, treeOf } from './tree.ts';
import { syntaxOf } from './values.ts';

/** One place of the file that a new key comes from, and what is said above it there. */
export interface Remarks {
  /** Comment lines without indentation, first to last; none for a place that has no line of its own. */
  readonly above: () => readonly string[];
  readonly entry: (key: string) => Remarks;
  /** The item of a list of sections that has this value. */
  readonly item: (value: Value) => Remarks;
}

/** Of a place that the file does not have. */
export const noRemarks: Remarks = { above: () => [], entry: () => noRemarks, item: () => noRemarks };

/** Where the line starts that defines a node by itself; undefined for one that only lines below it make. */
const lineOf = (node: Node): number | undefined => {
  if (node.kind === 'table' && node.form !== 'inline') {
    const own = node.parts.find(
      (part) => part.kind === 'section' && part.section.resolvedKey.length === node.path.length,
    );
    return node.form === 'header' && own?.kind === 'section' ? own.section.range[0] : undefined;
  }
  const [part] = node.parts;
  return part?.kind === 'pair' && part.holder.kind === 'lines' ? part.pair.range[0] : undefined;
};

const readable = (text: string): AST.TOMLProgram | undefined => {
  try {
    return syntaxOf(text);
  } catch (error) {
    // Its values were read by the other parser. Comments are a courtesy, and no reason to refuse them.
    if (error instanceof LockstepError) return undefined;
    throw error;
  }
};

/** None for text that the syntax tree's parser does not take. */
export const remarksOf = (text: string): Remarks => {
  const source = new Source(text);
  const program = readable(source.text);
  if (program === undefined) return noRemarks;
  // Of the syntax, not of the text: a line that looks like a comment can be the end of a string.
  const comments = new Set(
    program.comments
      .map(({ range }) => range[0])
      .filter((at) => source.startsLine(at))
      .map((at) => source.lineStart(at)),
  );
  const above = (node: Node): readonly string[] => {
    const lines: string[] = [];
    let start = source.lineStart(lineOf(node) ?? 0);
    while (start > 0 && comments.has(source.lineStart(start - 1))) {
      start = source.lineStart(start - 1);
      lines.unshift(source.line(start).trim());
    }
    return lines;
  };
  const at = (node: Node | undefined): Remarks =>
    node === undefined
      ? noRemarks
      : {
          above: () => above(node),
          entry: (key) => at(node.kind === 'table' ? node.entries.get(key) : undefined),
          item: (value) =>
            at(
              node.kind === 'array' && node.form === 'sections'
                ? node.items.find((item) => sameValue(nodeValue(item), value))
                : undefined,
            ),
        };
  return at(treeOf(program));
};
