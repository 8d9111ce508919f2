/** Trouble of the file system as an error that names the path once, says why in words, and what to type next. */
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { LockstepError, messageOf } from '../domain/errors.ts';

const again = 'then run the command again';
const noRight = (place: string): string => `ls -ld ${place} shows whose it is; give yourself the right to it, ${again}`;

const advice: Readonly<Record<string, (place: string) => string>> = {
  EACCES: noRight,
  EPERM: noRight,
  EROFS: (place) => `mount what holds ${place} for writing, ${again}`,
  ENOSPC: (place) => `df -h ${place} shows how full it is; make room, ${again}`,
  EDQUOT: (place) => `quota shows how much you may store; make room for ${place}, ${again}`,
};

/** What may not be entered is not seen either: then it is the folder above that matters. */
const nearestThere = (path: string): string =>
  existsSync(path) || dirname(path) === path ? path : nearestThere(dirname(path));

/** What a transaction staged is gone by the time that somebody reads of it. */
const lasting = (path: string): string => path.replace(/\/\.lockstep\/txn-.*$/s, '');

/** In words: `permission denied (EACCES)` of Node's `EACCES: permission denied, open '/the/path'`: the path is named already. */
export const reasonOf = (cause: unknown): string => {
  const [, code, text] = /^([A-Z][A-Z0-9]+): (.+), [a-z]+(?: '|$)/s.exec(messageOf(cause)) ?? [];
  return code === undefined || text === undefined ? messageOf(cause) : `${text} (${code})`;
};

export interface DiskTrouble {
  /** What could not be done, with the path in it. */
  readonly problem: string;
  /** What the hint is about, or something below it: for writing, the folder. */
  readonly path: string;
  readonly cause: unknown;
  /** `disk` when left out. */
  readonly code?: 'disk' | 'object-missing';
}

/** The error that says it; without a hint when the cause is none that a person can mend from here. */
export const diskError = ({ problem, path, cause, code = 'disk' }: DiskTrouble): LockstepError => {
  const errno = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const hint = advice[errno]?.(nearestThere(lasting(path)));
  return new LockstepError(code, `${problem}: ${reasonOf(cause)}`, { cause, ...(hint === undefined ? {} : { hint }) });
};
