/** A problem of a file that a person wrote: where it is, what is wrong, and the line it stands on. */
import { type ErrorCode, LockstepError } from '../domain/errors.ts';
import { nearestName } from '../domain/nearest.ts';
import { defaultSecrets, isSecret } from '../domain/secrets.ts';

export interface Problem {
  /** As people call the file, relative to the main project. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units, as editors count. */
  readonly column: number;
  readonly message: string;
  /** The offending line and a caret under it; empty for a file that has no such line. */
  readonly excerpt: readonly string[];
}

/** More than this many are counted, not listed. */
const listed = 50;
/** Lines longer than this are cut around the caret. */
const lineWidth = 110;
/** How far from the caret a secret's key is looked for. */
const nearby = 500;

const dots = (text: string): string => '•'.repeat(text.length);

/** Passwords in URLs and values under secret-looking keys as dots, of the same length so that carets stay true. */
const masked = (text: string): string =>
  text
    .replace(/(:\/\/)([^\s/@"']+)(?=@)/g, (_all, lead: string, secret: string) => lead + dots(secret))
    .replace(/([\w.-]+)(["']?\s*[:=]\s*)([^\s,}\]]+)/g, (all, name: string, sign: string, value: string) =>
      isSecret(name.split('.'), defaultSecrets) ? name + sign + dots(value) : all,
    );

/** The line with a caret under the range, cut to what a terminal shows. Control characters become spaces. */
const excerptOf = (line: number, whole: string, column: number, length: number): string[] => {
  // Only what is near the caret is masked: a line may be a megabyte long.
  const near = Math.max(0, column - 1 - nearby);
  const text = whole.slice(0, near) + masked(whole.slice(near, column + nearby));
  const start = Math.max(0, Math.min(column - 1 - lineWidth / 2, text.length - lineWidth));
  const shown = text.slice(start, start + lineWidth).replace(/\p{Cc}/gu, ' ');
  const under = Math.max(1, Math.min(length, shown.length - (column - 1 - start)));
  const gutter = String(line);
  return [
    `  ${gutter} | ${shown}`,
    `  ${' '.repeat(gutter.length)} | ${' '.repeat(Math.max(0, column - 1 - start))}${'^'.repeat(under)}`,
  ];
};

/** Text cut to one readable line: messages may quote what a hostile file holds. */
export const short = (text: string, most = 200): string => {
  const line = text
    .replace(/(:\/\/)[^\s/@"']+(?=@)/g, '$1•••')
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim();
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
};

const lineStartOf = (text: string, at: number): number => (at === 0 ? 0 : text.lastIndexOf('\n', at - 1) + 1);

/** Past the last line that says something there is nothing to show: the place right behind that line's end is meant. */
const nearText = (text: string, offset: number): number => {
  const start = Math.max(0, Math.min(offset, text.length));
  const blank = text.slice(lineStartOf(text, start)).trim() === '';
  return blank ? text.trimEnd().length : start;
};

/** A problem at an offset of a text. `range` is [start, end) in UTF-16 units. */
export const problemIn = (
  source: { readonly file: string; readonly text: string },
  range: readonly [number, number],
  message: string,
): Problem => {
  const start = nearText(source.text, range[0]);
  const lineStart = lineStartOf(source.text, start);
  const lineEnd = source.text.indexOf('\n', start);
  const text = source.text.slice(lineStart, lineEnd === -1 ? undefined : lineEnd).replace(/\r$/, '');
  const line = countLines(source.text, lineStart);
  const column = start - lineStart + 1;
  return {
    file: source.file,
    line,
    column,
    message: short(message, 400),
    excerpt: excerptOf(line, text, column, range[1] - start),
  };
};

const countLines = (text: string, until: number): number => {
  let count = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < until; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
};

/** `file:line:column: message`, then the line and its caret. */
export const renderProblem = (problem: Problem): readonly string[] => [
  `${problem.file}:${problem.line}:${problem.column}: ${problem.message}`,
  ...problem.excerpt,
];

const inOrder = (problems: readonly Problem[]): Problem[] =>
  [...problems].sort((a, b) => a.file.localeCompare(b.file) || a.line - b.line || a.column - b.column);

/** One error that shows every problem, in the order of the file. */
export const problemsError = (code: ErrorCode, problems: readonly Problem[]): LockstepError => {
  const ordered = inOrder(problems);
  const files = [...new Set(ordered.map((problem) => problem.file))].join(', ');
  const count = ordered.length === 1 ? '1 problem' : `${ordered.length} problems`;
  const more = ordered.length - listed;
  return new LockstepError(code, `${count} in ${files}`, {
    hint: 'nothing was started; correct the lines shown and run the same command again',
    details: [...ordered.slice(0, listed).flatMap(renderProblem), ...(more > 0 ? [`and ${more} more`] : [])],
  });
};

/** Throws all problems as one error; does nothing when there are none. */
export const throwProblems = (code: ErrorCode, problems: readonly Problem[]): void => {
  if (problems.length > 0) throw problemsError(code, problems);
};

/** `; did you mean x?`, or what there is to choose from, or nothing. */
export const suggestion = (word: string, candidates: Iterable<string>): string => {
  const names = [...candidates];
  const near = nearestName(word, names);
  if (near !== undefined) return `; did you mean \`${near}\`?`;
  return names.length > 0 && names.length <= 20 ? `; known here: ${names.join(', ')}` : '';
};
