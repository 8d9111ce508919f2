/** `verify`: runs suites of checks on the target as it will be committed; what fails, or cannot be run, stops the run. */
import { type Static, Type } from '@sinclair/typebox';
import type { CheckContext } from '../checks/check.ts';
import { checksOf, executedBy, runSuites, type VerifyReport } from '../checks/run-suites.ts';
import { LockstepError } from '../domain/errors.ts';
import { holdsNames } from '../domain/named-option.ts';
import type { StepKind } from './step.ts';

const options = Type.Object(
  {
    suites: Type.Optional(
      Type.Array(Type.String(), {
        description: 'core, integration and docs when left out',
        ...holdsNames('suite'),
      }),
    ),
    unknown: Type.Optional(
      Type.Union([Type.Literal('fail'), Type.Literal('warn')], {
        description: 'what a check counts as that could not run; fail when left out',
      }),
    ),
  },
  { additionalProperties: false },
);

const usual = ['core', 'integration', 'docs'] as const;
const linesOfDetails = 10;

const linesFor = (report: VerifyReport, outcome: 'failed' | 'could-not-run'): readonly string[] =>
  report.suites.flatMap(({ name: suite, checks }) =>
    checks
      .filter((check) => check.outcome === outcome)
      .flatMap(({ name, cause, details }) => {
        const more = details.length - linesOfDetails;
        return [
          `${suite}: ${name}: ${cause}`,
          ...details.slice(0, linesOfDetails).map((line) => `  ${line}`),
          ...(more > 0 ? [`  … and ${more} more`] : []),
        ];
      }),
  );

const namesOf = (report: VerifyReport, outcome: 'failed' | 'could-not-run'): readonly string[] =>
  report.suites.flatMap(({ checks }) => checks.filter((check) => check.outcome === outcome).map(({ name }) => name));

/** Throws `verify-failed`, or `verify-unknown` when nothing failed and something could not run. */
const judge = (
  report: VerifyReport,
  facts: { readonly target: string; readonly unknown: 'fail' | 'warn' },
): string | undefined => {
  const total = report.suites.reduce((sum, { checks }) => sum + checks.length, 0);
  const failed = namesOf(report, 'failed');
  const unrun = namesOf(report, 'could-not-run');
  const details = [...linesFor(report, 'failed'), ...linesFor(report, 'could-not-run')];
  const hint = `lockstep sync verify --target ${facts.target}`;
  if (failed.length > 0) {
    throw new LockstepError('verify-failed', `${failed.length} of ${total} checks failed: ${failed.join(', ')}`, {
      details,
      hint,
    });
  }
  if (unrun.length === 0) return undefined;
  const text = `${unrun.length} of ${total} checks could not run: ${unrun.join(', ')}`;
  if (facts.unknown === 'fail') throw new LockstepError('verify-unknown', text, { details, hint });
  return text;
};

export const verify: StepKind = {
  name: 'verify',
  summary: 'Runs suites of checks; the run is undone when one fails or could not run.',
  with: options,
  mutates: false,
  executes: (project, given) =>
    checksOf(project, (given as Static<typeof options>).suites ?? usual).some(({ checks }) =>
      checks.some((check) => executedBy(project, check).length > 0),
    ),
  idempotent: true,
  plan: async (context, given, id) => {
    const suites = checksOf(context.project, (given as Static<typeof options>).suites ?? usual);
    const total = suites.reduce((sum, { checks }) => sum + checks.length, 0);
    const { unknown = 'fail' } = given as Static<typeof options>;
    const facts = { suites: suites.map(({ name }) => name), unknown };
    const names = facts.suites.join(', ') || 'no suite';
    const shared = { id, uses: 'verify', patch: {}, warnings: [], facts };
    if (total === 0) return { ...shared, actions: [], skipped: `${names}: no checks are defined` };
    const text = `verify ${names} (${total} ${total === 1 ? 'check' : 'checks'})`;
    return { ...shared, actions: [{ kind: 'note', sign: '=', text }], skipped: null };
  },
  apply: async (context, plan) => {
    // Before the commit the receipt to come says what was decided; once the run failed, the one that stands.
    const receipt = context.failure === null ? context.pendingReceipt() : context.receipt;
    const target: CheckContext = { ...context, receipt };
    const { suites, unknown } = plan.facts as { readonly suites: readonly string[]; readonly unknown: 'fail' | 'warn' };
    const report = await runSuites(target, suites, context.emit);
    context.outputs.set(plan.id, { report });
    const warning = judge(report, { target: context.target.name, unknown });
    if (warning !== undefined) context.emit({ kind: 'target.warning', target: context.target.name, text: warning });
  },
};
