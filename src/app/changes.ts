/** Answers what changed in main for the chosen targets, and what a checklist of it says. Writes nothing. */
import type { ChangeSet } from '../domain/change.ts';
import type { RuleMatcher } from '../domain/changes.ts';
import type { Checklist } from '../domain/checklist.ts';
import type { TargetRecord } from '../domain/target.ts';
import { compileCommitRule } from '../pipeline/commit-rules.ts';
import { makeChecklist } from './checklist.ts';
import { chooseTargets, type TargetChoice } from './choose-targets.ts';
import { detectChanges } from './detect.ts';
import { commitOf, type MainProject } from './main-project.ts';
import { receiptOf, syncedCommit } from './synced-state.ts';
import { wentBack } from './went-back.ts';

export interface ChangesRequest {
  readonly targets: TargetChoice;
  /** Any revision; undefined for the commit of each target's last complete sync. */
  readonly since: string | undefined;
}

export interface Changes {
  /** The targets that these changes are news for; empty when no target was asked about. */
  readonly targets: readonly string[];
  readonly changes: ChangeSet;
}

const matcher = (main: MainProject): RuleMatcher => {
  const rules = new Map(main.project.commitRules.map((rule) => [rule, compileCommitRule(rule.if)]));
  return (rule, commit) => rules.get(rule)?.(commit) ?? false;
};

/**
 * Targets that stand at the same commit share one answer. With `since` there is one answer for all.
 * Throws `unknown-revision`, `unknown-target`.
 */
export const changesFor = async (
  main: MainProject,
  { targets, since }: ChangesRequest,
): Promise<readonly Changes[]> => {
  const commit = await commitOf(main.repo, 'HEAD');
  const records = chooseTargets(main.registry.read().targets, targets);
  const shared = { repo: main.repo, commit, project: main.project, matches: matcher(main) };
  if (since !== undefined || records.length === 0) {
    return [
      { targets: records.map((record) => record.name), changes: await detectChanges({ ...shared, base: { since } }) },
    ];
  }
  const groups = new Map<string | null, string[]>();
  for (const record of records) {
    const base = syncedCommit(main, record);
    groups.set(base, [...(groups.get(base) ?? []), record.name]);
  }
  const answers: Changes[] = [];
  for (const [receiptCommit, names] of groups) {
    answers.push({ targets: names, changes: await detectChanges({ ...shared, base: { receiptCommit } }) });
  }
  return answers;
};

/** The newest backup of what the target holds now: one made since its last sync. An older one cannot bring the present state back. */
const presentBackup = (main: MainProject, record: TargetRecord): string | null => {
  const run = receiptOf(main, record)?.run;
  return main.backups.list(record.name).find((manifest) => manifest.receipt?.run === run)?.id ?? null;
};

/** The changes since the receipt's commit are not those that a part lacks which was rolled back. */
const backOf = async (main: MainProject, record: TargetRecord): Promise<string | undefined> => {
  const receipt = receiptOf(main, record);
  if (receipt === undefined) return undefined;
  const parts = new Set(Object.keys(receipt.components));
  return wentBack(main.repo, { receipt, parts, status: record.status });
};

/** Throws `unknown-revision`, `unknown-target`. */
export const checklistFor = async (main: MainProject, { targets, since }: ChangesRequest): Promise<Checklist> =>
  makeChecklist({
    repo: main.repo,
    project: main.project,
    commit: await commitOf(main.repo, 'HEAD'),
    since,
    targets: await Promise.all(
      chooseTargets(main.registry.read().targets, targets).map(async (record) => ({
        name: record.name,
        type: record.type,
        receiptCommit: syncedCommit(main, record),
        backup: presentBackup(main, record),
        back: await backOf(main, record),
      })),
    ),
    matches: matcher(main),
  });
