/** `sync status`: how each target stands, and why. */
import { status, type TargetStatusReport } from '../../app/status.ts';
import type { Call } from '../call.ts';
import { optionalChoice } from '../choice.ts';
import type { Paint } from '../render/colours.ts';
import { table } from '../render/table.ts';
import { localTime } from '../render/times.ts';

export interface StatusOptions {
  readonly target?: readonly string[];
}

export const stateWord = (state: TargetStatusReport['status'], paint: Paint): string => {
  const word = state.replaceAll('_', ' ');
  if (state === 'synchronized') return paint.good(word);
  return state === 'failed' || state === 'conflict' ? paint.bad(word) : paint.look(word);
};

/** Starts no build and no pip. Exits with 0 whatever it sees: it was asked, and it answers. */
export const runStatus = async (call: Call, names: readonly string[]): Promise<number> => {
  const main = await call.main();
  const { signal, env } = call.world;
  const reports = await status(main, { targets: optionalChoice(names), signal, env });
  const rows = reports.map((report) => [
    report.target,
    stateWord(report.status, call.paint),
    report.priority ?? '',
    report.version ?? '',
    localTime(report.lastSync),
    report.cause,
  ]);
  const lines =
    rows.length === 0
      ? ['no target to show: lockstep target add <name> --path <folder>']
      : table(['target', 'state', 'priority', 'version', 'last sync', 'cause'], rows);
  call.answer({ kind: 'status', targets: reports }, lines);
  return 0;
};
