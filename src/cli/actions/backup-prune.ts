/** `backup prune`: what becomes of each backup and why, and how much space that gives back. */
import { type PruneReport, pruneBackups } from '../../app/backups/prune.ts';
import type { Reclaimed } from '../../store/backups/reclaim.ts';
import type { Call } from '../call.ts';
import { paintSign } from '../render/colours.ts';
import { table } from '../render/table.ts';
import { bytes, counted, localTime } from '../render/times.ts';

export interface PruneOptions {
  readonly dryRun?: boolean;
  readonly dropDamaged?: boolean;
}

const spaceLines = ({ paint }: Call, { space, unreadable }: PruneReport, dryRun: boolean): readonly string[] => {
  if (space === null) {
    return [
      ...unreadable.map(({ id, cause }) => `${paint.look('!')} ${id} cannot be read: ${cause}`),
      `${paint.look('!')} no space is given back: what a backup needs that cannot be read is not known`,
      `${paint.dim('next')}  lockstep backup prune --drop-damaged removes what is damaged`,
    ];
  }
  const { before, after, damaged }: Reclaimed = space;
  const word = dryRun ? 'would be' : 'was';
  return [
    ...damaged.map((pack) => `${paint.look('!')} ${pack} stays as it is: something in it that is needed is damaged`),
    before === after
      ? 'there is no space to give back'
      : `${bytes(before - after)} ${word} given back; ${bytes(after)} stay`,
    ...(damaged.length === 0 ? [] : [`${paint.dim('next')}  lockstep backup check --read-data names the files`]),
  ];
};

/** Exits with 4 when damage kept space from being given back. */
export const runPrune = async (call: Call, options: PruneOptions): Promise<number> => {
  const mode = options.dryRun === true ? 'dry-run' : 'real';
  const damaged = options.dropDamaged === true ? 'drop' : 'keep';
  const report = await pruneBackups(await call.main(mode), { mode, damaged, signal: call.world.signal });
  const { backups, dropped, space, warnings } = report;
  const { paint } = call;
  const removed = backups.filter(({ fate }) => fate === 'removed').length + dropped.length;
  const would = mode === 'dry-run' ? 'would be removed' : removed === 1 ? 'was removed' : 'were removed';
  const rows = backups.map(({ id, time, fate, cause }) => [
    `  ${paintSign(paint, fate === 'kept' ? '=' : '-')} ${id}`,
    localTime(time),
    fate,
    cause,
  ]);
  call.answer({ kind: 'backup.prune', dryRun: mode === 'dry-run', ...report }, [
    ...table(null, rows),
    ...dropped.map(
      (id) => `  ${paintSign(paint, '-')} ${id}  removed  its list is damaged: nothing of it can be restored`,
    ),
    ...warnings.map((warning) => `${paint.look('!')} ${warning}`),
    backups.length + dropped.length === 0
      ? 'there is no backup yet: lockstep target backup --all'
      : `${counted(removed, 'backup')} ${would}, ${backups.length - (removed - dropped.length)} stay`,
    ...spaceLines(call, report, mode === 'dry-run'),
  ]);
  return space === null || space.damaged.length > 0 ? 4 : 0;
};
