/** The exit status of a run over targets: it does not lie and does not depend on how the output looks. */
import { type ErrorCode, errorCodes } from '../domain/errors.ts';
import type { TargetResult } from '../domain/events.ts';
import { interruptedExit } from '../domain/interruption.ts';

const succeeded = (result: TargetResult): boolean => ['done', 'nothing-to-do', 'planned'].includes(result.outcome);

/**
 * 0 all succeeded; 1 a bug, whatever else happened; 4 some, 5 none (one target included); 6 all were refused before anything started;
 * 7 all were locked by another process; 129, 130 or 143 interrupted.
 */
export const exitCodeOf = (
  results: readonly TargetResult[],
  signal: Pick<AbortSignal, 'reason'> = { reason: undefined },
): number => {
  if (results.some((result) => result.outcome === 'interrupted')) return interruptedExit(signal);
  if (results.some((result) => result.error?.code === 'bug')) return 1;
  const failed = results.filter((result) => !succeeded(result));
  if (failed.length === 0) return 0;
  if (failed.length < results.length) return 4;
  const codes = new Set(failed.map((result) => errorCodes[(result.error?.code ?? 'step-failed') as ErrorCode] ?? 5));
  const only = codes.size === 1 ? [...codes][0] : undefined;
  return only === 6 || only === 7 ? only : 5;
};
