/** The plan: pure data that says everything a run will do to one target, before it does it. */
import type { FileState } from './file-state.ts';
import type { RootedPath } from './paths.ts';
import type { Decision, ReceiptComponent, ReceiptConfig } from './receipt.ts';

/** Where the bytes of a planned file come from. Never part of the plan itself: the plan holds digests. */
export type Content =
  | { readonly from: 'blob'; readonly blob: string }
  | { readonly from: 'bytes'; readonly bytes: Uint8Array }
  /** A file in the run's scratch folder, such as one that pip staged. */
  | { readonly from: 'file'; readonly path: string }
  /** An object of the backup store, by sha256. */
  | { readonly from: 'backup'; readonly sha256: string };

/** One path that will change. `before` is checked again at the moment of the change; a difference stops the run. */
export interface FileAction {
  readonly kind: 'file';
  readonly component: string;
  readonly path: RootedPath;
  readonly before: FileState;
  readonly after: FileState;
  /** Why: `new in main`, `changed in main`, `gone from main`, `bytecode of a replaced file`, … */
  readonly cause: string;
  /** Key changes, for a merged configuration file; secrets are masked. */
  readonly keys?: readonly KeyChange[];
  /** Main's blob, when it is a copy of one. */
  readonly blob?: string;
  /** The modification time to give back, for a restored file: nanoseconds, as a decimal string. */
  readonly mtimeNs?: string;
}

export interface KeyChange {
  /** Key path, such as `["providers","openai","model"]`. */
  readonly key: readonly (string | number)[];
  readonly sign: '+' | '~' | '-' | '=';
  /** Shown values, already masked; null when absent. */
  readonly old: string | null;
  readonly new: string | null;
  readonly cause: string;
}

/** Moves a branch of a clone, by compare and swap. */
export interface RefAction {
  readonly kind: 'ref';
  readonly component: 'package';
  /** Absolute path of the clone. */
  readonly checkout: string;
  /** The same, as plans name places; left out where it lies in no root. */
  readonly path?: RootedPath;
  readonly ref: string;
  readonly before: string;
  readonly after: string;
  readonly cause: string;
}

/**
 * Makes an annotated tag in a target's own repository. Its object is made when it is applied, for it holds the time and
 * may be signed; the ref then moves by compare and swap, journaled.
 */
export interface TagAction {
  readonly kind: 'tag';
  /** Absolute path of the repository's work tree. */
  readonly repository: string;
  /** The same, as plans name places. */
  readonly path: RootedPath;
  readonly ref: string;
  /** The object that the tag stands at; zeros when there is none. */
  readonly before: string;
  /** The commit that it will name. */
  readonly commit: string;
  readonly message: string;
  readonly cause: string;
}

/** Something a step does that leaves no trace in the target's files: a backup, a check, a version. Shown, counted, not journaled. */
export interface NoteAction {
  readonly kind: 'note';
  readonly sign: '+' | '~' | '-' | '=' | '!' | '?';
  readonly text: string;
}

export type Action = FileAction | RefAction | TagAction | NoteAction;

/** What a step hands to the receipt once the run commits. */
export interface ReceiptPatch {
  readonly components?: Readonly<Record<string, ReceiptComponent>>;
  readonly config?: Readonly<Record<RootedPath, ReceiptConfig>>;
  /** Replaces the decisions of these paths. */
  readonly decisions?: readonly Decision[];
  readonly version?: string;
  /** Digests of what steps that start programs would do, by step id. */
  readonly steps?: Readonly<Record<string, string>>;
}

/** A program of the team's own that a step starts. */
export interface PlannedProgram {
  /** Globs of what it may write, relative to the target's folder. */
  readonly writes: readonly string[];
}

export interface StepPlan {
  readonly id: string;
  readonly uses: string;
  readonly actions: readonly Action[];
  /** Why the step does nothing; null when it has something to do. */
  readonly skipped: string | null;
  readonly patch: ReceiptPatch;
  /** Kept by the owner, left out, could not be known: listed in every summary. */
  readonly warnings: readonly string[];
  /** It reads what earlier steps give: planned once more, and shown, right before it runs. */
  readonly deferred?: true;
  /** Set where the step starts a program: it is to run though no action names a path. */
  readonly starts?: PlannedProgram;
  /** Kind-specific facts for apply, as plain data. */
  readonly facts?: Readonly<Record<string, unknown>>;
}

export interface TargetPlan {
  readonly target: string;
  readonly commit: string;
  /** The receipt's commit; null for a first sync. */
  readonly base: string | null;
  readonly full: boolean;
  /** Why a full sync, or why this run at all. */
  readonly reason: string | null;
  readonly steps: readonly StepPlan[];
}

/** Whether an object id stands for none: all zeros. */
export const isNoObject = (id: string): boolean => /^0*$/.test(id);

/** The tag's name, without `refs/tags/`. */
export const tagNameOf = ({ ref }: Pick<TagAction, 'ref'>): string => ref.replace(/^refs\/tags\//, '');

export const fileActions = (plan: Pick<TargetPlan, 'steps'>): FileAction[] =>
  plan.steps.flatMap((step) => step.actions.filter((action) => action.kind === 'file'));

/** The paths whose file is replaced or removed: what stood there is in a backup and nowhere else from then on. */
export const touchedPaths = (actions: readonly Action[]): RootedPath[] =>
  actions.flatMap((action) => (action.kind === 'file' && action.before.kind === 'file' ? [action.path] : []));

/** `+` new, `~` changed, `-` removed, `=` left as it is. */
export const signOf = (action: FileAction): '+' | '~' | '-' | '=' => {
  if (action.before.kind === 'absent') return action.after.kind === 'absent' ? '=' : '+';
  return action.after.kind === 'absent' ? '-' : '~';
};

/** Bytes of a file; 0 for what is none. */
export const sizeOf = (state: FileState): number => (state.kind === 'file' ? state.size : 0);

/** What a step leaves as it stands though main has it otherwise, and why. */
export interface KeptPath {
  readonly path: RootedPath;
  readonly cause: string;
}

/** The distributions that a step replaces, takes away or brings, under `facts.distributions`; none for kinds that say nothing. */
export const changedDistributions = ({ facts }: Pick<StepPlan, 'facts'>): readonly string[] =>
  Array.isArray(facts?.distributions) ? facts.distributions.filter((name) => typeof name === 'string') : [];

const isKept = (value: unknown): value is KeptPath =>
  value !== null &&
  typeof value === 'object' &&
  'path' in value &&
  typeof value.path === 'string' &&
  'cause' in value &&
  typeof value.cause === 'string';

/** The paths that a step says it leaves alone, under `facts.kept`; none for kinds that say nothing. */
export const keptPaths = ({ facts }: Pick<StepPlan, 'facts'>): readonly KeptPath[] =>
  Array.isArray(facts?.kept) ? facts.kept.filter(isKept) : [];
