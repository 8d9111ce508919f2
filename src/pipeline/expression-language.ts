/** The expression language as pipelines have it: CEL, checked before it runs, without the parts that can run away. */
import { type ASTNode, Environment } from '@marcbachmann/cel-js';
import { Refusal } from './expression-problems.ts';
import { refuseRunaways } from './expression-rules.ts';

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

export const newLanguage = (): Environment =>
  new Environment({ limits: { maxAstNodes: 300, maxDepth: 30, maxListElements: 100, maxMapEntries: 50 } });

export interface Compiled {
  /** What it gives: a CEL type, `dyn` when only a run tells. */
  readonly type: string;
  readonly ast: ASTNode;
  /** Throws the language's own errors. */
  readonly run: (context: Readonly<Record<string, unknown>>) => unknown;
}

/** Parses and type-checks; `refuse` looks at it in between. Throws the language's own errors, or a Refusal. */
export const compile = (language: Environment, source: string, refuse?: (ast: ASTNode) => void): Compiled => {
  refuseLong(source);
  if (source.trim() === '') throw new Refusal('it is empty', [0, source.length]);
  const parsed = language.parse(source);
  refuseRunaways(parsed.ast, language);
  refuse?.(parsed.ast);
  const { valid, type, error } = parsed.check();
  if (!valid) throw error;
  return { type: type ?? 'dyn', ast: parsed.ast, run: parsed };
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
