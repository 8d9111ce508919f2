/** The expression language as pipelines have it: CEL, checked before it runs, without the parts that can run away. */
import { type ASTNode, Environment, EvaluationError, ParseError, TypeError as TypeProblem } from '@marcbachmann/cel-js';
import { short, suggestion } from '../config/problem.ts';
import { LockstepError } from '../domain/errors.ts';

/** What is wrong with an expression, and where in it: [start, end) in UTF-16 units. */
export interface ExpressionProblem {
  readonly message: string;
  readonly range: readonly [number, number];
}

/** A part of an expression that is refused, at its place. */
export class Refusal extends Error {
  readonly range: readonly [number, number];
  constructor(message: string, range: readonly [number, number]) {
    super(message);
    this.range = range;
  }
}

/** UTF-16 units. People write a twentieth of it. */
const longest = 2000;

/** Throws a Refusal for what nobody wrote by hand. */
export const refuseLong = (source: string): void => {
  if (source.length > longest) throw new Refusal(`it is longer than ${longest} characters`, [0, longest]);
};
/** Elements of one list that expressions look at. */
const mostElements = 1000;
/** Values of all variables together, and how deep they nest. */
const mostValues = 20_000;
const deepest = 20;

/** Methods that take time or space beyond the size of what they are given, and what to do instead. */
const refused: Readonly<Record<string, string>> = {
  matches: 'a regular expression can run for hours; use startsWith, endsWith or contains',
  split: 'use startsWith, endsWith or contains',
  join: 'write the parts with +',
  map: 'use exists, all or filter',
  bind: 'write the value where it is used',
  json: 'expressions read no JSON',
};

const comprehensions: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one', 'filter']);

export const newLanguage = (): Environment =>
  new Environment({ limits: { maxAstNodes: 300, maxDepth: 30, maxListElements: 100, maxMapEntries: 50 } });

const isNode = (value: unknown): value is ASTNode => typeof value === 'object' && value !== null && 'op' in value;

/** Refuses what the language can do and a pipeline must not: parse limits do not bound the time that these take. */
const refuseRunaways = (node: unknown, inside: boolean): void => {
  if (Array.isArray(node)) {
    for (const part of node) refuseRunaways(part, inside);
    return;
  }
  if (!isNode(node)) return;
  let within = inside;
  if (node.op === 'rcall' || node.op === 'call') {
    const [name] = node.args;
    const why = Object.hasOwn(refused, name) ? refused[name] : undefined;
    if (why !== undefined) throw new Refusal(`\`${name}\` is refused here: ${why}`, [node.start, node.end]);
    if (node.op === 'rcall' && comprehensions.has(name)) {
      if (inside)
        throw new Refusal(`\`${name}\` inside another one is refused: the work multiplies`, [node.start, node.end]);
      within = true;
    }
  }
  refuseRunaways(node.args, within);
};

/** Names to choose from, for what the language only calls unknown. */
export interface Names {
  readonly variables: readonly string[];
  readonly methods: readonly string[];
  /** Keys of a variable. */
  readonly keys?: (variable: string) => readonly string[];
}

const keyProblem = (message: string, node: ASTNode | undefined, names: Names): string => {
  const key = /^No such key: ([\s\S]*)$/.exec(message)?.[1] ?? '';
  const holder = node?.op === '.' || node?.op === '[]' ? node.args[0] : undefined;
  const variable = holder?.op === 'id' ? holder.args : undefined;
  const keys = variable === undefined ? [] : (names.keys?.(variable) ?? []);
  return `${variable === undefined ? 'there' : `\`${variable}\``} has no \`${short(key, 60)}\`${suggestion(key, keys)}`;
};

const describe = (error: unknown, names: Names): string => {
  if (!(error instanceof EvaluationError || error instanceof ParseError || error instanceof TypeProblem)) {
    return error instanceof Error ? error.message : String(error);
  }
  const { code, summary } = error;
  if (code === 'no_such_key') return keyProblem(summary, error.node as ASTNode | undefined, names);
  if (code === 'unknown_variable') {
    const word = summary.replace('Unknown variable: ', '');
    return `there is no variable \`${short(word, 60)}\`${suggestion(word, names.variables)}`;
  }
  if (code === 'no_matching_overload') {
    const call = /'(.*)'/s.exec(summary)?.[1] ?? '';
    const method = /(\w+)\(/.exec(call)?.[1] ?? '';
    const known = names.methods.includes(method);
    return known
      ? `\`${call}\`: these are no values it takes`
      : `there is no \`${call}\`${suggestion(method, names.methods)}`;
  }
  if (code === 'limit_exceeded') return 'it is larger or nested deeper than an expression may be';
  return short(summary, 200);
};

/** A problem of any thrown value; expressions never let the language's own errors out. */
export const problemOf = (error: unknown, source: string, names: Names): ExpressionProblem => {
  const range = (error as { readonly range?: unknown }).range;
  const place = range as { readonly start: number; readonly end: number } | readonly [number, number] | undefined;
  if (place === undefined) return { message: describe(error, names), range: [0, source.length] };
  const [start, end] = 'start' in place ? [place.start, place.end] : place;
  return { message: describe(error, names), range: [start, end] };
};

export const expressionInvalid = (source: string, problem: ExpressionProblem, cause?: unknown): LockstepError =>
  new LockstepError('expression-invalid', `${short(source, 120)}: ${short(problem.message, 300)}`, {
    hint: 'correct the expression, then run: lockstep validate',
    cause,
  });

export interface Compiled {
  /** What it gives: a CEL type, `dyn` when only a run tells. */
  readonly type: string;
  /** Throws the language's own errors. */
  readonly run: (context: Readonly<Record<string, unknown>>) => unknown;
}

/** Parses and type-checks. Throws the language's own errors, or a Refusal. */
export const compile = (language: Environment, source: string): Compiled => {
  refuseLong(source);
  if (source.trim() === '') throw new Refusal('it is empty', [0, source.length]);
  const parsed = language.parse(source);
  refuseRunaways(parsed.ast, false);
  const { valid, type, error } = parsed.check();
  if (!valid) throw error;
  return { type: type ?? 'dyn', run: parsed };
};

/**
 * A value as the language takes it: whole numbers as ints, maps without a prototype, nothing that can be called.
 * Throws a Refusal for values that are too many or nested too deep.
 */
export const toLanguage = (root: unknown): unknown => {
  let count = 0;
  const convert = (value: unknown, depth: number): unknown => {
    count += 1;
    if (count > mostValues || depth > deepest)
      throw new Refusal('the variables hold more than an expression looks at', [0, 0]);
    if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
    if (Array.isArray(value)) {
      if (value.length > mostElements) throw new Refusal(`a list has more than ${mostElements} elements`, [0, 0]);
      return value.map((element) => convert(element, depth + 1));
    }
    if (typeof value === 'function' || typeof value === 'symbol' || value === undefined) return null;
    if (typeof value !== 'object' || value === null) return value;
    const map: Record<string, unknown> = Object.create(null);
    for (const [key, entry] of Object.entries(value)) {
      if (entry !== undefined && typeof entry !== 'function') map[key] = convert(entry, depth + 1);
    }
    return map;
  };
  return convert(root, 0);
};

/** A result as the rest of the house takes it: ints as numbers where a number holds them exactly. */
export const fromLanguage = (value: unknown): unknown => {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (Array.isArray(value)) return value.map(fromLanguage);
  if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === null) {
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, fromLanguage(entry)]));
  }
  return value;
};
