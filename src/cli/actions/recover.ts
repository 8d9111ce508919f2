/** `sync recover`: ends what cut-off runs left. */
import { recoverAll } from '../../app/recover.ts';
import type { Call } from '../call.ts';

export const runRecover = async (call: Call): Promise<number> => {
  const reports = await recoverAll(await call.main());
  call.answer(
    { kind: 'recover', targets: reports },
    reports.length === 0
      ? ['no run was cut off: nothing to recover']
      : reports.flatMap((report) => report.lines.map((line) => `${report.target}: ${line}`)),
  );
  return 0;
};
