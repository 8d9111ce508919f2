/** `target restore`, `target rollback` and `sync rollback`: brings a target, or parts of it, back to a backup. */

import { knownComponents } from '../../app/restore/choose-backup.ts';
import { unproven } from '../../app/restore/prove.ts';
import { type RestoreReport, restore } from '../../app/restore.ts';
import type { Call } from '../call.ts';
import { commaList, componentsNamed } from '../choice.ts';
import { newerEditsLine } from '../render/newer-edits.ts';
import { planLines } from '../render/plan-text.ts';
import { askTrust } from '../trust-question.ts';
import { quarantineLines } from './status.ts';

export interface RollbackOptions {
  readonly component?: string;
  /** Paths in the target, each with all below it. */
  readonly path?: readonly string[];
  readonly dryRun?: boolean;
}

export interface RestoreOptions extends RollbackOptions {
  readonly backup?: string;
}

const list = new Intl.ListFormat('en');

/** A run that was cut off was undone, and that was the way back. */
const undoneLines = ({ paint }: Call, { target, recovered }: RestoreReport, components: readonly string[] | null) => [
  ...recovered.map((line) => `${target}: ${line}`),
  `${target} ${paint.good('undone')}: the cut-off run was undone; ${
    components === null ? 'it is' : `${list.format(components)} ${components.length === 1 ? 'is' : 'are'}`
  } as before it`,
  `${paint.dim('next')}  to go further back: lockstep target backups ${target}`,
];

/** What the suites said afterwards. */
const proofLines = ({ paint }: Call, { target, verified }: RestoreReport): readonly string[] => {
  if (verified === null) return [];
  const { outcome, cause, details } = verified;
  const lines = details.map((line) => `  ${line}`);
  switch (outcome) {
    case 'passed':
      return [`${target} ${paint.good('verified')}: ${cause}`];
    case 'nothing':
      return [`${target}: ${cause}`];
    case 'failed':
      return [`${paint.bad('error')} ${target} is as the backup has it, but verify failed: ${cause}`, ...lines];
    case 'could-not-run':
      return [`${paint.look('!')} ${target} is as the backup has it, but could not be verified: ${cause}`, ...lines];
  }
};

const resultLines = (call: Call, report: RestoreReport, dryRun: boolean): readonly string[] => {
  const { paint } = call;
  const before = report.recovered.map((line) => `${report.target}: ${line}`);
  const { added, changed, removed } = report.counts;
  if (added + changed + removed === 0)
    return [...before, `${report.target}: it is as backup ${report.backup} has it: nothing to restore`];
  const counts = `+${added} ~${changed} -${removed}`;
  const edits = [
    ...report.warnings.map((warning) => `${paint.look('!')} ${warning}`),
    ...newerEditsLine(report.newerEdits, dryRun ? 'would be' : 'done').map((line) => `${paint.look('!')} ${line}`),
  ];
  if (dryRun)
    return [
      ...(report.plan === null ? [] : planLines(report.plan, paint)),
      ...edits,
      `${report.target}: would be restored from ${report.backup}  ${counts}`,
    ];
  return [
    ...before,
    ...edits,
    `${report.target} ${paint.good('restored')} from ${report.backup}  ${counts}`,
    ...proofLines(call, report),
    ...quarantineLines(report).map((line) => `${paint.dim('note')}  ${line}`),
    ...(report.undoWith === null
      ? []
      : [`${paint.dim('undo')}  lockstep target restore ${report.target} --backup ${report.undoWith}`]),
  ];
};

/** Some of what was asked succeeded: it is restored, and nobody can say that it is well. */
const restoredUnproven = 4;

/** Without a backup's id, it goes one state back. Exits with 4 when it is restored and could not be verified. */
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
    paths: options.path ?? null,
    ...askTrust(call),
    mode,
    emit: () => {},
    signal,
    env,
  });
  call.answer(
    { kind: 'restore', dryRun: mode === 'dry-run', ...report },
    report.backup === null ? undoneLines(call, report, components) : resultLines(call, report, mode === 'dry-run'),
  );
  return report.verified !== null && unproven(report.verified) ? restoredUnproven : 0;
};
