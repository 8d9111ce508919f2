/** `sync verify` and `target verify`: checks targets as they stand. */
import { type TargetVerifyReport, verify } from '../../app/verify.ts';
import type { Call } from '../call.ts';
import { commaList, requiredChoice } from '../choice.ts';
import { errorLines } from '../render/error-text.ts';
import { counted } from '../render/times.ts';
import { askTrust } from '../trust-question.ts';
import { verdictCode } from '../verdict.ts';

export interface VerifyOptions {
  readonly target?: readonly string[];
  readonly allTargets?: boolean;
  readonly tests?: string;
}

const reportLines = (report: TargetVerifyReport, call: Call): readonly string[] => {
  const { paint } = call;
  const checks = report.suites.flatMap((suite) => suite.checks.map((check) => ({ suite: suite.name, check })));
  const failed = checks.filter(({ check }) => check.outcome !== 'passed').length;
  const verdict = report.passed ? paint.good('verified') : paint.bad('not verified');
  const counts =
    failed === 0 ? counted(checks.length, 'check') : `${failed} of ${counted(checks.length, 'check')} did not pass`;
  return [
    ...checks.flatMap(({ suite, check }) => [
      `${report.target} › ${suite}: ${check.name} ${check.outcome === 'passed' ? paint.good('passed') : paint.bad(check.outcome.replaceAll('-', ' '))}: ${check.cause}`,
      ...(check.outcome === 'passed'
        ? []
        : check.details.filter((line) => line !== check.cause).map((line) => `    ${line}`)),
    ]),
    ...(report.error === null
      ? [`${paint.strong(report.target)} ${verdict}: ${counts}`]
      : errorLines(report.error, paint)),
  ];
};

/** Exits as a run does: 0 all passed, 4 some, 5 none. */
export const runVerify = async (call: Call, names: readonly string[], options: VerifyOptions): Promise<number> => {
  const targets = requiredChoice({
    names: [...names, ...(options.target ?? [])],
    all: options.allTargets === true,
    allFlag: '--all-targets',
    command: 'sync verify --target',
  });
  const suites = options.tests === undefined ? null : commaList(options.tests, '--tests');
  const main = await call.main();
  const { signal, env } = call.world;
  const reports = await verify(main, { targets, suites, emit: () => {}, ...askTrust(call), signal, env });
  call.answer(
    {
      kind: 'verify',
      passed: reports.every((report) => report.passed),
      targets: reports.map(({ error, ...report }) => ({
        ...report,
        error: error === null ? null : { code: error.code, message: error.message, hint: error.hint ?? null },
      })),
    },
    reports.length === 0
      ? ['no target is registered: nothing to verify']
      : reports.flatMap((report) => reportLines(report, call)),
  );
  return verdictCode(reports);
};
