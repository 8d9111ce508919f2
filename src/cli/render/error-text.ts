/** An error as a tired person reads it: what happened, to which target, what to type next. */
import packageFacts from '../../../package.json' with { type: 'json' };
import { LockstepError } from '../../domain/errors.ts';
import type { Paint } from './colours.ts';

/** Where it happened; a place in the built program says something only with its version. */
const bugLines = (error: unknown): readonly string[] => [
  ...(error instanceof Error ? (error.stack ?? error.message) : String(error)).split('\n'),
  `lockstep ${packageFacts.version}`,
];

/** Lines for expected trouble; a bug is shown whole, with how to report it. */
export const errorLines = (error: unknown, paint: Paint): string[] => {
  if (error instanceof LockstepError) {
    const where = error.target === undefined ? '' : `${error.target}: `;
    return [
      `${paint.bad('error')} ${where}${error.message}`,
      ...error.details.map((line) => `  ${line}`),
      ...(error.hint === undefined ? [] : [`${paint.dim('next')}  ${error.hint}`]),
    ];
  }
  return [
    `${paint.bad('bug')} something happened that Lockstep did not expect`,
    ...bugLines(error).map((line) => `  ${line}`),
    `${paint.dim('next')}  report these lines with what you typed; nothing is half done after: lockstep sync recover`,
  ];
};

/** The same for a program. */
export const errorObject = (error: unknown): Record<string, unknown> =>
  error instanceof LockstepError
    ? {
        kind: 'error',
        code: error.code,
        message: error.message,
        target: error.target ?? null,
        hint: error.hint ?? null,
        details: error.details,
      }
    : {
        kind: 'error',
        code: 'bug',
        message: error instanceof Error ? error.message : String(error),
        target: null,
        hint: null,
        details: bugLines(error),
      };
