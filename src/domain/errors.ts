/** Every expected trouble is a LockstepError with a code of this closed table. */

/**
 * Codes and the exit status that each one means when it ends the whole command.
 * 2: words, config, pipeline or registry are wrong, nothing was started; 5: asked for and not done;
 * 6: refused before anything started; 7: another live process holds the lock.
 */
export const errorCodes = {
  usage: 2,
  'not-a-main-project': 2,
  'config-invalid': 2,
  'pipeline-invalid': 2,
  'registry-invalid': 2,
  'receipt-invalid': 5,
  'journal-damaged': 5,
  'format-newer': 2,
  'unknown-target': 2,
  'unknown-name': 2,
  'unknown-revision': 2,
  'target-invalid': 2,
  'expression-invalid': 2,
  'path-refused': 5,
  'target-missing': 5,
  'target-changed': 5,
  'object-missing': 5,
  'backup-failed': 5,
  'backup-damaged': 5,
  'nothing-to-restore': 5,
  'python-unusable': 5,
  'package-build-failed': 5,
  'package-install-failed': 5,
  'checkout-refused': 5,
  'merge-failed': 5,
  'verify-failed': 5,
  'verify-unknown': 5,
  'step-failed': 5,
  'process-failed': 5,
  'process-timeout': 5,
  disk: 5,
  interrupted: 130,
  'conflict-refused': 6,
  untrusted: 6,
  'trust-unreadable': 2,
  'plan-invalid': 2,
  'plan-stale': 6,
  quarantined: 6,
  locked: 7,
} as const;

export type ErrorCode = keyof typeof errorCodes;

export interface ErrorFacts {
  /** The target it happened to. */
  readonly target?: string;
  /** What to type next. */
  readonly hint?: string;
  readonly cause?: unknown;
  /** More lines that help: the tail of a process's output, a list of problems. Shown under the message. */
  readonly details?: readonly string[];
}

/** Expected trouble: what happened, to which target, and what to type next. Anything else thrown is a bug. */
export class LockstepError extends Error {
  override readonly name = 'LockstepError';
  readonly code: ErrorCode;
  readonly target: string | undefined;
  readonly hint: string | undefined;
  readonly details: readonly string[];

  constructor(code: ErrorCode, message: string, facts: ErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = code;
    this.target = facts.target;
    this.hint = facts.hint;
    this.details = facts.details ?? [];
  }
}

/** The same error, with the target that it happened to filled in. Bugs pass through unchanged. */
export const forTarget = (error: unknown, target: string): unknown =>
  error instanceof LockstepError && error.target === undefined
    ? new LockstepError(error.code, error.message, {
        target,
        details: error.details,
        cause: error.cause,
        ...(error.hint === undefined ? {} : { hint: error.hint }),
      })
    : error;

/** What a person is told of any thrown value, in one line. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
