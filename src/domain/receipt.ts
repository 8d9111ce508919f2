/** The receipt: what was last synced into a target, and the only commit point of a transaction. No contents, no secrets, no stat data. */
import type { RootedPath } from './paths.ts';

export const receiptFormat = 1;

export interface ReceiptFile {
  readonly sha256: string;
  readonly mode: number;
  /** The blob of main that it was written from; absent for files that pip generated. */
  readonly blob?: string;
  /** A symbolic link's text instead of a hash of content. */
  readonly link?: string;
}

export interface ReceiptPackage {
  readonly name: string;
  readonly version: string;
  /** Digest of the tree ids that the wheel was built from; absent when it came from an index. */
  readonly source?: string;
  /** sha256 of the wheel; null for an editable install. */
  readonly wheel: string | null;
  /** `source` targets: the commit that the checkout stood at. */
  readonly checkout?: string;
}

export interface ReceiptComponent {
  /** The commit that this component was last in step with. */
  readonly commit: string;
  readonly files: Readonly<Record<RootedPath, ReceiptFile>>;
  /** Folders that Lockstep made, so that it may remove them once empty. */
  readonly dirs: readonly RootedPath[];
  readonly package?: ReceiptPackage;
}

/** One configuration file's base: main's blob at the last merge and a salted digest of main's value per key path (JSON array as string). */
export interface ReceiptConfig {
  readonly from: string;
  readonly blob: string;
  readonly salt: string;
  readonly keys: Readonly<Record<string, string>>;
}

/** A choice between the owner's side and main's, recorded so that it is asked once per version of main. */
export interface Decision {
  readonly path: RootedPath;
  /** Key path inside a configuration file, as a JSON array. */
  readonly key?: string;
  /** A component that the owner replaced as a whole: it is decided about all of it, and `path` is where it stands. */
  readonly component?: string;
  readonly choice: 'kept' | 'replaced';
  readonly cause: string;
  /** What main offered: a blob id, a sha256 or a salted digest; `deleted` when main removed it. */
  readonly main: string;
  /** What the owner had: sha256 or salted digest; `deleted` when the owner removed it. */
  readonly owner: string;
}

export interface Receipt {
  readonly format: typeof receiptFormat;
  readonly project: string;
  readonly target: string;
  /** The commit of the last complete sync; null while only single components were synced. */
  readonly commit: string | null;
  /** The version label that was tagged; null when never tagged. */
  readonly version: string | null;
  readonly run: string;
  /** ISO 8601 UTC. */
  readonly time: string;
  readonly components: Readonly<Record<string, ReceiptComponent>>;
  readonly config: Readonly<Record<RootedPath, ReceiptConfig>>;
  readonly decisions: readonly Decision[];
  /** Digests of what steps that start programs did, by step id: the same is not done again when nothing else changes. */
  readonly steps?: Readonly<Record<string, string>>;
  /** The backups that components were brought back to since they were last synced, by component: from there a rollback goes on. */
  readonly restored?: Readonly<Record<string, RestoredFrom>>;
  /** The same where only some paths were brought back, by path as it was asked for. */
  readonly restoredPaths?: Readonly<Record<RootedPath, RestoredFrom & { readonly component: string }>>;
  /** Commits that a rollback took back since the components were last synced: they do not come again unasked. */
  readonly quarantine?: readonly QuarantinedCommit[];
}

/** One commit that was taken back from one component. */
export interface QuarantinedCommit {
  readonly component: string;
  readonly commit: string;
  /** The backup that it was brought back to. */
  readonly backup: string;
  /** When it was brought back: ISO 8601 UTC. */
  readonly time: string;
}

/** One backup, as a place in the order of all. */
export interface RestoredFrom {
  readonly backup: string;
  /** When it was made: ISO 8601 UTC. */
  readonly time: string;
}
