/** Decides, path by path, between what main has, what was last synced, and what stands in the target. Pure; never in favour of losing the owner's work. */
import { createHash } from 'node:crypto';
import { type FileState, sameContent } from './file-state.ts';
import type { RootedPath } from './paths.ts';
import type { ConflictPolicy } from './project.ts';
import type { Decision, ReceiptFile } from './receipt.ts';

/** A file or link as main has it. */
export interface DesiredFile {
  readonly state: Extract<FileState, { kind: 'file' | 'link' }>;
  readonly blob: string;
}

/**
 * `owner-only`: only the owner changed it, main did not. `kept`: both changed it, and this version of main is met for the first time.
 * `kept-again`: the same, as decided before. `gone`: neither side has it any more. `refused`: a conflict, and the policy is `fail`.
 */
export type Verdict =
  | 'same'
  | 'add'
  | 'update'
  | 'remove'
  | 'restored'
  | 'replaced'
  | 'owner-only'
  | 'kept'
  | 'kept-again'
  | 'gone'
  | 'refused';

export interface FileVerdict {
  readonly path: RootedPath;
  readonly verdict: Verdict;
  readonly cause: string;
  readonly actual: FileState;
  readonly desired: DesiredFile | undefined;
  /** What the receipt shall say was last synced; undefined when Lockstep holds no claim on the path. */
  readonly record: ReceiptFile | undefined;
  readonly decision?: Decision;
  /** Something a person should hear of, once. */
  readonly warning?: string;
}

const written = new Set<Verdict>(['add', 'update', 'restored', 'replaced']);

/** Whether a verdict puts main's version in the target. */
export const isWritten = ({ verdict }: Pick<FileVerdict, 'verdict'>): boolean => written.has(verdict);

export interface CompareRequest {
  readonly desired: ReadonlyMap<RootedPath, DesiredFile>;
  readonly base: ReadonlyMap<RootedPath, ReceiptFile>;
  readonly actual: (path: RootedPath) => FileState;
  /** The file or link that stands where the path needs a folder; `actual` is not asked below it. */
  readonly blocked: (path: RootedPath) => RootedPath | undefined;
  readonly onConflict: ConflictPolicy;
  /** Whether the receipt's word that Lockstep wrote a path is not believed. */
  readonly unproven: (path: RootedPath) => boolean;
  /** Whether main still has the file, below a name that the configuration misses. */
  readonly misnamed: (path: RootedPath) => boolean;
  /** Bring back what the owner deleted. */
  readonly complete: boolean;
  readonly decisions: ReadonlyMap<RootedPath, Decision>;
  /** The blob of main's history that the file is an untouched copy of (line endings aside). */
  readonly historic: (path: RootedPath) => string | undefined;
}

const short = (blob: string): string => blob.slice(0, 10);

/** What a receipt says of a file as main has it. Of the mode only what git knows, so that other bits stay the owner's. */
export const recordOf = ({ state, blob }: DesiredFile): ReceiptFile =>
  state.kind === 'link'
    ? { sha256: createHash('sha256').update(state.to).digest('hex'), mode: 0o777, blob, link: state.to }
    : { sha256: state.sha256, mode: state.mode & 0o100 ? 0o755 : 0o644, blob };

/** What stood at a path when it was last synced. Sizes are not recorded. */
export const stateOfRecord = (record: ReceiptFile): FileState =>
  record.link === undefined
    ? { kind: 'file', sha256: record.sha256, mode: record.mode, size: 0 }
    : { kind: 'link', to: record.link };

/** How a decision names what the owner has. */
export const ownerOf = (actual: FileState): string => {
  switch (actual.kind) {
    case 'file':
      return actual.sha256;
    case 'link':
      return `link:${actual.to}`;
    case 'absent':
      return 'deleted';
    default:
      return actual.kind;
  }
};

const asked = (decision: Decision | undefined, main: string, owner: string): boolean =>
  decision?.choice === 'kept' && decision.main === main && decision.owner === owner;

interface Case {
  readonly path: RootedPath;
  readonly request: CompareRequest;
  readonly desired: DesiredFile | undefined;
  readonly base: ReceiptFile | undefined;
  readonly actual: FileState;
}

const keep = (
  { path, request, desired, base, actual }: Case,
  facts: { verdict: 'kept' | 'owner-only'; cause: string; warning?: string; owner?: string },
): FileVerdict => {
  const main = desired?.blob ?? 'deleted';
  const owner = facts.owner ?? ownerOf(actual);
  const again = asked(request.decisions.get(path), main, owner);
  const { verdict, cause, warning } = facts;
  return {
    path,
    verdict: again && verdict === 'kept' ? 'kept-again' : verdict,
    cause,
    actual,
    desired,
    record: base,
    decision: { path, choice: 'kept', cause, main, owner },
    ...(warning === undefined || again ? {} : { warning }),
  };
};

const take = (
  { path, desired, actual }: Case,
  verdict: 'same' | 'add' | 'update' | 'restored' | 'replaced',
  cause: string,
): FileVerdict => ({
  path,
  verdict,
  cause,
  actual,
  desired,
  record: desired === undefined ? undefined : recordOf(desired),
});

const drop = ({ path, desired, actual }: Case, verdict: 'remove' | 'gone', cause: string): FileVerdict => ({
  path,
  verdict,
  cause,
  actual,
  desired,
  record: undefined,
});

/** Something of another kind stands there, and Lockstep did not put it there. */
const clashes = (desired: DesiredFile, actual: FileState): boolean =>
  actual.kind === 'dir' || actual.kind === 'other' || (actual.kind === 'link' && desired.state.kind === 'file');

const kinds: Readonly<Record<FileState['kind'], string>> = {
  absent: 'nothing',
  file: 'a file',
  link: 'a symbolic link',
  dir: 'a folder',
  other: 'no plain file',
};

const conflict = (found: Case, why: string): FileVerdict => {
  const { path, request, desired, actual } = found;
  const main = desired?.blob ?? 'deleted';
  if (asked(request.decisions.get(path), main, ownerOf(actual)) && request.onConflict === 'keep') {
    return keep(found, { verdict: 'kept', cause: why });
  }
  if (request.onConflict === 'fail') {
    return { path, verdict: 'refused', cause: why, actual, desired, record: found.base };
  }
  if (request.onConflict === 'replace' && desired !== undefined) {
    const cause = `${why}: replaced by main's, the owner's is in the backup`;
    return {
      ...take(found, 'replaced', cause),
      decision: { path, choice: 'replaced', cause: why, main, owner: ownerOf(actual) },
      warning: `${path}: ${cause}`,
    };
  }
  return keep(found, { verdict: 'kept', cause: why, warning: `${path}: ${why}: kept as it is` });
};

const withoutMain = (found: Case): FileVerdict => {
  const { path, request, base, actual } = found;
  if (request.blocked(path) !== undefined)
    return drop(found, 'gone', 'gone from main; its folder is another thing now');
  if (base === undefined || actual.kind === 'absent') return drop(found, 'gone', 'gone from main and from the target');
  if (sameContent(actual, stateOfRecord(base))) {
    if (request.misnamed(path)) {
      return keep(found, { verdict: 'kept', cause: 'main has it, but the `from` that it came by names nothing' });
    }
    if (!request.unproven(path)) return drop(found, 'remove', 'gone from main');
    const why = 'the receipt claims it, and it is no version of main';
    return keep(found, { verdict: 'kept', cause: why, warning: `${path}: ${why}: kept as it is` });
  }
  const cause = 'changed here, gone from main';
  return keep(found, { verdict: 'kept', cause, warning: `${path}: ${cause}: kept as it is` });
};

const absentHere = (found: Case): FileVerdict => {
  const { path, request, desired, base } = found;
  if (base === undefined) return take(found, 'add', 'new in main');
  if (request.complete) return take(found, 'restored', 'asked for with --complete');
  if (desired !== undefined && sameContent(desired.state, stateOfRecord(base))) {
    return keep(found, { verdict: 'owner-only', cause: 'deleted here' });
  }
  const cause = 'deleted here, changed in main';
  return keep(found, { verdict: 'kept', cause, warning: `${path}: ${cause}: stays deleted` });
};

const judge = (found: Case): FileVerdict => {
  const { path, request, desired, base, actual } = found;
  if (desired === undefined) return withoutMain(found);
  const blocker = request.blocked(path);
  if (blocker !== undefined) {
    const cause = `${blocker} is no folder here`;
    return keep(found, {
      verdict: 'kept',
      cause,
      owner: `below:${blocker}`,
      warning: `${cause}: what belongs below it is left out`,
    });
  }
  if (actual.kind === 'absent') return absentHere(found);
  if (sameContent(actual, desired.state)) {
    const before = request.decisions.get(path);
    const same = take(found, 'same', 'as main has it');
    // A replacement stays on record as long as it describes what stands there.
    return before?.choice === 'replaced' && before.main === desired.blob ? { ...same, decision: before } : same;
  }
  if (base !== undefined && sameContent(actual, stateOfRecord(base))) return take(found, 'update', 'changed in main');
  if (clashes(desired, actual)) {
    const cause = `${kinds[actual.kind]} stands where main has ${kinds[desired.state.kind]}`;
    return keep(found, { verdict: 'kept', cause, warning: `${path}: ${cause}: kept as it is` });
  }
  if (base !== undefined) {
    return sameContent(desired.state, stateOfRecord(base))
      ? keep(found, { verdict: 'owner-only', cause: 'changed here' })
      : conflict(found, 'changed here and in main');
  }
  const blob = request.historic(path);
  return blob === undefined
    ? conflict(found, 'here before, and no copy of any version of main')
    : take(found, 'update', `an untouched copy of ${short(blob)} from main's history`);
};

const cases = (request: CompareRequest): readonly Case[] =>
  [...new Set([...request.desired.keys(), ...request.base.keys()])].sort().map((path) => ({
    path,
    request,
    desired: request.desired.get(path),
    base: request.base.get(path),
    actual: request.blocked(path) === undefined ? request.actual(path) : { kind: 'absent' },
  }));

/** One verdict for each path that main wants or the receipt names, sorted. */
export const compareFiles = (request: CompareRequest): readonly FileVerdict[] => cases(request).map(judge);

/** The paths whose verdict depends on main's history: files that stand there, differ, were never synced, and were not decided on. */
export const needHistory = (request: Omit<CompareRequest, 'historic'>): readonly RootedPath[] => {
  const needed: RootedPath[] = [];
  const probe: CompareRequest = {
    ...request,
    historic: (path) => {
      needed.push(path);
      return undefined;
    },
  };
  for (const [path, desired] of request.desired) {
    const before = request.decisions.get(path);
    if (request.base.has(path) || request.blocked(path) !== undefined) continue;
    const actual = request.actual(path);
    if (actual.kind !== 'file' || asked(before, desired.blob, actual.sha256)) continue;
    judge({ path, request: probe, desired, base: undefined, actual });
  }
  return needed;
};
