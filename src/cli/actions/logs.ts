/** `sync logs`: what the steps of a run printed. */
import { logsOf } from '../../app/records/logs.ts';
import type { Call } from '../call.ts';

export interface LogsOptions {
  readonly target?: string;
  readonly step?: string;
}

/** @param word `last`, a run's id, or the beginning of one */
export const runLogs = async (call: Call, word: string, options: LogsOptions): Promise<number> => {
  const { run, logs } = logsOf(await call.main('dry-run'), word, {
    target: options.target ?? null,
    step: options.step ?? null,
  });
  const { paint } = call;
  const where = [options.target, options.step].filter((one) => one !== undefined).join(' › ');
  call.answer(
    { kind: 'logs', run, logs },
    logs.length === 0
      ? [`nothing that ${where === '' ? 'a step' : where} of run ${run} printed is kept`]
      : logs.flatMap(({ target, step, text }) => [
          paint.strong(`── ${target} › ${step}`),
          ...text.replace(/\n$/, '').split('\n'),
        ]),
  );
  return 0;
};
