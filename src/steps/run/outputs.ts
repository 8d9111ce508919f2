/** Reads the one JSON object that a program with `outputs: json` prints, and nothing else. */
import { LockstepError } from '../../domain/errors.ts';
import { mistakeOffset } from '../../store/json-position.ts';

/** Bytes. */
export const mostOutput = 1 << 20;
const deepest = 64;
const shownLength = 32;

const invalid = (id: string, why: string): LockstepError =>
  new LockstepError('step-failed', `${id} did not print one JSON object: ${why}`, {
    hint: 'with `outputs: json`, standard output is for the object alone; everything else goes to standard error',
  });

const tooDeep = (text: string): boolean => {
  let depth = 0;
  let inText = false;
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at];
    if (inText && letter === '\\') at += 1;
    else if (letter === '"') inText = !inText;
    else if (inText) continue;
    else if (letter === '{' || letter === '[') depth += 1;
    else if (letter === '}' || letter === ']') depth -= 1;
    if (depth > deepest) return true;
  }
  return false;
};

const decoded = (id: string, stdout: Buffer): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(stdout);
  } catch {
    throw invalid(id, 'what it printed is not UTF-8');
  }
};

/** @param show masks secrets in what is quoted of it. Throws `step-failed`, naming the step and the first that is wrong. */
export const readOutputs = (
  id: string,
  stdout: Buffer,
  show: (text: string) => string,
): Readonly<Record<string, unknown>> => {
  if (stdout.length > mostOutput) throw invalid(id, `it printed ${stdout.length} bytes; 1 MB is the most`);
  const text = decoded(id, stdout);
  if (text.trim() === '') throw invalid(id, 'it printed nothing');
  if (tooDeep(text)) throw invalid(id, `it is nested more than ${deepest} deep`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    const offset = mistakeOffset(text);
    const at = Buffer.byteLength(text.slice(0, offset));
    // Masked as a whole: a secret that is cut in two would not be known for one.
    const from = show(text.slice(0, offset)).length;
    const rest = JSON.stringify(show(text).slice(from, from + shownLength));
    throw invalid(id, offset >= text.trimEnd().length ? 'it ends too early' : `byte ${at} is wrong: ${rest}`);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw invalid(id, `it is ${value === null ? 'null' : Array.isArray(value) ? 'a list' : `a ${typeof value}`}`);
};
