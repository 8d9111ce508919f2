/** Fills `${{ }}` templates: what an expression gives is put in as it is, one value, and never read as a template again. */
import { LockstepError } from '../domain/errors.ts';
import { type ExpressionProblem, expressionInvalid } from './expression-problems.ts';
import { evaluate, stepsReadBy, type TemplateVariables, templateExpressionFaults } from './expressions.ts';
import type { OutputsScope } from './step-outputs.ts';

interface Part {
  readonly kind: 'text' | 'expression';
  readonly text: string;
  /** Offset of `text` in the template. */
  readonly start: number;
}

const open = '${{';

/** The offset behind a quoted text that starts at `at`; a backslash takes the next letter with it, in raw text too, as the language's parser has it. */
const afterQuotes = (template: string, at: number): number => {
  const quote = template[at] ?? '';
  const mark = template.startsWith(quote.repeat(3), at) ? quote.repeat(3) : quote;
  let offset = at + mark.length;
  while (offset < template.length && !template.startsWith(mark, offset)) offset += template[offset] === '\\' ? 2 : 1;
  return offset + mark.length;
};

/** The offset of the `}}` that ends an expression; undefined when nothing does. */
const endOf = (template: string, start: number): number | undefined => {
  let depth = 0;
  for (let at = start; at < template.length; at += 1) {
    const letter = template[at];
    if (letter === '"' || letter === "'") at = afterQuotes(template, at) - 1;
    else if (letter === '{') depth += 1;
    else if (letter === '}' && depth > 0) depth -= 1;
    else if (letter === '}' && template[at + 1] === '}') return at;
  }
  return undefined;
};

/** The parts, and the offset of an expression that nothing ends. */
const partsOf = (template: string): { readonly parts: readonly Part[]; readonly unclosed?: number } => {
  const parts: Part[] = [];
  let at = 0;
  for (;;) {
    const next = template.indexOf(open, at);
    if (next === -1) return { parts: [...parts, { kind: 'text', text: template.slice(at), start: at }] };
    const start = next + open.length;
    const end = endOf(template, start);
    if (end === undefined) return { parts, unclosed: next };
    parts.push({ kind: 'text', text: template.slice(at, next), start: at });
    parts.push({ kind: 'expression', text: template.slice(start, end), start });
    at = end + 2;
  }
};

const unclosedMessage = `\`${open}\` is not closed by \`}}\``;

const asText = (value: unknown, source: string): string => {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  const kind = value === null ? 'nothing (null)' : Array.isArray(value) ? 'a list' : 'no plain value';
  throw new LockstepError('expression-invalid', `${source.trim()}: it gives ${kind}, where text is needed`, {
    hint: 'use one value of it, such as target.labels[0]',
  });
};

/** Fills every `${{ }}`. Throws `expression-invalid` for bad syntax, a missing key, or a value that is no text. */
export const fillTemplate = (template: string, variables: TemplateVariables): string => {
  const { parts, unclosed } = partsOf(template);
  if (unclosed !== undefined)
    throw expressionInvalid(template, { message: unclosedMessage, range: [unclosed, template.length] });
  return parts
    .map(({ kind, text }) => (kind === 'text' ? text : asText(evaluate(text.trim(), variables), text)))
    .join('');
};

/** The template with every expression as `given` answers for it. Throws `expression-invalid` for bad syntax. */
export const withExpressions = (template: string, given: (expression: string) => string): string => {
  const { parts, unclosed } = partsOf(template);
  if (unclosed !== undefined)
    throw expressionInvalid(template, { message: unclosedMessage, range: [unclosed, template.length] });
  return parts.map(({ kind, text }) => (kind === 'text' ? text : given(text.trim()))).join('');
};

/** The ids of the steps whose outputs a template reads. */
export const stepsReadIn = (template: string): readonly string[] =>
  partsOf(template).parts.flatMap(({ kind, text }) => (kind === 'expression' ? stepsReadBy(text.trim()) : []));

/** Whether a template reads `steps`: it can be filled only right before its step. */
export const readsOutputs = (template: string): boolean => stepsReadIn(template).length > 0;

/** Whether a text holds a template at all. */
export const isTemplate = (text: string): boolean => text.includes(open);

/** People write one or two; each takes time to check. */
const mostExpressions = 100;

/** What is wrong with a template, with places in it; empty when it can be filled as far as anybody knows before a run. */
export const templateFaults = (template: string, scope?: OutputsScope): readonly ExpressionProblem[] => {
  const { parts, unclosed } = partsOf(template);
  const expressions = parts.filter(({ kind }) => kind === 'expression');
  const faults = expressions.slice(0, mostExpressions).flatMap(({ text, start }) =>
    templateExpressionFaults(text, scope).map(({ message, range }) => ({
      message,
      range: [start + range[0], start + range[1]] as const,
    })),
  );
  const beyond = expressions[mostExpressions];
  const tooMany: readonly ExpressionProblem[] =
    beyond === undefined
      ? []
      : [{ message: `more than ${mostExpressions} expressions in one text`, range: [beyond.start, beyond.start + 1] }];
  const notClosed: readonly ExpressionProblem[] =
    unclosed === undefined ? [] : [{ message: unclosedMessage, range: [unclosed, unclosed + open.length] }];
  return [...faults, ...tooMany, ...notClosed];
};

/** The messages of what is wrong with a template. */
export const templateProblems = (template: string): string[] => templateFaults(template).map(({ message }) => message);
