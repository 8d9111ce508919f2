/** A target as the registry records it and as it was found on disk. */
import type { Roots } from './paths.ts';

export const targetStatuses = [
  'synchronized',
  'needs_sync',
  'syncing',
  'failed',
  'rolled_back',
  'conflict',
  'unknown',
] as const;
export type TargetStatus = (typeof targetStatuses)[number];

/** One entry of `registry.json`, in the reference's words. Paths are relative to the main worktree, `last_sync` is ISO 8601 UTC. */
export interface TargetRecord {
  readonly name: string;
  readonly path: string;
  readonly type: string;
  readonly last_sync: string | null;
  readonly sync_version: string | null;
  readonly status: TargetStatus;
  /** The Python that the target runs, when it was found or named. */
  readonly python?: string;
  /** The clone that an editable install points to (`source` targets). */
  readonly checkout?: string;
  readonly pipeline?: string;
  readonly labels?: readonly string[];
  readonly wave?: number;
  readonly hold?: boolean;
  readonly sync_commit?: string;
  /** Where Lockstep may write, as it was shown when the target was added. */
  readonly roots?: readonly string[];
  /** Set by `target update --status`; lasts until the next look at the target. */
  readonly status_by_hand?: boolean;
}

/** What one interpreter says of itself (its `sysconfig`), or what its files say when it cannot run here. Absolute paths. */
export interface PythonFacts {
  readonly executable: string;
  /** Full version, such as `3.11.7`. */
  readonly version: string;
  readonly prefix: string;
  readonly purelib: string;
  readonly platlib: string;
  readonly scripts: string;
  readonly data: string;
  /** Version of pip in that interpreter; null when it has none. */
  readonly pip: string | null;
  /** PEP 668: a distribution's own Python, which pip refuses to write to. */
  readonly externallyManaged: boolean;
  readonly platform: 'posix' | 'windows';
}

/** One copy of the package that a target's Python can see. */
export interface Installation {
  readonly name: string;
  readonly version: string;
  /** The `.dist-info` folder, absolute. */
  readonly distInfo: string;
  /** The folder on `sys.path` that holds it. */
  readonly site: string;
  /** Where the importable package lies; null when it cannot be told. */
  readonly packageDir: string | null;
  readonly editable?: { readonly checkout: string; readonly how: 'pth' | 'finder' | 'egg-link' };
}

/** A target as found on disk, before anything is planned. */
export interface TargetLayout {
  readonly roots: Roots;
  readonly type: string;
  readonly python: PythonFacts | null;
  /** Why the Python could not be asked: broken, another platform's, none found. Null when it answered. */
  readonly pythonCause: string | null;
  /** The site-packages folder that the package lies or will lie in. */
  readonly site: string | null;
  /** All copies, the one that wins on import first. */
  readonly installations: readonly Installation[];
  /** Where the importable package lies or will lie, absolute; null when the target has no site-packages. */
  readonly packageDir: string | null;
  /** The clone of a `source` target, absolute real path. */
  readonly checkout: string | null;
  /** True when the checkout is the main root itself: linked, never written. */
  readonly linkedToMain: boolean;
}
