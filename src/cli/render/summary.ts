/** The table that every run ends with: what happened to which target, and what to type next. */
import type { TargetResult } from '../../domain/events.ts';
import type { Paint } from './colours.ts';
import { grouped, namesText, withoutName } from './groups.ts';
import { fittedTable } from './table.ts';
import { counted, duration } from './times.ts';

export interface SummaryStyle {
  readonly paint: Paint;
  /** What a line may be wide; Infinity where nobody looks at it on a screen. */
  readonly columns: number;
  /** The command that does the same to some targets again. */
  readonly again: (targets: readonly string[]) => string;
}

const outcomeWord = (result: TargetResult, paint: Paint): string => {
  switch (result.outcome) {
    case 'done':
      // A step that failed is no success, even where the pipeline goes on without it.
      return result.warned === undefined
        ? paint.good('in step')
        : paint.look(`in step, ${result.warned.join(', ')} failed`);
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

const tableLines = (results: readonly TargetResult[], { paint, columns }: SummaryStyle): string[] =>
  fittedTable(
    ['target', 'state', 'files', 'kept', 'backup', 'took'].map(paint.dim),
    results.map((result) => [
      result.target,
      outcomeWord(result, paint),
      changeText(result),
      result.counts.kept === 0 ? '' : `${result.counts.kept} kept`,
      result.backup ?? '',
      duration(result.took),
    ]),
    { columns, spare: ['backup', 'took', 'kept'], first: 'shorten' },
  );

const warningLines = (results: readonly TargetResult[], paint: Paint): string[] =>
  grouped(results.flatMap(({ target, warnings }) => warnings.map((text) => ({ target, text })))).map(
    ({ targets, text }) => `${paint.look('!')} ${namesText(targets)}: ${text}`,
  );

/** Failures grouped by what caused them, so that forty targets with one cause are one line. */
const failureLines = (results: readonly TargetResult[], paint: Paint): string[] => {
  const failures = results.flatMap(({ target, error }) =>
    error === undefined ? [] : [{ target, text: error.message, error }],
  );
  return grouped(failures).flatMap(({ items, targets, text }) => {
    const [{ target, error }] = items;
    const { details = [], hint } = error;
    const shared = items.every((item) => item.error.details?.join('\n') === details.join('\n'));
    const hints = new Set(items.map((item) => item.error.hint));
    return [
      `${paint.bad('error')} ${namesText(targets)}: ${text}`,
      ...(shared || details.length === 0 ? [] : [`  of ${target}:`]),
      ...details.map((line) => `  ${line}`),
      ...(hint === undefined ? [] : [`${paint.dim('next')}  ${hints.size === 1 ? hint : withoutName(hint, target)}`]),
    ];
  });
};

const succeeded = ({ outcome }: TargetResult): boolean => ['done', 'nothing-to-do', 'planned'].includes(outcome);

/** The one command that does again what did not succeed, and nothing else; of a single target its error has said it. */
const retryLines = (results: readonly TargetResult[], { paint, again }: SummaryStyle): string[] => {
  const failed = results.filter((result) => !succeeded(result)).map(({ target }) => target);
  if (failed.length === 0 || results.length === 1) return [];
  return [`${paint.dim('next')}  ${counted(failed.length, 'target')} to run again: ${again(failed)}`];
};

/** Lines of the summary: the table, what was kept or warned of, the failures, the retry command. */
export const summaryLines = (results: readonly TargetResult[], style: SummaryStyle): string[] =>
  results.length === 0
    ? []
    : [
        '',
        ...tableLines(results, style),
        ...warningLines(results, style.paint),
        ...failureLines(results, style.paint),
        ...retryLines(results, style),
      ];
