/** `target restore`, `target rollback` and `sync rollback`: brings a target, or parts of it, back to a backup. */

import { knownComponents } from '../../app/restore/choose-backup.ts';
import { type RestoreReport, restore } from '../../app/restore.ts';
import type { Call } from '../call.ts';
import { commaList, componentsNamed } from '../choice.ts';
import { planLines } from '../render/plan-text.ts';
import { counted } from '../render/times.ts';

export interface RollbackOptions {
  readonly component?: string;
  readonly dryRun?: boolean;
}

export interface RestoreOptions extends RollbackOptions {
  readonly backup?: string;
}

const resultLines = (call: Call, report: RestoreReport, dryRun: boolean): readonly string[] => {
  const { paint } = call;
  const { added, changed, removed } = report.counts;
  if (added + changed + removed === 0)
    return [`${report.target}: it is as backup ${report.backup} has it: nothing to restore`];
  const counts = `+${added} ~${changed} -${removed}`;
  const edits = [
    ...report.warnings.map((warning) => `${paint.look('!')} ${warning}`),
    ...(report.replacesNewerEdits === 0
      ? []
      : [
          `${paint.look('!')} ${counted(report.replacesNewerEdits, 'file')} with newer edits ${dryRun ? 'would be' : report.replacesNewerEdits === 1 ? 'was' : 'were'} replaced, after a backup`,
        ]),
  ];
  if (dryRun)
    return [
      ...planLines(report.plan, paint),
      ...edits,
      `${report.target}: would be restored from ${report.backup}  ${counts}`,
    ];
  return [
    ...edits,
    `${report.target} ${paint.good('restored')} from ${report.backup}  ${counts}`,
    ...(report.undoWith === null
      ? []
      : [`${paint.dim('undo')}  lockstep target restore ${report.target} --backup ${report.undoWith}`]),
  ];
};

/** Without a backup's id, the newest that holds the components is taken. */
export const runRestore = async (call: Call, target: string, options: RestoreOptions): Promise<number> => {
  const mode = options.dryRun === true ? 'dry-run' : 'real';
  const words = options.component === undefined ? null : commaList(options.component, '--component');
  const main = await call.main(mode);
  const components = words === null ? null : componentsNamed(words, knownComponents(main, target));
  const { signal, env } = call.world;
  const report = await restore(main, {
    target,
    backup: options.backup ?? null,
    components,
    mode,
    emit: () => {},
    signal,
    env,
  });
  call.answer(
    { kind: 'restore', dryRun: mode === 'dry-run', ...report },
    resultLines(call, report, mode === 'dry-run'),
  );
  return 0;
};
