/** What keeps a line of the checklist before a push from being met, target by target. */
import { countFiles } from '../../domain/changes.ts';
import { LockstepError, messageOf } from '../../domain/errors.ts';
import { isTag, shortRef } from '../../domain/push.ts';
import type { Obstacle } from '../../domain/push-checklist.ts';
import type { TargetRecord } from '../../domain/target.ts';
import { targetPath } from '../layouts.ts';
import type { MainProject } from '../main-project.ts';
import { forceHint, keptFromComing, quarantineWords } from '../quarantine.ts';
import { waitingFor } from '../recover.ts';
import { workUnderWay } from '../under-way.ts';
import type { Lack } from './lacking.ts';
import { type PresentBackup, type PresentBackupRequest, presentBackup } from './present-backup.ts';
import type { PushedChanges } from './pushed-changes.ts';

export const isObstacle = (value: unknown): value is Obstacle =>
  typeof value === 'object' && value !== null && 'mend' in value;

/** What trouble keeps from being told is said; bugs and the end of the time are thrown on. */
export const orTold = async <T>(
  { target, mend }: Pick<Obstacle, 'target' | 'mend'>,
  work: () => Promise<T>,
): Promise<T | Obstacle> => {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof LockstepError) || error.code === 'interrupted') throw error;
    return { target, state: 'unknown', cause: messageOf(error), mend: error.hint ?? mend };
  }
};

/** Targets whose folders are not there: until then nobody can say what they hold. */
export const missingTargets = (main: MainProject, records: readonly TargetRecord[]): readonly Obstacle[] =>
  records.flatMap((record): readonly Obstacle[] => {
    const path = targetPath(main, record);
    if (main.ports.files.real(path) !== undefined) return [];
    const mend = `lockstep target update ${record.name} --hold`;
    return [{ target: record.name, state: 'unmet', cause: `its folder ${path} is not there`, mend }];
  });

/** What came of looking for a backup, or making one. */
export type Saved = PresentBackup | Obstacle;

const seconds = (ms: number): string => `${ms / 1000} s`;

/** @param budget milliseconds that there were. */
export const unsaved = (record: TargetRecord, saved: Saved, budget: number): readonly Obstacle[] => {
  if (isObstacle(saved)) return [saved];
  const mend = `lockstep target backup ${record.name}`;
  if (saved.kind === 'late') {
    const cause = `no backup has what it holds now, and making one takes more than the ${seconds(budget)} there are`;
    return [{ target: record.name, state: 'unmet', cause, mend }];
  }
  if (saved.kind === 'untold') {
    const cause = `whether a backup has what it holds now could not be told within ${seconds(budget)}`;
    return [{ target: record.name, state: 'unknown', cause, mend }];
  }
  return [];
};

/** Nothing is backed up while it moves. */
export const saveTarget = async (main: MainProject, request: PresentBackupRequest): Promise<Saved> => {
  const { record } = request;
  const target = record.name;
  const work = workUnderWay(main, record);
  if (work !== undefined) return { target, state: 'unknown', cause: work, mend: 'lockstep sync status' };
  if ((await waitingFor(main, record)).length > 0) {
    return { target, state: 'unmet', cause: 'a run was cut off here', mend: 'lockstep sync recover' };
  }
  return orTold({ target, mend: `lockstep target backup ${target}` }, () => presentBackup(main, request));
};

/** A sync is of HEAD: what another branch brings is checked out first. */
const syncCommand = async (main: MainProject, target: string, group: readonly PushedChanges[]): Promise<string> => {
  const sync = `lockstep sync run --target ${target}`;
  const head = await main.repo.commit('HEAD');
  const other = group.find(({ tip }) => tip !== null && tip !== head);
  if (head === undefined || other?.tip == null || (await main.repo.isAncestor(other.tip, head))) return sync;
  return `git switch ${isTag(other.ref) ? '--detach ' : ''}${shortRef(other.ref.localRef)} && ${sync}`;
};

/** Why a target that lacks something is not in step, and what brings it there. */
export const outOfStep = async (
  main: MainProject,
  {
    record,
    lack,
    group,
  }: { readonly record: TargetRecord; readonly lack: Lack; readonly group: readonly PushedChanges[] },
): Promise<Obstacle> => {
  const target = record.name;
  if (lack.unknown !== null)
    return { target, state: 'unknown', cause: lack.unknown, mend: await syncCommand(main, target, group) };
  const files = countFiles(lack.records);
  const cause = `it lacks ${files} ${files === 1 ? 'file' : 'files'} of ${lack.components.join(', ')}`;
  for (const { tip } of group) {
    const held = tip === null ? undefined : keptFromComing(main, record, tip);
    if (held !== undefined)
      return { target, state: 'unmet', cause: `${cause}; ${quarantineWords(held)}`, mend: forceHint(target) };
  }
  return { target, state: 'unmet', cause, mend: await syncCommand(main, target, group) };
};
