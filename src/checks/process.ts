/** Runs a program for a check: bounded in time, its secrets hidden in what is shown of it, leaving no bytecode behind, and never mistaking a program that is not there for a result. */
import { stripVTControlCharacters } from 'node:util';
import { LockstepError, messageOf } from '../domain/errors.ts';
import { maskFor } from '../integrations/config-secrets.ts';
import type { ProcessRequest, ProcessResult } from '../ports.ts';
import type { CheckContext, CheckResult } from './check.ts';

/** A text that a program printed, without secrets. */
export type Masked = (text: string) => Promise<string>;

export type Ran =
  | {
      readonly ran: ProcessResult;
      /** What is shown of it passes through this. */
      readonly masked: Masked;
    }
  | { readonly verdict: CheckResult };

const minute = 60_000;

const linesOfTail = 10;

/** The last lines that a program wrote, for details; without secrets. */
export const tailOf = async ({ ran, masked }: Exclude<Ran, { verdict: unknown }>): Promise<readonly string[]> =>
  // Masked before it is cut: a value of several lines is known by the first of them.
  (await masked(`${ran.stdout.toString('utf8')}\n${ran.stderr}`))
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .slice(-linesOfTail);

/** Throws `interrupted` when the run was; anything else that keeps the program from running is *could not run*. */
export const runFor = async (
  context: CheckContext,
  request: Pick<ProcessRequest, 'argv' | 'cwd' | 'timeout' | 'as'>,
): Promise<Ran> => {
  const { ports, signal, layout } = context;
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
  const masked: Masked = async (text) => (await maskFor(context))(stripVTControlCharacters(text));
  const answer = { ran, masked };
  if (!ran.timedOut) return answer;
  const cause = `no end after ${timeout / 1000} s`;
  return { verdict: { outcome: 'failed', cause, details: await tailOf(answer) } };
};

/** The target's Python, or why it cannot be asked. */
export const pythonOf = ({
  layout,
}: CheckContext): { readonly executable: string } | { readonly verdict: CheckResult } =>
  layout.python === null || layout.pythonCause !== null
    ? { verdict: { outcome: 'could-not-run', cause: layout.pythonCause ?? 'no Python was found in the target' } }
    : { executable: layout.python.executable };
