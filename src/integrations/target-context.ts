/** Everything that planning and checking may look at for one target of one run. Reading only. */
import type { ChangeSet } from '../domain/change.ts';
import type { Content } from '../domain/plan.ts';
import type { Project } from '../domain/project.ts';
import type { Receipt } from '../domain/receipt.ts';
import type { TargetLayout, TargetRecord } from '../domain/target.ts';
import type { Ports } from '../ports.ts';
import type { BackupStore } from '../store/backups.ts';
import type { MainTree } from '../store/main-tree.ts';
import type { WheelStore } from '../store/wheels.ts';

export interface RunFacts {
  readonly id: string;
  readonly commit: string;
  readonly full: boolean;
  readonly reason: string | null;
  /** `git describe --tags` of the run's commit; null when no tag reaches it. */
  readonly version: string | null;
  /** Restrict copying to these components; null for all. */
  readonly only: readonly string[] | null;
  /** Bring back files that the owner deleted. */
  readonly complete: boolean;
}

/** Planning writes to no root and to no state. */
export interface TargetContext {
  readonly run: RunFacts;
  readonly project: Project;
  readonly target: TargetRecord;
  readonly layout: TargetLayout;
  readonly receipt: Receipt | undefined;
  readonly main: MainTree;
  readonly changes: ChangeSet;
  readonly ports: Ports;
  readonly backups: BackupStore;
  readonly wheels: WheelStore;
  /** Fills a `${{ }}` template; throws `expression-invalid`. */
  readonly fill: (template: string) => string;
  /** Registers where planned bytes come from, by the sha256 that the action names. */
  readonly provide: (sha256: string, content: Content) => void;
  readonly signal: AbortSignal;
}

/** What naming the files of a target takes: nothing of what changed in main. */
export type FilesContext = Omit<TargetContext, 'changes'>;
