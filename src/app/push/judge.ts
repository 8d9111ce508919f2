/** Judges a push by the checklist before it: what is certainly unmet may block it, what cannot be told never does. Writes backups alone. */

import { type ChangeRecord, highest } from '../../domain/change.ts';
import { countFiles } from '../../domain/changes.ts';
import { type PushRule, type PushSettings, ruleFor } from '../../domain/hook-settings.ts';
import { isTag, type PushedRef } from '../../domain/push.ts';
import {
  type LackingTarget,
  type Obstacle,
  type PushFindings,
  type PushLine,
  type PushVerdict,
  pushLines,
  verdictOf,
} from '../../domain/push-checklist.ts';
import type { TargetRecord } from '../../domain/target.ts';
import { compileCommitRule } from '../../pipeline/commit-rules.ts';
import { askedOnce } from '../../store/asked-once.ts';
import { chooseTargets } from '../choose-targets.ts';
import type { MainProject } from '../main-project.ts';
import { hasAll, lackOf, reaches } from './lacking.ts';
import { isObstacle, missingTargets, orTold, outOfStep, type Saved, saveTarget, unsaved } from './obstacles.ts';
import type { PresentBackupRequest } from './present-backup.ts';
import { allPushed, type Compare, comparing, type PushedChanges, pushedChanges } from './pushed-changes.ts';

export interface PushRequest extends Pick<PresentBackupRequest, 'writing' | 'left' | 'signal' | 'env'> {
  /** As git calls it: a name, or an address. */
  readonly remote: string;
  readonly refs: readonly PushedRef[];
  readonly settings: PushSettings;
}

/** The refs that are held to the same rule, and what came of it. */
export interface JudgedGroup {
  readonly rule: PushRule;
  readonly refs: readonly PushedChanges[];
  readonly lacking: readonly LackingTarget[];
  /** Empty when there is nothing to sync. */
  readonly lines: readonly PushLine[];
  readonly verdict: PushVerdict;
}

export interface PushJudgement {
  readonly groups: readonly JudgedGroup[];
  /** Branches that the push deletes and that the policy keeps, with what is to be done about it. */
  readonly keptBranches: readonly { readonly ref: string; readonly onUnmet: PushRule['onUnmet'] }[];
  /** Those that are not on hold. */
  readonly targets: readonly TargetRecord[];
  /** Looked-at refs to commits that no target lacks anything of. */
  readonly settled: readonly PushedRef[];
}

interface Held {
  readonly rule: PushRule;
  readonly refs: PushedRef[];
}

const sameRule = (a: PushRule, b: PushRule): boolean => a.require === b.require && a.onUnmet === b.onUnmet;

/** Refs by the rule that they are held to; what nobody asked to look at is in none. */
const grouped = ({ refs, remote, settings }: PushRequest): readonly Held[] => {
  const groups: Held[] = [];
  for (const ref of refs) {
    if (ref.localId === null || (isTag(ref) && settings.tags === 'pass')) continue;
    const rule = ruleFor(settings, { remote, ref: ref.remoteRef });
    if (rule === undefined) continue;
    const known = groups.find((group) => sameRule(group.rule, rule));
    if (known === undefined) groups.push({ rule, refs: [ref] });
    else known.refs.push(ref);
  }
  return groups;
};

const keptBranches = ({ refs, remote, settings }: PushRequest): PushJudgement['keptBranches'] =>
  settings.deletions === 'pass'
    ? []
    : refs.flatMap((ref) => {
        if (ref.localId !== null || isTag(ref)) return [];
        const rule = ruleFor(settings, { remote, ref: ref.remoteRef });
        return rule === undefined ? [] : [{ ref: ref.remoteRef, onUnmet: rule.onUnmet }];
      });

const changesText = (records: readonly ChangeRecord[]): string => {
  const files = countFiles(records);
  const names = records.map(({ category }) => category ?? 'no category');
  const priority = highest(records.map((record) => record.priority));
  return `${files} ${files === 1 ? 'file' : 'files'} in ${names.join(', ')}, priority ${priority}`;
};

interface Judging {
  readonly main: MainProject;
  readonly request: PushRequest;
  readonly records: readonly TargetRecord[];
  readonly compare: Compare;
  readonly saved: Map<string, Promise<Saved>>;
}

/** A target that several groups concern is backed up once. */
const savedOnce = ({ main, request, saved }: Judging, record: TargetRecord, commit: string): Promise<Saved> => {
  const found = saved.get(record.name) ?? saveTarget(main, { ...request, record, commit });
  saved.set(record.name, found);
  return found;
};

/** What the refs bring, and what could not be told of them. */
const detected = async (
  { main, request, compare }: Judging,
  refs: readonly PushedRef[],
): Promise<{ readonly changes: readonly PushedChanges[]; readonly undetected: readonly Obstacle[] }> => {
  const changes: PushedChanges[] = [];
  const undetected: Obstacle[] = [];
  for (const ref of refs) {
    const mend = `git fetch ${request.remote}`;
    const found = await orTold({ target: null, mend }, () =>
      pushedChanges(main, { ref, remote: request.remote, compare }),
    );
    if (isObstacle(found)) undetected.push({ ...found, cause: `${ref.remoteRef}: ${found.cause}` });
    else changes.push(found);
  }
  return { changes, undetected };
};

type Findings = {
  -readonly [Part in 'lacking' | 'unlisted' | 'unsaved' | 'outOfStep']: PushFindings[Part][number][];
};

/** Adds what one target lacks, and what is in the way there. */
const findIn = async (
  judging: Judging,
  {
    record,
    pushed,
    group,
  }: {
    readonly record: TargetRecord;
    readonly pushed: readonly ChangeRecord[];
    readonly group: readonly PushedChanges[];
  },
  findings: Findings,
): Promise<void> => {
  const { main, request, compare } = judging;
  const target = record.name;
  const tips = [...new Set(group.flatMap(({ tip }) => tip ?? []))];
  const mend = `lockstep target show ${target}`;
  const lack = await orTold({ target, mend }, () => lackOf(main, { record, pushed, tips, compare }));
  if (lack === undefined) return;
  if (isObstacle(lack)) {
    findings.unlisted.push(lack);
    return;
  }
  const saved = await savedOnce(judging, record, tips[0] ?? '');
  findings.unsaved.push(...unsaved(record, saved, request.settings.budget));
  findings.outOfStep.push(await outOfStep(main, { record, lack, group }));
  findings.lacking.push({
    target,
    priority: highest(lack.records.map(({ priority }) => priority)),
    files: countFiles(lack.records),
    components: lack.components,
    unknown: lack.unknown,
    backup: 'id' in saved ? saved.id : null,
  });
};

const judgeGroup = async (judging: Judging, { rule, refs }: Held): Promise<JudgedGroup> => {
  const { main, request, records } = judging;
  const { changes, undetected } = await detected(judging, refs);
  const pushed = allPushed(changes);
  const concerned = records.filter(({ type }) => reaches(main, type, pushed));
  const missing = missingTargets(main, concerned);
  const findings: Findings = { lacking: [], unlisted: [], unsaved: [], outOfStep: [] };
  for (const record of concerned) {
    if (missing.some(({ target }) => target === record.name)) continue;
    await findIn(judging, { record, pushed, group: changes }, findings);
  }
  const { lacking, unlisted } = findings;
  if ([...lacking, ...unlisted, ...missing, ...undetected].length === 0) {
    return { rule, refs: changes, lacking, lines: [], verdict: 'met' };
  }
  const lines = pushLines({
    ...findings,
    remote: request.remote,
    require: rule.require === 'synchronized' ? 'synchronized' : 'checklist',
    targets: records.length,
    changes: changesText(pushed),
    missing,
    undetected,
  });
  return { rule, refs: changes, lacking, lines, verdict: verdictOf(lines, rule.onUnmet) };
};

/** Target by target, until one lacks something. */
const settledRefs = async (
  { main, records, compare }: Judging,
  groups: readonly JudgedGroup[],
): Promise<readonly PushedRef[]> => {
  const settled: PushedRef[] = [];
  for (const { ref, tip } of groups.filter(({ lines }) => lines.length === 0).flatMap(({ refs }) => refs)) {
    if (tip === null) continue;
    let all = records.length > 0;
    for (const record of records) {
      all =
        all &&
        (await orTold({ target: record.name, mend: '' }, () => hasAll(main, { record, tips: [tip], compare }))) ===
          true;
    }
    if (all) settled.push(ref);
  }
  return settled;
};

/** Throws what git throws, `registry-invalid`, and what ends the time. */
export const judgePush = async (opened: MainProject, request: PushRequest): Promise<PushJudgement> => {
  // Targets that stand at one commit ask the same of it.
  const main: MainProject = { ...opened, repo: askedOnce(opened.repo) };
  const targets = chooseTargets(main.registry.read().targets, 'all');
  if (targets.length === 0) return { groups: [], keptBranches: [], targets, settled: [] };
  const rules = new Map(main.project.commitRules.map((rule) => [rule, compileCommitRule(rule.if)]));
  const compare = comparing(main, (rule, commit) => rules.get(rule)?.(commit) ?? false);
  const judging: Judging = { main, request, records: targets, compare, saved: new Map() };
  const groups: JudgedGroup[] = [];
  for (const held of grouped(request)) groups.push(await judgeGroup(judging, held));
  return { groups, keptBranches: keptBranches(request), targets, settled: await settledRefs(judging, groups) };
};
