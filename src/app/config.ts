/** Compares a target's configuration files with main's, key by key. Writes nothing. */
import { forTarget } from '../domain/errors.ts';
import type { KeyChange } from '../domain/plan.ts';
import { type ConfigFilePlan, planConfig } from '../steps/merge-config/plan.ts';
import { targetNamed } from './choose-targets.ts';
import { commitOf, type MainProject } from './main-project.ts';
import { prepareLook } from './prepare.ts';

export interface ConfigDiffRequest {
  readonly target: string;
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string>>;
}

export interface ConfigFileDiff {
  readonly from: string;
  readonly path: string;
  readonly action: ConfigFilePlan['action'];
  readonly cause: string;
  /** What a merge would bring. Secrets are masked. */
  readonly changes: readonly KeyChange[];
  /** What differs and stays. Secrets are masked. */
  readonly kept: readonly KeyChange[];
  readonly warnings: readonly string[];
}

export interface ConfigDiff {
  readonly target: string;
  readonly commit: string;
  readonly files: readonly ConfigFileDiff[];
}

/** Every key that differs. Throws `unknown-target`, `merge-failed` for a file that cannot be read, what preparing throws. */
export const configDiff = async (main: MainProject, request: ConfigDiffRequest): Promise<ConfigDiff> => {
  const record = targetNamed(main.registry.read().targets, request.target);
  try {
    const commit = await commitOf(main.repo, 'HEAD');
    const { context } = await prepareLook(main, {
      record,
      commit,
      purpose: 'config-diff',
      signal: request.signal,
      env: request.env,
    });
    const plans = await planConfig(context, 'full');
    const files = plans.map(({ from, path, action, cause, changes, kept, warnings }) => ({
      from,
      path,
      action,
      cause,
      changes,
      kept,
      warnings,
    }));
    return { target: record.name, commit, files };
  } catch (error) {
    throw forTarget(error, record.name);
  }
};
