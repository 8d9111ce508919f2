/** `target tag`: records which version of main a target has, and tags one that is a git repository. */
import { type GitTag, tagTargets } from '../../app/tag.ts';
import type { Call } from '../call.ts';
import { requiredChoice } from '../choice.ts';
import { errorLines, errorObject } from '../render/error-text.ts';
import { verdictCode } from '../verdict.ts';

export interface TagOptions {
  readonly all?: boolean;
  readonly version?: string;
  readonly force?: boolean;
}

const gitText = ({ name, outcome, commit, cause }: GitTag): string => {
  const at = commit === null ? '' : ` at ${commit.slice(0, 10)}`;
  if (outcome === 'left') return `its git tag ${name} was left alone: ${cause}`;
  return outcome === 'there' ? `its git tag ${name} is there already` : `git tag ${name} ${outcome}${at}`;
};

/** Exits with 4 when some could not be tagged, 5 when none could. */
export const runTag = async (call: Call, names: readonly string[], options: TagOptions): Promise<number> => {
  const targets = requiredChoice({ names, all: options.all === true, allFlag: '--all', command: 'target tag' });
  const reports = await tagTargets(await call.main(), {
    targets,
    version: options.version ?? null,
    existing: options.force === true ? 'moves' : 'stays',
    signal: call.world.signal,
  });
  call.answer(
    {
      kind: 'tag',
      targets: reports.map((report) => ({
        ...report,
        error: report.error === null ? null : errorObject(report.error),
      })),
    },
    reports.flatMap(({ target, version, before, git, error }) => {
      if (error !== null) return errorLines(error, call.paint);
      const line =
        version === before
          ? `${target} is tagged ${version} already`
          : `${target} ${call.paint.good('tagged')} ${version}${before === null ? '' : ` (was ${before})`}`;
      return git === null ? [line] : [line, `  ${gitText(git)}`];
    }),
  );
  return verdictCode(reports.map(({ error }) => ({ passed: error === null, error })));
};
