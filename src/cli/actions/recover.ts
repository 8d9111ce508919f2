/** `sync recover`: ends what cut-off runs left. */
import { clearScratch, giveBackStateLocks, recoverAll } from '../../app/recover-all.ts';
import type { Call } from '../call.ts';
import { errorLines, errorObject } from '../render/error-text.ts';
import { verdictCode } from '../verdict.ts';

/** One target's trouble hides no other's recovery. Exits with 4 when some could not be recovered or ended, 5 when none could. */
export const runRecover = async (call: Call): Promise<number> => {
  const main = await call.main();
  const scratch = clearScratch(main);
  const reports = await recoverAll(main);
  const cleared = await giveBackStateLocks(main);
  const ended = scratch.flatMap((one) => one.ended);
  const running = scratch.flatMap((one) => one.running);
  const removed = [
    ...cleared,
    ...scratch.filter((one) => one.running.length === 0 && one.left === null).map(({ path }) => path),
  ];
  const left = scratch.flatMap(({ path, left: why }) => (why === null ? [] : [{ path, why }]));
  call.answer(
    {
      kind: 'recover',
      targets: reports.map((report) => ({
        ...report,
        error: report.error === null ? null : errorObject(report.error),
      })),
      cleared: removed,
      ended,
      running,
      left,
    },
    reports.length + removed.length + running.length + left.length === 0
      ? ['no run was cut off: nothing to recover']
      : [
          ...reports.flatMap(({ target, lines, error }) =>
            error === null ? lines.map((line) => `${target}: ${line}`) : errorLines(error, call.paint),
          ),
          ...ended.map((command) => `ended ${command}: a run that was killed had started it`),
          ...running.map(
            (command) => `${command} still runs, and cannot be ended: a run that was killed had started it`,
          ),
          ...left.map(({ path, why }) => `${path} cannot be removed: ${why}`),
          ...removed.map((path) => `removed ${path}: a process that is gone left it`),
        ],
  );
  const verdicts = [
    ...reports.map(({ error }) => ({ passed: error === null, error })),
    ...scratch.map((one) => ({ passed: one.running.length === 0 && one.left === null, error: null })),
  ];
  return verdictCode(verdicts);
};
