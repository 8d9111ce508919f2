/** The exit code of a command that did one thing to several targets. */
import { errorCodes, type LockstepError } from '../domain/errors.ts';

/** With `--exit-code`: there is something to sync. */
export const somethingToSync = 3;

/** What became of one target; `error` when it could not be done. */
export interface Verdict {
  readonly passed: boolean;
  readonly error: LockstepError | null;
}

/** 0 all passed, 4 some; none: 2, 6 or 7 when that is the cause of every one, else 5. */
export const verdictCode = (verdicts: readonly Verdict[]): number => {
  const failed = verdicts.filter((verdict) => !verdict.passed);
  if (failed.length === 0) return 0;
  if (failed.some(({ error }) => error?.code === 'interrupted')) return errorCodes.interrupted;
  if (failed.length < verdicts.length) return 4;
  const codes = new Set(failed.map(({ error }) => (error === null ? 5 : errorCodes[error.code])));
  const only = codes.size === 1 ? [...codes][0] : undefined;
  return only === 2 || only === 6 || only === 7 ? only : 5;
};
