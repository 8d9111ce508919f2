/** One lock file: created whole, taken over only from an owner that is certainly dead, by one contender at a time. */
import { createHash } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { LockstepError } from '../domain/errors.ts';
import type { Owner, Ports, Tree } from '../ports.ts';
import { endGroups } from './lock-groups.ts';
import { lockstepFolder } from './receipts.ts';

export type LockPorts = Pick<Ports, 'files' | 'openTree' | 'state' | 'identity' | 'clock' | 'groups'>;

/** What the first line of a lock file says; each further line is about a process group that its owner started. */
export interface LockFacts extends Owner {
  readonly format: 1;
  /** Makes every taking of a lock another one. */
  readonly nonce: string;
  /** ISO 8601 UTC. */
  readonly time: string;
  readonly what: string;
}

export interface LockFile {
  readonly path: string;
  /** The folder that the lock lies in is made for it, and goes with it. */
  readonly ownFolder: boolean;
  readonly tree: Tree;
}

export type Holder = { readonly facts: LockFacts | undefined; readonly text: string };

export type Attempt = { readonly held: true } | { readonly held: false; readonly by: Holder | undefined };

const codeOf = (error: unknown): unknown => {
  const cause = error instanceof LockstepError ? error.cause : error;
  return cause instanceof Error && 'code' in cause ? cause.code : undefined;
};

const causedBy = (error: unknown, codes: readonly string[]): boolean => codes.includes(String(codeOf(error)));

const parseFacts = (text: string): LockFacts | undefined => {
  try {
    const facts: unknown = JSON.parse(text.split('\n', 1)[0] ?? '');
    const known = facts !== null && typeof facts === 'object' && 'format' in facts && facts.format === 1;
    return known && 'pid' in facts && typeof facts.pid === 'number' ? (facts as LockFacts) : undefined;
  } catch {
    // Half written, on a file system without hard links, or not ours: its owner cannot be told.
    return undefined;
  }
};

/** Who holds a lock; undefined when nobody does. */
export const readHolder = ({ files }: Pick<LockPorts, 'files'>, path: string): Holder | undefined => {
  if (files.stat(path) === undefined) return undefined;
  try {
    const text = files.readText(path);
    return { text, facts: parseFacts(text) };
  } catch (error) {
    // Released between the look and the reading.
    if (causedBy(error, ['ENOENT'])) return undefined;
    throw error;
  }
};

/** Opens the place of a lock file. Throws `target-missing` when the folder that it belongs to is not there. */
export const openLockFile = (ports: LockPorts, path: string): LockFile => {
  const folder = dirname(path);
  const ownFolder = basename(folder) === lockstepFolder;
  if (!ownFolder) ports.state.makeDir(folder);
  const base = ports.files.real(dirname(folder));
  if (base === undefined) {
    throw new LockstepError('target-missing', `${dirname(folder)} is not there, so it cannot be locked`, {
      hint: 'lockstep target list shows where each target is expected',
    });
  }
  return {
    path: join(base, basename(folder), basename(path)),
    ownFolder,
    tree: ports.openTree({ roots: [base] }),
  };
};

const makeFolder = ({ files }: LockPorts, { path, tree }: LockFile): void => {
  const folder = dirname(path);
  try {
    tree.mkdir(folder, 0o755);
  } catch (error) {
    if (!causedBy(error, ['EEXIST'])) throw error;
    const kind = files.stat(folder)?.kind ?? 'dir';
    if (kind === 'dir') return;
    throw new LockstepError('path-refused', `${folder} is not a folder but a ${kind}: no lock is put there`, {
      hint: `remove ${folder}: it is Lockstep's own place`,
    });
  }
};

const dropFile = (tree: Tree, path: string): void => {
  try {
    tree.unlink(path);
  } catch (error) {
    if (!causedBy(error, ['ENOENT'])) throw error;
  }
};

const temporaryOf = (path: string, facts: LockFacts): string => `${path}.${facts.pid}.${facts.nonce}.tmp`;

/** Creates the file with its content in one step; false when it is there. */
const createWhole = (ports: LockPorts, { path, tree }: LockFile, facts: LockFacts): boolean => {
  const text = JSON.stringify(facts);
  const temporary = temporaryOf(path, facts);
  tree.write(temporary, Buffer.from(text), 0o600);
  try {
    // Flushed, so that a lost power supply never leaves a lock that names nobody.
    tree.flush([temporary]);
    return tree.link(temporary, path) || ports.state.createExclusive(path, text);
  } catch (error) {
    if (causedBy(error, ['EEXIST'])) return false;
    throw error;
  } finally {
    dropFile(tree, temporary);
  }
};

const replaceWhole = ({ path, tree }: LockFile, facts: LockFacts): void => {
  const temporary = temporaryOf(path, facts);
  tree.write(temporary, Buffer.from(JSON.stringify(facts)), 0o600);
  tree.flush([temporary]);
  tree.rename(temporary, path);
};

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

/** Throws `locked` when something that the dead owner started goes on and cannot be ended. */
const endStarted = ({ identity }: LockPorts, path: string, { facts, text }: Holder): void => {
  const left = facts === undefined ? undefined : endGroups(identity, facts, text);
  if (left === undefined) return;
  throw new LockstepError('locked', `a process that a killed run started goes on and cannot be ended: ${left.pid}`, {
    hint: `end it (kill -9 -- -${left.pid}), then run the same command again`,
    details: [`lock: ${path}`, `held by process ${facts?.pid}, which is gone: ${facts?.what}`],
  });
};

/**
 * Replaces a dead owner's lock. While `<lock>.takeover-<digest of the dead lock>` is held, nobody else may replace that
 * very lock, and every lock's text is unique: so looking once more under it and renaming over it cannot hit a live one.
 */
const takeOver = (ports: LockPorts, file: LockFile, facts: LockFacts, dead: Holder): boolean => {
  const right: LockFile = { ...file, path: `${file.path}.takeover-${digest(dead.text)}` };
  if (!attemptOne(ports, right, { ...facts, nonce: `${facts.nonce}t` }).held) return false;
  try {
    if (readHolder(ports, file.path)?.text !== dead.text) return false;
    endStarted(ports, file.path, dead);
    replaceWhole(file, facts);
    return true;
  } finally {
    dropFile(right.tree, right.path);
  }
};

/** Removes what killed contenders left beside a lock that this process holds. */
const sweep = (ports: LockPorts, { path, tree }: LockFile): void => {
  const folder = dirname(path);
  const self = ports.identity.self();
  for (const name of ports.files.list(folder)) {
    if (!name.startsWith(`${basename(path)}.`)) continue;
    const pid = /\.(\d+)\.[0-9a-z]+\.tmp$/.exec(name)?.[1];
    const over =
      pid === undefined
        ? name.includes('.takeover-')
        : ports.identity.alive({ ...self, pid: Number(pid), startTime: null }) === 'dead';
    if (over) dropFile(tree, join(folder, name));
  }
};

/** Tries once, without waiting. Throws `disk` and `path-refused`. */
export const attemptOne = (ports: LockPorts, file: LockFile, facts: LockFacts): Attempt => {
  makeFolder(ports, file);
  try {
    if (createWhole(ports, file, facts)) return { held: true };
  } catch (error) {
    // Another one's release took the folder away between making and using it.
    if (causedBy(error, ['ENOENT'])) return { held: false, by: undefined };
    throw error;
  }
  const by = readHolder(ports, file.path);
  if (by?.facts === undefined || ports.identity.alive(by.facts) !== 'dead') return { held: false, by };
  if (!takeOver(ports, file, facts, by)) return { held: false, by: readHolder(ports, file.path) };
  sweep(ports, file);
  return { held: true };
};

/** Gives a held lock back; one that is no longer this taking's own is left alone. */
export const release = (ports: LockPorts, file: LockFile, nonce: string): void => {
  if (readHolder(ports, file.path)?.facts?.nonce !== nonce) return;
  sweep(ports, file);
  dropFile(file.tree, file.path);
  if (!file.ownFolder) return;
  try {
    file.tree.rmdir(dirname(file.path));
  } catch (error) {
    if (!causedBy(error, ['ENOTEMPTY', 'EEXIST', 'ENOENT'])) throw error;
  }
};

/** The refusal that tells who holds a lock, since when, and what to do. */
export const lockedError = (path: string, by: Holder | undefined, age: string): LockstepError => {
  if (by === undefined) {
    return new LockstepError('locked', `${path} is being taken by another process`, { hint: 'try again' });
  }
  const { facts } = by;
  if (facts === undefined) {
    return new LockstepError('locked', `${path} is locked, and the lock does not say by whom`, {
      hint: `when no lockstep runs on any machine, remove ${path}`,
    });
  }
  return new LockstepError('locked', `locked by process ${facts.pid} on ${facts.host} for ${age}: ${facts.what}`, {
    hint: `wait for it, or end it; when it is certain that it no longer runs, remove ${path}`,
    details: [`lock: ${path}`, `since: ${facts.time}`],
  });
};
