/** `backup check`: whether all backups can be restored, and which files of which backups cannot. */
import { type BackupsReport, checkAll } from '../../app/backups/check.ts';
import { targetNamed } from '../../app/choose-targets.ts';
import type { MainProject } from '../../app/main-project.ts';
import type { Call } from '../call.ts';
import { lostLines } from '../render/lost-files.ts';
import { bytes, counted } from '../render/times.ts';

export interface CheckOptions {
  readonly readData?: boolean;
}

const chosen = (main: MainProject, names: readonly string[]): readonly string[] | null => {
  if (names.length === 0) return null;
  const known = main.registry.read().targets;
  // Backups outlive their target's place in the registry.
  const isKept = (name: string): boolean => main.backups.list(name).length + main.backups.damaged(name).length > 0;
  return [...new Set(names.map((name) => (isKept(name) ? name : targetNamed(known, name).name)))];
};

const linesOf = ({ paint }: Call, report: BackupsReport): readonly string[] => {
  const bad = report.backups.filter(({ lost }) => lost.length > 0);
  const whole = report.backups.length - bad.length;
  const deep = report.depth === 'data';
  const damage = bad.length + report.unreadable.length > 0;
  return [
    ...report.unreadable.map(({ id, cause }) => `${paint.bad('✗')} ${id} cannot be restored: ${cause}`),
    ...bad.flatMap(({ id, lost }) => [
      `${paint.bad('✗')} ${id}: ${counted(lost.length, 'file')} cannot be restored`,
      ...lostLines(lost, paint),
    ]),
    ...report.packs.map(({ pack, cause }) => `${paint.look('!')} ${pack}: ${cause}`),
    report.backups.length + report.unreadable.length === 0
      ? 'there is no backup yet: lockstep target backup --all'
      : `${counted(whole, 'backup')} can be restored whole${deep ? ': every byte was read' : ''}; ` +
        `${counted(report.objects, 'object')}, ${bytes(report.bytes)}, ${bytes(report.unneeded)} of it needed by none`,
    ...(damage
      ? [
          `${paint.dim('next')}  what is whole can be restored by component; a new backup makes a lost object good where the file still stands`,
        ]
      : []),
    ...(deep || report.backups.length === 0
      ? []
      : [`${paint.dim('next')}  lockstep backup check --read-data reads every byte`]),
  ];
};

/** Exits with 4 when some backups can be restored whole and others cannot, with 5 when none can. */
export const runCheck = async (call: Call, names: readonly string[], options: CheckOptions): Promise<number> => {
  const main = await call.main();
  const depth = options.readData === true ? 'data' : 'names';
  const report = await checkAll(main, { targets: chosen(main, names), depth });
  call.answer({ kind: 'backup.check', ...report }, linesOf(call, report));
  const bad = report.backups.filter(({ lost }) => lost.length > 0).length;
  if (bad + report.unreadable.length === 0) return 0;
  return bad === report.backups.length ? 5 : 4;
};
