/** What a backup says: everything that stood at the paths of some components of one target. */
import type { Identity } from './distributions.ts';
import type { FileState } from './file-state.ts';
import type { RootedPath } from './paths.ts';
import type { Receipt } from './receipt.ts';

export const manifestFormat = 1;

export interface BackupEntry {
  readonly path: RootedPath;
  readonly component: string;
  /** `absent` when nothing stood there, so that a restore may remove what was made since. */
  readonly state: FileState;
  /** Nanoseconds, as a decimal string; `0` when nothing stood there. */
  readonly mtimeNs: string;
}

export interface BackupManifest {
  readonly format: typeof manifestFormat;
  readonly id: string;
  readonly target: string;
  /** ISO 8601 UTC. */
  readonly time: string;
  readonly run: string | null;
  /** Made before a restore, so that it can be undone: a rollback without a backup's id passes it over. */
  readonly occasion?: 'restore';
  /** The commit and version that the target stood at; null when it had no receipt. */
  readonly commit: string | null;
  readonly version: string | null;
  /** Components that are held whole. */
  readonly components: readonly string[];
  /** Sorted by path. */
  readonly entries: readonly BackupEntry[];
  /** The receipt as it stood; null when there was none. */
  readonly receipt: Receipt | null;
  /** All that was installed beside the package, by name; left out where the target has no place for packages. */
  readonly installed?: readonly Identity[];
  /** Where the checkout's branch stood, for `source` targets; `HEAD` when it was detached. */
  readonly checkout: { readonly path: string; readonly ref: string; readonly commit: string } | null;
}
