/** The table that every run ends with: what happened to which target, and what to type next. */
import type { TargetResult } from '../../domain/events.ts';
import type { Paint } from './colours.ts';
import { table } from './table.ts';
import { counted, duration } from './times.ts';

const outcomeWord = (result: TargetResult, paint: Paint): string => {
  switch (result.outcome) {
    case 'done':
      return paint.good('in step');
    case 'planned':
      return paint.look('would sync');
    case 'nothing-to-do':
      return paint.good('in step');
    case 'undone':
      return paint.bad('failed, undone');
    case 'failed':
      return paint.bad('failed');
    case 'unknown':
      return paint.look('unknown');
    case 'interrupted':
      return paint.bad('interrupted');
  }
};

const changeText = ({ counts }: TargetResult): string =>
  counts.added + counts.changed + counts.removed === 0
    ? 'nothing'
    : `+${counts.added} ~${counts.changed} -${counts.removed}`;

/** Failures grouped by what caused them, so that forty targets with one cause are one line. */
const failureLines = (results: readonly TargetResult[], paint: Paint): string[] => {
  const groups = new Map<string, TargetResult[]>();
  for (const result of results.filter((candidate) => candidate.error !== undefined)) {
    const key = result.error?.message ?? '';
    groups.set(key, [...(groups.get(key) ?? []), result]);
  }
  return [...groups.values()].flatMap((group) => {
    const error = group[0]?.error;
    if (error === undefined) return [];
    return [
      `${paint.bad('error')} ${group.map((result) => result.target).join(', ')}: ${error.message}`,
      ...(error.details ?? []).map((line) => `  ${line}`),
      ...(error.hint === undefined ? [] : [`${paint.dim('next')}  ${error.hint}`]),
    ];
  });
};

/** Lines of the summary: the table, what was kept or warned of, the failures, the retry command. */
export const summaryLines = (results: readonly TargetResult[], paint: Paint): string[] => {
  if (results.length === 0) return [];
  const rows = results.map((result) => [
    result.target,
    outcomeWord(result, paint),
    changeText(result),
    result.counts.kept === 0 ? '' : `${result.counts.kept} kept`,
    result.backup ?? '',
    duration(result.took),
  ]);
  const warnings = results.flatMap((result) =>
    result.warnings.map((text) => `${paint.look('!')} ${result.target}: ${text}`),
  );
  const failed = results.filter((result) => !['done', 'nothing-to-do', 'planned'].includes(result.outcome));
  const retry =
    failed.length === 0 || failed.length === results.length
      ? []
      : [
          `${paint.dim('next')}  ${counted(failed.length, 'target')} to run again: lockstep sync run ${failed.map((result) => `--target ${result.target}`).join(' ')}`,
        ];
  return [
    '',
    ...table(['target', 'state', 'files', 'kept', 'backup', 'took'].map(paint.dim), rows),
    ...warnings,
    ...failureLines(results, paint),
    ...retry,
  ];
};
