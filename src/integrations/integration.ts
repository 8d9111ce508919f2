/** An integration type: how main lives in a target, and how the package is brought in step there. */
import type { StepPlan } from '../domain/plan.ts';
import type { ConflictPolicy } from '../domain/project.ts';
import type { TargetLayout } from '../domain/target.ts';
import type { FilesContext, TargetContext } from './target-context.ts';

export interface Assessment {
  readonly state: 'in-step' | 'behind' | 'unknown' | 'linked';
  /** What made it so. */
  readonly cause: string;
  /**
   * What has to be said though it is in step, and is planned for: what files alone cannot tell, such as whether an index
   * has a newer version; or that the owner's own edits stand where the commit has something else.
   */
  readonly besides?: string;
}

export interface PackageOptions {
  /** Where the owner edited a file of the package that main changed too; `keep` when it is not said. */
  readonly onConflict?: ConflictPolicy;
}

export interface Integration {
  readonly name: string;
  readonly summary: string;
  /** Whether a layout looks like this type. The first of the registry that says yes is proposed by `target add`. */
  matches(layout: Omit<TargetLayout, 'type'>): boolean;
  /** Cheap: files only, no process, no build. Used by status and to skip. */
  assess(context: TargetContext): Promise<Assessment>;
  /** The exact file and ref actions that bring the package in step. May build and stage in scratch. */
  planPackage(context: TargetContext, stepId: string, options?: PackageOptions): Promise<StepPlan>;
  /**
   * Every absolute path of the package component as it stands now: what a backup must hold. All files of the package,
   * of the distributions that came along with it, and of those that a plan is going to change, by their RECORD.
   */
  packageFiles(context: FilesContext, changing?: readonly string[]): Promise<readonly string[]>;
}
