/** What `sync.config.yaml` says, checked and with every default filled in: the shape that the floors above config never see as YAML. */
import type { BackupPolicy } from './backup-policy.ts';
import type { CategoryRule, CommitRule, Priority } from './change.ts';
import type { HookSettings } from './hook-settings.ts';
import type { RunPolicy } from './run-policy.ts';

export type ConflictPolicy = 'keep' | 'replace' | 'fail';
export type KeyStrategy = 'keep' | 'merge' | 'replace' | 'three-way';

/** A `${{ }}` template, or one per integration type; a type that is not named does not get the component. */
export type Into = string | Readonly<Record<string, string>>;

/** One line of a component: files and folders of main, and where they go. */
export interface ComponentSource {
  readonly from: readonly string[];
  readonly into: Into;
  readonly exclude: readonly string[];
}

export interface ComponentSpec {
  readonly name: string;
  readonly sources: readonly ComponentSource[];
  readonly onConflict: ConflictPolicy;
}

export interface ConfigSpec {
  readonly from: string;
  readonly into: Into;
  /** Key path prefix (dotted) to strategy; the longest that matches decides, `three-way` when none does. */
  readonly strategies: Readonly<Record<string, KeyStrategy>>;
  /** For a file that cannot be merged into: no plain file, or not readable. `keep` when left out. */
  readonly onConflict?: Exclude<ConflictPolicy, 'replace'>;
}

/** One check as written: `kind` names the check kind, the rest are its options. */
export interface CheckSpec {
  readonly name: string;
  readonly uses: string;
  readonly with: Readonly<Record<string, unknown>>;
}

export interface PackageSpec {
  /** The distribution's name, as pip knows it. */
  readonly name: string;
  /** The import name. */
  readonly import: string;
  /** The pip-installable folder in main (`.` for the whole repository); null when there is no local package. */
  readonly path: string | null;
  readonly from: 'local' | 'index';
  /** Index URL for `from: index`; null means pip's own default. */
  readonly index: string | null;
  /** Whether an index may be asked for build requirements and dependencies. */
  readonly network: boolean;
  /** The Python that builds wheels; null: the first that fits. */
  readonly builder: string | null;
}

/** An integration type of the team's own. */
export interface TypeSpec {
  /** The built-in type that it behaves as. */
  readonly extends: string;
  /** The pipeline of its targets; null for that of the built-in type. */
  readonly pipeline: string | null;
  /** Globs relative to a target's folder: `target add` takes the type where one of them finds something. */
  readonly detect: readonly string[];
}

export interface Project {
  /** Identifies this main project in receipts: letters, digits, dots, dashes. */
  readonly id: string;
  /** Absolute real path of the main worktree. */
  readonly root: string;
  /** Absolute path of the state folder. */
  readonly stateDir: string;
  /** What the configuration says of it; left out when it says nothing. */
  readonly stateAsWritten?: string;
  readonly package: PackageSpec;
  readonly categories: readonly CategoryRule[];
  readonly commitRules: readonly CommitRule[];
  readonly components: readonly ComponentSpec[];
  readonly config: readonly ConfigSpec[];
  /** Integration types of the team's own, by name; `into` maps hold a place for each already. */
  readonly types: Readonly<Record<string, TypeSpec>>;
  /** Globs relative to the target's folder where no component may write. */
  readonly protect: readonly string[];
  /** Key patterns whose values are never shown. */
  readonly secrets: readonly string[];
  readonly suites: Readonly<Record<string, readonly CheckSpec[]>>;
  readonly sla: Readonly<Partial<Record<Priority, string>> & { default: string }>;
  readonly hooks: HookSettings;
  /** The git tag of targets that are repositories; `defaultTagName` when left out. */
  readonly tag?: 'off' | { readonly name: string };
  /** How long records of runs are kept; `defaultRunPolicy` when left out. */
  readonly runs?: RunPolicy;
  /** How long backups are kept; `defaultBackupPolicy` when left out. */
  readonly backups?: BackupPolicy;
}
