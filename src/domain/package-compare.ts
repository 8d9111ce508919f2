/** Decides file by file what a package swap may do: nothing that the owner changed is lost without a word. Pure. */
import { LockstepError } from './errors.ts';
import { type FileState, sameContent } from './file-state.ts';
import type { RootedPath } from './paths.ts';
import type { ConflictPolicy } from './project.ts';
import type { Decision } from './receipt.ts';

export interface PackageEntry {
  readonly path: RootedPath;
  /** sha256 that the installed RECORD names; null when no RECORD lists the file, or names no such digest. */
  readonly base: string | null;
  /** Other digests that the file had when nobody had edited it: the receipt's, and main's own history. */
  readonly known: readonly string[];
  readonly ours: FileState;
  /** What the new wheel puts there; null when it has no such file. */
  readonly theirs: Extract<FileState, { readonly kind: 'file' }> | null;
  /** A file of a dist-info folder: pip's own, never the owner's. */
  readonly metadata: boolean;
}

export interface PackageVerdict {
  readonly entry: PackageEntry;
  readonly kind: 'same' | 'add' | 'replace' | 'remove' | 'keep';
  readonly cause: string;
  /** Where the owner's side and main's differ. */
  readonly decision?: Decision;
  /** Worth a warning: a decision that the receipt does not hold yet. */
  readonly news: boolean;
}

export interface CompareRules {
  readonly policy: ConflictPolicy;
  /** Those of the receipt. */
  readonly decisions: readonly Decision[];
}

/** What a decision records of a file: its sha256, a link's text, or `deleted`. */
export const decisionDigest = (state: FileState | null): string => {
  if (state === null || state.kind === 'absent') return 'deleted';
  if (state.kind === 'file') return state.sha256;
  return state.kind === 'link' ? `link:${state.to}` : state.kind;
};

const sameDecision = (a: Decision, b: Decision): boolean =>
  a.path === b.path && a.key === undefined && a.choice === b.choice && a.main === b.main && a.owner === b.owner;

const decide = (entry: PackageEntry, { policy, decisions }: CompareRules): PackageVerdict => {
  const { path, base, ours, theirs } = entry;
  const owner = decisionDigest(ours);
  const main = decisionDigest(theirs);
  const moved = theirs === null ? 'gone from main' : base === null ? 'new in main' : 'changed in main';
  const said = base === null ? `stood here before the package, and is ${moved}` : `edited here and ${moved}`;
  const still = theirs !== null && theirs.sha256 === base;
  if (still || policy === 'keep') {
    const cause = still ? 'edited here, unchanged in main' : said;
    const decision: Decision = { path, choice: 'kept', cause, main, owner };
    const news = !still && !decisions.some((earlier) => sameDecision(earlier, decision));
    return { entry, kind: 'keep', cause, decision, news };
  }
  if (policy === 'fail') {
    throw new LockstepError('conflict-refused', `${path} was ${said}`, {
      hint: 'settle it by hand, or set on_conflict of the reinstall step to keep or replace',
    });
  }
  const decision: Decision = { path, choice: 'replaced', cause: said, main, owner };
  return { entry, kind: theirs === null ? 'remove' : 'replace', cause: said, decision, news: true };
};

const judge = (entry: PackageEntry, rules: CompareRules): PackageVerdict => {
  const { base, known, ours, theirs, metadata, path } = entry;
  const quiet = (kind: PackageVerdict['kind'], cause: string): PackageVerdict => ({ entry, kind, cause, news: false });
  if (ours.kind === 'absent') {
    if (theirs === null) return quiet('same', 'absent on both sides');
    return quiet('add', base === null ? 'new in main' : 'missing here');
  }
  if (ours.kind === 'dir' || ours.kind === 'other') {
    throw new LockstepError(
      'path-refused',
      `${path} should be a file of the package, but something else stands there`,
      {
        hint: `move ${path} away and run the sync again`,
      },
    );
  }
  if (theirs !== null && sameContent(ours, theirs)) return quiet('same', 'the same in main');
  const unedited = ours.kind === 'file' && (ours.sha256 === base || known.includes(ours.sha256));
  const modeOnly = ours.kind === 'file' && ours.sha256 === theirs?.sha256;
  if (!metadata && !unedited && !modeOnly) return decide(entry, rules);
  if (theirs === null) return quiet('remove', 'gone from main');
  return quiet('replace', modeOnly ? 'executable bit' : metadata ? 'metadata of the package' : 'changed in main');
};

/**
 * One verdict a file. A file that the owner changed is kept (policy `keep`) or replaced with a word; it is kept in
 * silence when main has nothing new for it. Throws `conflict-refused` under policy `fail`, `path-refused` where a
 * folder or a device stands in a file's place.
 */
export const comparePackage = (entries: readonly PackageEntry[], rules: CompareRules): readonly PackageVerdict[] =>
  entries.map((entry) => judge(entry, rules));
