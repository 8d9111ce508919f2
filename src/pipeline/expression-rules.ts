/** Refuses what the language can do and an expression must not: run away, hide a mistake until a run, name what there is not. */
import type { ASTNode, Environment } from '@marcbachmann/cel-js';
import { short, suggestion } from '../config/problem.ts';
import { type ExpressionProblem, type Names, problemOf, Refusal } from './expression-problems.ts';

/** Methods that take time or space beyond the size of what they are given, or switch checking off, and what to do instead. */
export const refused: Readonly<Record<string, string>> = {
  matches: 'a regular expression can run for hours; use startsWith, endsWith or contains',
  split: 'use startsWith, endsWith or contains',
  join: 'write the parts with +',
  map: 'use exists, all or filter',
  bind: 'write the value where it is used',
  json: 'expressions read no JSON',
  dyn: 'it would hide a mistake until the run',
};

const comprehensions: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one', 'filter']);

const isNode = (value: unknown): value is ASTNode => typeof value === 'object' && value !== null && 'op' in value;

/** The nodes right below one. */
export const childrenOf = (node: ASTNode): readonly ASTNode[] => {
  const nodes = (value: unknown): readonly ASTNode[] =>
    isNode(value) ? [value] : Array.isArray(value) ? value.flatMap(nodes) : [];
  return nodes(node.args);
};

/** Where a node stands: [start, end). */
export const placeOf = ({ start, end }: ASTNode): readonly [number, number] => [start, end];

/** Parse limits bound the size of an expression, not the time that it takes. Throws a Refusal. */
export const refuseRunaways = (node: ASTNode, language: Environment, inside = ''): void => {
  let within = inside;
  if (node.op === 'rcall' || node.op === 'call') {
    const [name] = node.args;
    const why = Object.hasOwn(refused, name) ? refused[name] : undefined;
    if (why !== undefined) throw new Refusal(`\`${name}\` is refused here: ${why}`, placeOf(node));
    if (node.op === 'rcall' && comprehensions.has(name)) {
      if (inside !== '')
        throw new Refusal(`\`${name}\` inside another one is refused: the work multiplies`, placeOf(node));
      const [element] = node.args[2];
      if (element?.op === 'id' && language.hasVariable(element.args))
        throw new Refusal(
          `\`${element.args}\` is a variable already: call the element something else`,
          placeOf(element),
        );
      within = name;
    }
  }
  for (const child of childrenOf(node)) refuseRunaways(child, language, within);
};

/** The variable that `a.b.c` starts at. */
const rootOf = (node: ASTNode): string | undefined => {
  if (node.op === 'id') return node.args;
  return node.op === '.' ? rootOf(node.args[0]) : undefined;
};

export interface LanguageNames {
  readonly language: Environment;
  readonly names: Names;
}

/** The language does not look into `has(…)`, nor at a name that is computed: both would tell a wrong name in a run only. Throws a Refusal. */
export const refuseHidden = (node: ASTNode, source: string, { language, names }: LanguageNames): void => {
  if (node.op === 'call' && node.args[0] === 'has') {
    const [asked] = node.args[1];
    const root = asked === undefined ? undefined : rootOf(asked);
    if (asked !== undefined && root !== undefined && language.hasVariable(root)) {
      const text = source.slice(asked.start, asked.end);
      const { error } = language.check(text);
      if (error !== undefined) {
        const { message, range } = problemOf(error, text, names);
        throw new Refusal(message, [asked.start + range[0], asked.start + range[1]]);
      }
    }
  }
  if (node.op === '[]') {
    const [holder, key] = node.args;
    const keys = holder.op === 'id' ? (names.keys?.(holder.args) ?? []) : [];
    if (keys.length > 0 && !(key.op === 'value' && typeof key.args === 'string'))
      throw new Refusal(`write the name itself${suggestion('', keys)}`, placeOf(key));
  }
  for (const child of childrenOf(node)) refuseHidden(child, source, { language, names });
};

/** What the text that a method of a variable is called with must be one of. */
export interface TextRule {
  readonly variable: string;
  readonly method: string;
  /** What such a text names, such as `component`. */
  readonly what: string;
  readonly known: readonly string[];
}

/** Every call with a text that names nothing. */
export const unknownTexts = (node: ASTNode, rules: readonly TextRule[]): readonly ExpressionProblem[] => {
  const below = childrenOf(node).flatMap((child) => unknownTexts(child, rules));
  if (node.op !== 'rcall') return below;
  const [method, receiver, [text]] = node.args;
  const rule = rules.find((one) => receiver.op === 'id' && one.variable === receiver.args && one.method === method);
  if (rule === undefined || text?.op !== 'value' || typeof text.args !== 'string' || rule.known.includes(text.args))
    return below;
  const message = `there is no ${rule.what} named \`${short(text.args, 60)}\`${suggestion(text.args, rule.known)}`;
  return [{ message, range: placeOf(text) }, ...below];
};

/** What a text that a key of a variable is compared with must be one of. */
export interface WordRule {
  readonly variable: string;
  readonly key: string;
  /** What such a text names, such as `status`. */
  readonly what: string;
  readonly known: readonly string[];
}

const textsOf = (node: ASTNode): readonly ASTNode[] => {
  if (node.op === 'list') return node.args.flatMap(textsOf);
  return node.op === 'value' && typeof node.args === 'string' ? [node] : [];
};

const isKeyOf = (node: ASTNode, { variable, key }: WordRule): boolean =>
  node.op === '.' && node.args[1] === key && node.args[0].op === 'id' && node.args[0].args === variable;

/** Every comparison, by ==, != or in, with a text that the key never is: such a condition would never change its mind. */
export const unknownWords = (node: ASTNode, rules: readonly WordRule[]): readonly ExpressionProblem[] => {
  const below = childrenOf(node).flatMap((child) => unknownWords(child, rules));
  if (node.op !== '==' && node.op !== '!=' && node.op !== 'in') return below;
  const [left, right] = node.args;
  const compared = [[left, right] as const, ...(node.op === 'in' ? [] : [[right, left] as const])];
  return compared
    .flatMap(([side, other]) => {
      const rule = rules.find((one) => isKeyOf(side, one));
      const wrong = rule === undefined ? [] : textsOf(other).filter(({ args }) => !rule.known.includes(String(args)));
      return wrong.map((text) => ({
        message: `there is no ${rule?.what} \`${short(String(text.args), 60)}\`${suggestion(String(text.args), rule?.known.filter((word) => word !== '') ?? [])}`,
        range: placeOf(text),
      }));
    })
    .concat(below);
};
