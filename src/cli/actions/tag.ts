/** `target tag`: records which version of main a target has. */
import { tagTargets } from '../../app/tag.ts';
import type { Call } from '../call.ts';
import { requiredChoice } from '../choice.ts';
import { errorLines, errorObject } from '../render/error-text.ts';
import { verdictCode } from '../verdict.ts';

export interface TagOptions {
  readonly all?: boolean;
  readonly version?: string;
}

/** Exits with 4 when some could not be tagged, 5 when none could. */
export const runTag = async (call: Call, names: readonly string[], options: TagOptions): Promise<number> => {
  const targets = requiredChoice({ names, all: options.all === true, allFlag: '--all', command: 'target tag' });
  const reports = await tagTargets(await call.main(), { targets, version: options.version ?? null });
  call.answer(
    {
      kind: 'tag',
      targets: reports.map((report) => ({
        ...report,
        error: report.error === null ? null : errorObject(report.error),
      })),
    },
    reports.flatMap(({ target, version, before, error }) => {
      if (error !== null) return errorLines(error, call.paint);
      if (version === before) return [`${target} is tagged ${version} already`];
      return [`${target} ${call.paint.good('tagged')} ${version}${before === null ? '' : ` (was ${before})`}`];
    }),
  );
  return verdictCode(reports.map(({ error }) => ({ passed: error === null, error })));
};
