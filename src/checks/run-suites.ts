/** Runs suites of checks in order and answers for each of them; a check that could not run did not pass. */
import { LockstepError, messageOf } from '../domain/errors.ts';
import type { EventBody } from '../domain/events.ts';
import { nearestName } from '../domain/nearest.ts';
import type { CheckSpec } from '../domain/project.ts';
import type { CheckContext, CheckOutcome, CheckResult } from './check.ts';
import { suitesOf } from './default-suites.ts';
import { checkKinds } from './index.ts';

export interface CheckReport {
  readonly name: string;
  readonly uses: string;
  readonly outcome: CheckOutcome;
  readonly cause: string;
  readonly details: readonly string[];
  /** Milliseconds. */
  readonly took: number;
}

export interface SuiteReport {
  readonly name: string;
  readonly checks: readonly CheckReport[];
}

export interface VerifyReport {
  readonly suites: readonly SuiteReport[];
  /** Whether every check passed. A suite without checks has nothing that could fail. */
  readonly passed: boolean;
}

const unknown = (what: string, word: string, known: readonly string[]): LockstepError => {
  const near = nearestName(word, known);
  return new LockstepError('unknown-name', `there is no ${what} ${word}`, {
    hint: near === undefined ? `there are ${known.join(', ')}` : `did you mean ${near}?`,
  });
};

/** The checks of the named suites. Throws `unknown-name` for a suite or a check kind that there is not. */
export const checksOf = (
  project: CheckContext['project'],
  suites: readonly string[],
): readonly { readonly name: string; readonly checks: readonly CheckSpec[] }[] => {
  const known = suitesOf(project);
  return [...new Set(suites)].map((name) => {
    const checks = Object.hasOwn(known, name) ? known[name] : undefined;
    if (checks === undefined) throw unknown('suite', name, Object.keys(known));
    for (const { uses } of checks) {
      if (checkKinds.every((kind) => kind.name !== uses))
        throw unknown(
          'check',
          uses,
          checkKinds.map((kind) => kind.name),
        );
    }
    return { name, checks };
  });
};

/** What a check executes on this machine, one line each; empty for one that only reads. */
export const executedBy = (project: CheckContext['project'], { uses, with: options }: CheckSpec): readonly string[] =>
  checkKinds.find((kind) => kind.name === uses)?.executes?.(project, options) ?? [];

/** Whether a suite can only pass where the package is installed: it judges the package, or starts programs. */
export const needsPackage = (project: CheckContext['project'], checks: readonly CheckSpec[]): boolean =>
  checks.some(
    (spec) =>
      checkKinds.find(({ name }) => name === spec.uses)?.judges === 'package' || executedBy(project, spec).length > 0,
  );

const runCheck = async (context: CheckContext, spec: CheckSpec): Promise<CheckResult> => {
  const kind = checkKinds.find((candidate) => candidate.name === spec.uses);
  if (kind === undefined)
    throw unknown(
      'check',
      spec.uses,
      checkKinds.map(({ name }) => name),
    );
  try {
    return await kind.run(context, spec.with);
  } catch (error) {
    // Trouble of the environment says nothing about the target; a wrong name and an interruption end everything.
    if (!(error instanceof LockstepError) || error.code === 'interrupted' || error.code === 'unknown-name') throw error;
    return { outcome: 'could-not-run', cause: messageOf(error), details: error.details };
  }
};

/** Emits `check.finished` for each. Throws `unknown-name` before the first check runs, `interrupted`. */
export const runSuites = async (
  context: CheckContext,
  suites: readonly string[],
  emit: (event: EventBody) => void,
): Promise<VerifyReport> => {
  const { clock } = context.ports;
  const reports: SuiteReport[] = [];
  for (const { name: suite, checks } of checksOf(context.project, suites)) {
    const done: CheckReport[] = [];
    for (const spec of checks) {
      if (context.signal.aborted) throw new LockstepError('interrupted', 'interrupted while verifying');
      const started = clock.ticks();
      const { outcome, cause, details = [] } = await runCheck(context, spec);
      const { name, uses } = spec;
      done.push({ name, uses, outcome, cause, details, took: clock.ticks() - started });
      emit({ kind: 'check.finished', target: context.target.name, suite, check: name, outcome, cause });
    }
    reports.push({ name: suite, checks: done });
  }
  return {
    suites: reports,
    passed: reports.every(({ checks }) => checks.every(({ outcome }) => outcome === 'passed')),
  };
};
