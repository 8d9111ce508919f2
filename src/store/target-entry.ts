/** A small versioned file of state for each target. A damaged one counts as none; a newer one is refused by name. */
import { join } from 'node:path';
import { LockstepError } from '../domain/errors.ts';
import type { Ports } from '../ports.ts';
import { fileNameOf } from './file-names.ts';

const format = 1;

/** Where the entry of a target lies in a folder of state. */
export const entryPath = (dir: string, target: string): string => join(dir, `${fileNameOf(target)}.json`);

/** What it says, not yet checked; undefined when there is none, or it is damaged. Throws `format-newer`. */
export const readEntry = (files: Ports['files'], path: string): Readonly<Record<string, unknown>> | undefined => {
  if (files.stat(path)?.kind !== 'file') return undefined;
  let entry: { readonly format?: unknown };
  try {
    entry = JSON.parse(files.readText(path)) ?? {};
  } catch {
    return undefined;
  }
  if (typeof entry.format === 'number' && entry.format > format) {
    throw new LockstepError('format-newer', `${path} has format ${entry.format}; this Lockstep reads up to ${format}`, {
      hint: 'update Lockstep here, or delete the file',
    });
  }
  return entry as Readonly<Record<string, unknown>>;
};

/** Throws `disk`. */
export const saveEntry = (state: Ports['state'], path: string, facts: object): void =>
  state.replace(path, `${JSON.stringify({ format, ...facts }, undefined, 2)}\n`);
