/** Backups: content-addressed, deduplicated snapshots of components of one target. */
import type { FileState } from '../domain/file-state.ts';
import type { RootedPath } from '../domain/paths.ts';
import type { Receipt } from '../domain/receipt.ts';

export interface BackupEntry {
  readonly path: RootedPath;
  readonly component: string;
  readonly state: FileState;
  /** Nanoseconds, as a decimal string. */
  readonly mtimeNs: string;
}

export interface BackupManifest {
  readonly format: 1;
  readonly id: string;
  readonly target: string;
  /** ISO 8601 UTC. */
  readonly time: string;
  readonly run: string | null;
  readonly commit: string | null;
  readonly version: string | null;
  readonly components: readonly string[];
  readonly entries: readonly BackupEntry[];
  /** The receipt as it stood; null when there was none. */
  readonly receipt: Receipt | null;
  /** Where the checkout's branch stood, for `source` targets. */
  readonly checkout: { readonly path: string; readonly ref: string; readonly commit: string } | null;
}

export interface BackupRequest {
  readonly target: string;
  readonly run: string | null;
  readonly components: readonly string[];
  readonly entries: readonly { readonly path: RootedPath; readonly component: string; readonly absolute: string }[];
  readonly receipt: Receipt | null;
  readonly checkout: BackupManifest['checkout'];
}

export interface BackupStore {
  /** Writes, flushes, reads back, and only then answers. Throws `backup-failed`; nothing half-written stays visible. */
  create(request: BackupRequest): Promise<BackupManifest>;
  /** Newest first. Damaged manifests are left out and named by `damaged`. */
  list(target?: string): readonly BackupManifest[];
  /** Throws `nothing-to-restore` with the ids there are. */
  get(target: string, id: string): BackupManifest;
  /** Bytes by sha256, verified on reading. Throws `backup-damaged`. */
  read(sha256: string): Buffer;
  /** Ids of manifests that cannot be read, with the cause. */
  damaged(): readonly { readonly id: string; readonly cause: string }[];
}
