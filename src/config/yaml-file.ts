/** Reads one YAML file as plain values that remember where they stand; hostile input ends in a problem, at once. */
import {
  type Alias,
  Composer,
  type CST,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  type Pair,
  Parser,
} from 'yaml';
import { LockstepError } from '../domain/errors.ts';
import type { Files } from '../ports.ts';
import { type Problem, problemIn } from './problem.ts';

/** Bytes. Files that people write are a hundredth of it. */
const largest = 1 << 19;
/** Each level is recursion in the composer: unbounded, it ends the process rather than throwing. */
const deepest = 100;
/** Bounds time and memory of what is under a megabyte but made of nothing but syntax. */
const mostTokens = 50_000;
/** Values after aliases are followed. */
const mostValues = 50_000;
/** More than these are one mistake made often. */
const mostProblems = 200;

export type YamlPath = readonly (string | number)[];
/** [start, end) in UTF-16 units. */
export type Range = readonly [number, number];

export interface YamlFile {
  /** As people call it. */
  readonly file: string;
  readonly text: string;
  /** Plain values: objects, arrays, strings, numbers, booleans, null. */
  readonly value: unknown;
  /** Whether `value` is all that the file says: its syntax is right and no limit was met. */
  readonly readable: boolean;
  /** Problems of the YAML itself: syntax, limits, duplicate keys, aliases. */
  readonly problems: readonly Problem[];
  /** Where a value stands, or its key; the nearest parent for a path that is not there. */
  at(path: YamlPath, part?: 'key' | 'value'): Range;
  /** Where a part of a text value stands, by offsets in the value; the whole value when it is escaped or folded. */
  inside(path: YamlPath, range: Range): Range;
  problem(path: YamlPath, message: string, part?: 'key' | 'value'): Problem;
}

class Refused extends Error {
  readonly range: Range;
  constructor(message: string, range: Range) {
    super(message);
    this.range = range;
  }
}

const compose = (text: string): Document.Parsed[] => {
  const lines = new LineCounter();
  const parser = new Parser(lines.addNewLine);
  const tokens: CST.Token[] = [];
  let count = 0;
  for (const lexeme of new Lexer().lex(text)) {
    count += 1;
    if (count > mostTokens) {
      throw new Refused(`more than ${mostTokens} pieces of syntax: this is no file for people`, [
        parser.offset,
        parser.offset + 1,
      ]);
    }
    for (const token of parser.next(lexeme)) tokens.push(token);
    // A level of a block holds two tokens: the collection and its item.
    if (parser.stack.length > deepest * 2) {
      throw new Refused(`nested deeper than ${deepest} levels`, [parser.offset - 1, parser.offset]);
    }
  }
  for (const token of parser.end()) tokens.push(token);
  // Its own search for duplicate keys takes the square of their number; ours does not.
  const composer = new Composer({
    lineCounter: lines,
    uniqueKeys: false,
    prettyErrors: false,
    version: '1.2',
    schema: 'core',
  });
  return [...composer.compose(tokens, true, text.length)] as Document.Parsed[];
};

const rangeOf = (node: Node | null | undefined): Range | undefined =>
  node?.range ? [node.range[0], Math.max(node.range[1], node.range[0])] : undefined;

const keyText = (pair: Pair): string | undefined => {
  if (!isScalar(pair.key)) return undefined;
  const { value, source } = pair.key;
  return typeof value === 'string' ? value : (source ?? String(value));
};

/** Turns nodes into plain values, following aliases within a budget. */
const plain = (
  root: Node | null,
  complain: (message: string, range: Range) => void,
): { value: unknown; follow: (alias: Alias) => Node | undefined } => {
  const anchors = new Map<string, Node>();
  const followed = new Map<Alias, Node>();
  let values = 0;
  const convert = (node: Node | null | undefined, depth: number): unknown => {
    const range = rangeOf(node) ?? [0, 1];
    values += 1;
    if (values > mostValues) throw new Refused('its aliases expand to more than a person could have meant', range);
    if (depth > deepest)
      throw new Refused(`nested deeper than ${deepest} levels, or an alias inside its own anchor`, range);
    if (isAlias(node)) {
      const meant = anchors.get(node.source);
      if (meant === undefined) {
        complain(`no anchor \`&${node.source}\` stands before this alias`, range);
        return null;
      }
      followed.set(node, meant);
      return convert(meant, depth + 1);
    }
    if (node?.anchor !== undefined) anchors.set(node.anchor, node);
    if (isSeq(node)) return node.items.map((item) => convert(item as Node, depth + 1));
    if (!isMap(node)) return isScalar(node) ? node.value : null;
    const object: Record<string, unknown> = {};
    for (const pair of node.items) {
      const key = keyText(pair);
      const place = rangeOf(pair.key as Node) ?? range;
      if (key === undefined) complain('a key must be plain text', place);
      else if (key === '__proto__') complain('this key is refused', place);
      else if (Object.hasOwn(object, key)) complain(`duplicate key \`${key}\`: it is already given above`, place);
      else object[key] = convert(pair.value as Node | null, depth + 1);
    }
    return object;
  };
  return { value: convert(root, 0), follow: (alias) => followed.get(alias) };
};

const parsed = (text: string, file: string): YamlFile => {
  const source = { file, text };
  const problems: Problem[] = [];
  const complain = (message: string, range: Range): void => {
    if (problems.length < mostProblems) problems.push(problemIn(source, range, message));
  };
  let root: Node | null = null;
  let value: unknown;
  let readable = true;
  let follow: (alias: Alias) => Node | undefined = () => undefined;
  try {
    const documents = compose(text);
    for (const issue of documents.flatMap((document) => [...document.errors, ...document.warnings]).slice(0, 100)) {
      readable = false;
      complain(
        issue.code === 'TAG_RESOLVE_FAILED' ? `${issue.message}; tags have no meaning here` : issue.message,
        issue.pos,
      );
    }
    const second = documents[1];
    if (second !== undefined) readable = false;
    if (second !== undefined)
      complain('one document is expected, a second one starts here', [second.range[0], second.range[0] + 1]);
    root = documents[0]?.contents ?? null;
    ({ value, follow } = plain(root, complain));
  } catch (error) {
    readable = false;
    if (error instanceof Refused) complain(error.message, error.range);
    else if (error instanceof RangeError) complain('nested too deeply to be read', [0, 1]);
    else throw error;
  }

  const find = (path: YamlPath): { key: Range | undefined; value: Range; node: Node | null } => {
    let node = root;
    let found: { key: Range | undefined; value: Range; node: Node | null } = {
      key: undefined,
      value: startOf(root),
      node,
    };
    for (const segment of path) {
      while (isAlias(node)) node = follow(node) ?? null;
      const pair = isMap(node) ? node.items.find((item) => keyText(item) === String(segment)) : undefined;
      const next = (isSeq(node) ? node.items[Number(segment)] : pair?.value) as Node | null | undefined;
      const key = rangeOf(pair?.key as Node | undefined);
      if (pair === undefined && next === undefined) return found;
      node = next ?? null;
      found = { key, value: rangeOf(node) ?? key ?? found.value, node };
    }
    return found;
  };
  // The whole file is no useful place: its first key is.
  const startOf = (node: Node | null): Range => [rangeOf(node)?.[0] ?? 0, (rangeOf(node)?.[0] ?? 0) + 1];
  const at = (path: YamlPath, part: 'key' | 'value' = 'value'): Range => {
    const found = find(path);
    const range = part === 'key' ? (found.key ?? found.value) : found.value;
    return isMap(found.node) || isSeq(found.node)
      ? part === 'key' && found.key
        ? found.key
        : [range[0], range[0] + 1]
      : range;
  };
  const inside = (path: YamlPath, range: Range): Range => {
    const { node } = find(path);
    const whole = at(path);
    if (!isScalar(node) || typeof node.value !== 'string') return whole;
    const raw = text.slice(whole[0], whole[1]);
    const start = /^["']/.test(raw) ? 1 : 0;
    if (raw.slice(start, start + node.value.length) !== node.value) return whole;
    return [whole[0] + start + range[0], whole[0] + start + range[1]];
  };
  return {
    file,
    text,
    value,
    readable,
    problems,
    at,
    inside,
    problem: (path, message, part) => problemIn(source, at(path, part), message),
  };
};

/** What was parsed last: the configuration is read by several rooms of one command, one after the other. */
let last: YamlFile | undefined;

/** Parses text. Never throws: what is wrong stands in `problems`. */
export const parseYaml = (text: string, file: string): YamlFile => {
  if (last?.text !== text || last.file !== file) last = parsed(text, file);
  return last;
};

const tooLarge = (file: string, code: 'config-invalid' | 'pipeline-invalid' | 'registry-invalid'): LockstepError =>
  new LockstepError(code, `${file} is larger than 512 KiB: that is no file a person wrote`, {
    hint: `look at what is in ${file}`,
  });

/**
 * Reads and parses a file.
 * Throws the given code when it is no regular file, is larger than 512 KiB or not UTF-8; problems of its YAML are in the result.
 */
export const readYaml = (
  files: Files,
  path: string,
  {
    shownAs,
    code,
  }: { readonly shownAs: string; readonly code: 'config-invalid' | 'pipeline-invalid' | 'registry-invalid' },
): YamlFile => {
  const real = files.real(path);
  const stat = real === undefined ? undefined : files.stat(real);
  if (real === undefined || stat?.kind !== 'file') {
    throw new LockstepError(code, stat === undefined ? `${shownAs} is not there` : `${shownAs} is no file`, {
      hint: `looked for ${path}`,
    });
  }
  if (stat.size > largest) throw tooLarge(shownAs, code);
  const bytes = files.read(real);
  if (bytes.length > largest) throw tooLarge(shownAs, code);
  try {
    return parseYaml(new TextDecoder('utf-8', { fatal: true }).decode(bytes), shownAs);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new LockstepError(code, `${shownAs} is not UTF-8 text`, { hint: `save ${shownAs} as UTF-8`, cause: error });
  }
};
