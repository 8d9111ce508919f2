/** What a run would execute on this machine, as text that a person can read, and the one hash that stands for all of it. */
import { createHash } from 'node:crypto';
import { diffArrays } from 'diff';

/** One thing that is executed: a command of a pipeline, a script, a build backend. */
export interface ExecutablePart {
  /** Says what it is and where it is written, such as `pipeline comfyui, step nodes`. */
  readonly name: string;
  readonly lines: readonly string[];
}

/** sha256 of all parts, whatever their order; hexadecimal. */
export const executableHash = (parts: readonly ExecutablePart[]): string => {
  const sorted = parts
    .map(({ name, lines }) => JSON.stringify([name, ...lines]))
    .sort((a, b) => Number(a > b) - Number(a < b));
  return createHash('sha256')
    .update(`lockstep executable 1\n${sorted.join('\n')}`)
    .digest('hex');
};

export interface PartChange {
  readonly name: string;
  readonly sign: '+' | '-' | '~';
  /** Only the lines that came or went, in their order. */
  readonly lines: readonly { readonly sign: '+' | '-'; readonly text: string }[];
}

const signed = (sign: '+' | '-', lines: readonly string[]): PartChange['lines'] =>
  lines.map((text) => ({ sign, text }));

const changedLines = (before: readonly string[], after: readonly string[]): PartChange['lines'] =>
  diffArrays([...before], [...after]).flatMap(({ added, removed, value }) =>
    added ? signed('+', value) : removed ? signed('-', value) : [],
  );

/** The parts that differ, by name; empty when the hashes are equal. */
export const compareParts = (
  before: readonly ExecutablePart[],
  after: readonly ExecutablePart[],
): readonly PartChange[] => {
  const old = new Map(before.map((part) => [part.name, part.lines]));
  const now = new Map(after.map((part) => [part.name, part.lines]));
  return [...new Set([...old.keys(), ...now.keys()])].sort().flatMap((name): PartChange[] => {
    const [was, is] = [old.get(name), now.get(name)];
    if (was === undefined) return [{ name, sign: '+', lines: signed('+', is ?? []) }];
    if (is === undefined) return [{ name, sign: '-', lines: signed('-', was) }];
    const lines = changedLines(was, is);
    return lines.length === 0 ? [] : [{ name, sign: '~', lines }];
  });
};
