/** `diagnose`: tells plainly what failed, and what is known to help. */
import { Type } from '@sinclair/typebox';
import { type ErrorCode, LockstepError, messageOf } from '../domain/errors.ts';
import type { StepKind } from './step.ts';

/** Said when the error itself brings no hint. */
const known: Readonly<Partial<Record<ErrorCode, string>>> = {
  'verify-failed':
    'the target was judged as it would have been committed: mend main, or the check, and run the sync again',
  'verify-unknown':
    'a check could not run, which is not the same as a failure: give it what it misses, or take it out of the suite',
  'target-changed': 'somebody wrote in the target meanwhile: run the sync again',
  'python-unusable': 'run the target’s Python by hand to see what ails it',
  'package-build-failed': 'build the package by hand: python -m pip wheel --no-deps <its folder>',
  'object-missing': 'the clone of main is partial: git fetch what is missing',
  'process-timeout': 'give the step a longer `timeout`, or find out what it waits for',
  disk: 'look for free space and permissions: df -h, ls -ld',
};

const linesOf = (failure: unknown): readonly string[] => {
  if (failure === null || failure === undefined) return ['nothing failed'];
  if (!(failure instanceof LockstepError))
    return [`${messageOf(failure)}`, 'this is a bug in Lockstep: please report it'];
  const hint = failure.hint ?? known[failure.code];
  return [
    `${failure.message} (${failure.code})`,
    ...failure.details,
    ...(failure.cause === undefined || failure.cause === null ? [] : [`because: ${messageOf(failure.cause)}`]),
    ...(hint === undefined ? [] : [`what may help: ${hint}`]),
  ];
};

export const diagnose: StepKind = {
  name: 'diagnose',
  summary: 'For on_failure: tells what failed, with every detail, and what may help.',
  with: Type.Object({}, { additionalProperties: false }),
  mutates: false,
  idempotent: true,
  plan: async (_context, _options, id) => ({
    id,
    uses: 'diagnose',
    actions: [{ kind: 'note', sign: '=', text: 'tell what failed' }],
    skipped: null,
    patch: {},
    warnings: [],
  }),
  apply: async (context, plan) => {
    const text = linesOf(context.failure).join('\n');
    context.emit({ kind: 'step.output', target: context.target.name, step: plan.id, text });
  },
};
