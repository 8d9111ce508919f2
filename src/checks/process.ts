/** Runs a program for a check: bounded in time, leaving no bytecode behind, and never mistaking a program that is not there for a result. */
import { LockstepError, messageOf } from '../domain/errors.ts';
import type { ProcessRequest, ProcessResult } from '../ports.ts';
import type { CheckContext, CheckResult } from './check.ts';

export type Ran = { readonly ran: ProcessResult } | { readonly verdict: CheckResult };

const minute = 60_000;

/** The last lines that a program wrote, for details. */
export const tailOf = ({ stdout, stderr }: Pick<ProcessResult, 'stdout' | 'stderr'>, lines = 10): readonly string[] =>
  `${stdout.toString('utf8')}\n${stderr}`
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .slice(-lines);

/** Throws `interrupted` when the run was; anything else that keeps the program from running is *could not run*. */
export const runFor = async (
  { ports, signal, layout }: CheckContext,
  request: Pick<ProcessRequest, 'argv' | 'cwd' | 'timeout' | 'as'>,
): Promise<Ran> => {
  const timeout = request.timeout ?? minute;
  let ran: ProcessResult;
  try {
    ran = await ports.processes.run({
      cwd: layout.roots.target,
      ...request,
      timeout,
      signal,
      env: { PYTHONDONTWRITEBYTECODE: '1' },
    });
  } catch (error) {
    if (!(error instanceof LockstepError) || error.code !== 'process-failed') throw error;
    return { verdict: { outcome: 'could-not-run', cause: messageOf(error), details: error.details } };
  }
  if (signal.aborted) throw new LockstepError('interrupted', `interrupted while ${request.argv[0]} ran`);
  if (ran.timedOut) {
    return { verdict: { outcome: 'failed', cause: `no end after ${timeout / 1000} s`, details: tailOf(ran) } };
  }
  return { ran };
};

/** The target's Python, or why it cannot be asked. */
export const pythonOf = ({
  layout,
}: CheckContext): { readonly executable: string } | { readonly verdict: CheckResult } =>
  layout.python === null || layout.pythonCause !== null
    ? { verdict: { outcome: 'could-not-run', cause: layout.pythonCause ?? 'no Python was found in the target' } }
    : { executable: layout.python.executable };
