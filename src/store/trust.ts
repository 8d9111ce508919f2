/** Remembers, outside every repository, which executable content of which main project this person trusts on this machine. */
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

interface TrustFile {
  readonly format: number;
  readonly projects: Readonly<Record<string, TrustEntry>>;
}

/** `$XDG_STATE_HOME/lockstep/trust.json`, else below `~/.local/state`; undefined when neither variable is set. */
export const trustPath = (env: Readonly<Record<string, string>>): string | undefined => {
  const given = env.XDG_STATE_HOME ?? '';
  // The XDG specification: a relative path is to be ignored.
  const base = given.startsWith('/') ? given : env.HOME ? join(env.HOME, '.local', 'state') : undefined;
  return base === undefined ? undefined : join(base, 'lockstep', 'trust.json');
};

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

const isEntry = (value: unknown): value is TrustEntry => {
  const entry = value as Partial<TrustEntry> | null;
  return (
    typeof entry === 'object' &&
    entry !== null &&
    typeof entry.hash === 'string' &&
    typeof entry.time === 'string' &&
    Array.isArray(entry.parts) &&
    entry.parts.every(isPart)
  );
};

const read = ({ files }: Pick<Ports, 'files'>, path: string): TrustFile => {
  if (files.stat(path) === undefined) return { format: trustFormat, projects: {} };
  let value: unknown;
  try {
    value = JSON.parse(files.readText(path));
  } catch (cause) {
    throw new LockstepError('trust-unreadable', `${path} cannot be read: ${messageOf(cause)}`, {
      hint: `remove it, then trust again: lockstep trust`,
      cause,
    });
  }
  const file = value as Partial<TrustFile> | null;
  if (typeof file?.format === 'number' && file.format > trustFormat) {
    throw new LockstepError(
      'format-newer',
      `${path} has format ${file.format}; this Lockstep knows up to ${trustFormat}`,
      {
        hint: 'use the newer Lockstep that wrote it',
      },
    );
  }
  if (file?.format !== trustFormat || typeof file.projects !== 'object' || file.projects === null) {
    throw new LockstepError('trust-unreadable', `${path} is not what Lockstep wrote`, {
      hint: 'remove it, then trust again: lockstep trust',
    });
  }
  // One entry that somebody damaged counts as not trusted, and takes no other one along.
  const projects = Object.fromEntries(Object.entries(file.projects).filter(([, entry]) => isEntry(entry)));
  return { format: trustFormat, projects };
};

export interface TrustStore {
  /** undefined when nothing of the main project was ever trusted here. Throws `trust-unreadable`, `format-newer`. */
  find(mainRoot: string): TrustEntry | undefined;
  /** Throws what `find` throws, `disk`. */
  keep(mainRoot: string, entry: TrustEntry): void;
}

/** Main projects are told apart by their real path: another checkout of the same project is trusted by itself. */
export const openTrust = (ports: Pick<Ports, 'files' | 'state'>, path: string): TrustStore => ({
  find: (mainRoot) => {
    const { projects } = read(ports, path);
    return Object.hasOwn(projects, mainRoot) ? projects[mainRoot] : undefined;
  },
  keep: (mainRoot, entry) => {
    const { projects } = read(ports, path);
    ports.state.replace(
      path,
      `${JSON.stringify({ format: trustFormat, projects: { ...projects, [mainRoot]: entry } }, undefined, 2)}\n`,
    );
  },
});
