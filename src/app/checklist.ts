/** Makes the checklist of what a sync would bring to each target. Writes nothing. */
import type { ChangeSet } from '../domain/change.ts';
import type { RuleMatcher } from '../domain/changes.ts';
import { buildChecklist, type Checklist } from '../domain/checklist.ts';
import type { Project } from '../domain/project.ts';
import type { Repo } from '../ports.ts';
import { detectChanges } from './detect.ts';

export interface ChecklistTargetRequest {
  readonly name: string;
  readonly type: string;
  /** The commit of its receipt; null without one. */
  readonly receiptCommit: string | null;
  /** Its newest backup; null when there is none. */
  readonly backup: string | null;
  /** What a rollback brought back; undefined when nothing stands elsewhere than its receipt's commit says. */
  readonly back?: string | undefined;
}

export interface ChecklistRequest {
  readonly repo: Repo;
  readonly project: Project;
  readonly commit: string;
  /** Compares every target with this revision in place of its receipt's commit. */
  readonly since?: string | undefined;
  readonly targets: readonly ChecklistTargetRequest[];
  readonly matches: RuleMatcher;
}

/** Detects once for all targets that stand at the same commit. Throws `unknown-revision` for a wrong `since`. */
export const makeChecklist = async (request: ChecklistRequest): Promise<Checklist> => {
  const { repo, project, commit, since, matches } = request;
  const known = new Map<string | null, Promise<ChangeSet>>();
  const changesFrom = (receiptCommit: string | null): Promise<ChangeSet> => {
    const key = since ?? receiptCommit;
    const found = known.get(key) ?? detectChanges({ repo, commit, project, matches, base: { since, receiptCommit } });
    known.set(key, found);
    return found;
  };
  const targets = await Promise.all(
    request.targets.map(async ({ name, type, receiptCommit, backup, back }) => ({
      name,
      type,
      backup,
      back,
      changes: await changesFrom(receiptCommit),
    })),
  );
  return buildChecklist({ commit, project, targets });
};
