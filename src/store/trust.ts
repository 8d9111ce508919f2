/** Remembers, outside every repository, which executable content of which main project this person trusts on this machine. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { LockstepError, messageOf } from '../domain/errors.ts';
import type { ExecutablePart } from '../domain/executable.ts';
import type { Ports } from '../ports.ts';

export const trustFormat = 1;

export interface TrustEntry {
  /** As `executableHash` gives it. */
  readonly hash: string;
  /** ISO 8601 UTC. */
  readonly time: string;
  /** What was trusted, kept to be compared with what comes later. */
  readonly parts: readonly ExecutablePart[];
}

/** `$XDG_STATE_HOME/lockstep/trust`, else below `~/.local/state`; undefined when neither variable is set. */
export const trustFolder = (env: Readonly<Record<string, string>>): string | undefined => {
  const given = env.XDG_STATE_HOME ?? '';
  // The XDG specification: a relative path is to be ignored.
  const base = given.startsWith('/') ? given : env.HOME ? join(env.HOME, '.local', 'state') : undefined;
  return base === undefined ? undefined : join(base, 'lockstep', 'trust');
};

/** One file for each main project: two that are trusted at once take nothing from each other. */
const fileFor = (folder: string, mainRoot: string): string =>
  join(folder, `${createHash('sha256').update(mainRoot).digest('hex').slice(0, 32)}.json`);

const isPart = (value: unknown): value is ExecutablePart => {
  const part = value as Partial<ExecutablePart> | null;
  return (
    typeof part === 'object' &&
    part !== null &&
    typeof part.name === 'string' &&
    Array.isArray(part.lines) &&
    part.lines.every((line) => typeof line === 'string')
  );
};

type Written = Partial<TrustEntry> & { readonly format?: unknown; readonly main?: unknown };

const unreadable = (path: string, why: string, cause?: unknown): LockstepError =>
  new LockstepError('trust-unreadable', `${path} ${why}`, {
    hint: 'remove it, then trust again: lockstep trust',
    cause,
  });

const parsed = (text: string, path: string): Written => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw unreadable(path, `cannot be read: ${messageOf(cause)}`, cause);
  }
  if (typeof value !== 'object' || value === null) throw unreadable(path, 'is not what Lockstep wrote');
  return value;
};

const read = ({ files }: Pick<Ports, 'files'>, path: string, mainRoot: string): TrustEntry | undefined => {
  if (files.stat(path) === undefined) return undefined;
  const { format, main, hash, time, parts } = parsed(files.readText(path), path);
  if (typeof format === 'number' && format > trustFormat) {
    const known = `this Lockstep knows up to ${trustFormat}`;
    throw new LockstepError('format-newer', `${path} has format ${format}; ${known}`, {
      hint: 'use the newer Lockstep that wrote it',
    });
  }
  const whole = typeof hash === 'string' && typeof time === 'string' && Array.isArray(parts) && parts.every(isPart);
  if (format !== trustFormat || main !== mainRoot || !whole) throw unreadable(path, 'is not what Lockstep wrote');
  return { hash, time, parts };
};

export interface TrustStore {
  /** undefined when nothing of the main project was ever trusted here. Throws `trust-unreadable`, `format-newer`. */
  find(mainRoot: string): TrustEntry | undefined;
  /** Throws `disk`. */
  keep(mainRoot: string, entry: TrustEntry): void;
}

/** Main projects are told apart by their real path: another checkout of the same project is trusted by itself. */
export const openTrust = (ports: Pick<Ports, 'files' | 'state'>, folder: string): TrustStore => ({
  find: (mainRoot) => read(ports, fileFor(folder, mainRoot), mainRoot),
  keep: (mainRoot, entry) =>
    ports.state.replace(
      fileFor(folder, mainRoot),
      `${JSON.stringify({ format: trustFormat, main: mainRoot, ...entry }, undefined, 2)}\n`,
    ),
});
