/** Says what is wrong with an expression in the words of the person who wrote it, and where in it. */
import { type ASTNode, EvaluationError, ParseError, TypeError as TypeProblem } from '@marcbachmann/cel-js';
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

/** Names to choose from, for what the language only calls unknown. */
export interface Names {
  readonly variables: readonly string[];
  /** A method's name, and the type that it belongs to: null for a function of its own. */
  readonly methods: readonly { readonly name: string; readonly receiver: string | null }[];
  /** Keys of a variable. */
  readonly keys?: (variable: string) => readonly string[];
}

/** The nearest variable, or the one whose name was written out: `environment` for `env`. */
const variableSuggestion = (word: string, variables: readonly string[]): string => {
  const near = suggestion(word, variables);
  const full = variables.find((name) => name.length > 2 && word.toLowerCase().startsWith(name));
  return full === undefined || near.includes('did you mean') ? near : `; did you mean \`${full}\`?`;
};

const keyProblem = (message: string, node: ASTNode | undefined, names: Names): string => {
  const key = /^No such key: ([\s\S]*)$/.exec(message)?.[1] ?? '';
  const holder = node?.op === '.' || node?.op === '[]' ? node.args[0] : undefined;
  const variable = holder?.op === 'id' ? holder.args : undefined;
  const keys = variable === undefined ? [] : (names.keys?.(variable) ?? []);
  return `${variable === undefined ? 'there' : `\`${variable}\``} has no \`${short(key, 60)}\`${suggestion(key, keys)}`;
};

/** `list<string>` and `list<dyn>` are lists both. */
const family = (type: string): string => type.replace(/<.*$/s, '');

const callProblem = (summary: string, names: Names): string => {
  const call = /'(.*)'/s.exec(summary)?.[1] ?? '';
  const shown = short(call, 120).replace(/^(Target|Run|Changes)\./, (name) => name.toLowerCase());
  const [, receiver, method = ''] = /^(?:(.*)\.)?(\w+)\(/s.exec(call) ?? [];
  const fitting = names.methods.filter((known) =>
    receiver === undefined
      ? known.receiver === null
      : known.receiver !== null && (receiver === 'dyn' || family(known.receiver) === family(receiver)),
  );
  const words = [...new Set(fitting.map(({ name }) => name))];
  return words.includes(method)
    ? `\`${shown}\`: these are no values it takes`
    : `there is no \`${shown}\`${suggestion(method, words)}`;
};

const operatorProblem = (summary: string): string => {
  const what = summary.replace('no such overload: ', '');
  const [, left, operator, right] = /^(\S.*) (==|!=|<=?|>=?|in|[-+*/%]) (\S.*)$/.exec(what) ?? [];
  return operator === undefined
    ? `\`${what}\` means nothing`
    : `${left} and ${right} do not go together with \`${operator}\``;
};

const describe = (error: unknown, names: Names): string => {
  if (!(error instanceof EvaluationError || error instanceof ParseError || error instanceof TypeProblem)) {
    return error instanceof Error ? error.message : String(error);
  }
  const { code, summary } = error;
  if (code === 'no_such_key') return keyProblem(summary, error.node as ASTNode | undefined, names);
  if (code === 'unknown_variable') {
    const word = summary.replace('Unknown variable: ', '');
    return `there is no variable \`${short(word, 60)}\`${variableSuggestion(word, names.variables)}`;
  }
  if (code === 'no_matching_overload') return callProblem(summary, names);
  if (code === 'no_such_overload') return operatorProblem(short(summary, 200));
  if (code === 'invalid_macro_argument' && summary.startsWith('has()'))
    return '`has` takes names with dots alone, such as has(env.CI)';
  if (code === 'limit_exceeded') return 'it is larger or nested deeper than an expression may be';
  return short(summary, 200);
};

/** The method of a call, rather than all of the call. */
const methodRange = (error: unknown, source: string): ExpressionProblem['range'] | undefined => {
  if (!(error instanceof TypeProblem) || error.code !== 'no_matching_overload') return undefined;
  const node = error.node as ASTNode | undefined;
  if (node?.op !== 'rcall') return undefined;
  const [method, receiver] = node.args;
  const start = source.indexOf(method, receiver.end);
  return start === -1 ? undefined : [start, start + method.length];
};

const rangeOf = (error: unknown, source: string): ExpressionProblem['range'] => {
  const method = methodRange(error, source);
  if (method !== undefined) return method;
  const range = (error as { readonly range?: unknown } | undefined)?.range;
  const place = range as { readonly start: number; readonly end: number } | readonly [number, number] | undefined;
  if (place === undefined) return [0, source.length];
  return 'start' in place ? [place.start, place.end] : place;
};

/** A problem of any thrown value; expressions never let the language's own errors out. */
export const problemOf = (error: unknown, source: string, names: Names): ExpressionProblem => ({
  message: describe(error, names),
  range: rangeOf(error, source),
});

export const expressionInvalid = (source: string, problem: ExpressionProblem, cause?: unknown): LockstepError =>
  new LockstepError('expression-invalid', `${short(source, 120)}: ${short(problem.message, 300)}`, {
    hint: 'correct the expression, then run: lockstep validate',
    cause,
  });
