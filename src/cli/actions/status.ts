/** `sync status`: how each target stands, and why. */
import { type BackgroundView, viewBackground } from '../../app/after/background-view.ts';
import { forceHint, quarantineWords } from '../../app/quarantine.ts';
import { lookAtTargets, type TargetStatusReport } from '../../app/status.ts';
import type { Call } from '../call.ts';
import { optionalChoice } from '../choice.ts';
import type { Paint } from '../render/colours.ts';
import { grouped, namesText } from '../render/groups.ts';
import { fittedTable } from '../render/table.ts';
import { localTime } from '../render/times.ts';
import { somethingToSync, verdictCode } from '../verdict.ts';
import { screenOf } from '../world.ts';

export interface StatusOptions {
  readonly target?: readonly string[];
  readonly exitCode?: boolean;
}

export const stateWord = (state: TargetStatusReport['status'], paint: Paint): string => {
  const word = state.replaceAll('_', ' ');
  if (state === 'synchronized') return paint.good(word);
  return state === 'failed' || state === 'conflict' ? paint.bad(word) : paint.look(word);
};

/** What a sync would bring in step, target by target: a count alone says nothing to do anything about. */
const behindLines = (reports: readonly TargetStatusReport[]): readonly string[] =>
  grouped(reports.flatMap(({ target, behind }) => behind.map((text) => ({ target, text })))).map(
    ({ targets, text }) => `  ${namesText(targets)} behind in ${text}`,
  );

/** Whether rollbacks were tried, and when; of targets that were never tried, only `target show` speaks. */
const rollbackLines = (reports: readonly TargetStatusReport[]): readonly string[] =>
  grouped(reports.flatMap(({ target, rollback }) => (rollback === null ? [] : [{ target, text: rollback }]))).map(
    ({ targets, text }) => `  ${namesText(targets)}: ${text}`,
  );

/** What does not come again unasked, target by target, and what to type to have it all the same. */
export const quarantineLines = ({
  target,
  quarantine,
}: Pick<TargetStatusReport, 'target' | 'quarantine'>): readonly string[] =>
  quarantine.map((one) => {
    const next = one.why === 'failed' ? `lockstep sync run --target ${target} tries it again` : forceHint(target);
    return `${quarantineWords(one)}: ${next}`;
  });

const endings = { running: 'goes on since', 'cut-off': 'was cut off; it began', ended: 'began' } as const;

/** What a hook started: while it goes on, and what came of it. */
const backgroundLines = (view: BackgroundView | null): readonly string[] => {
  if (view === null) return [];
  const { state, hook, run, line, started, pid } = view;
  const parts = [
    `in the background, after ${hook}: ${endings[state]} ${localTime(started)}`,
    ...(state === 'running' ? [`process ${pid}`] : []),
    ...(run === null ? [] : [`run ${run} (lockstep sync show ${run})`]),
    ...(line === null || line === '' ? [] : [line]),
    ...(state === 'cut-off' ? ['lockstep sync recover'] : []),
  ];
  return [parts.join('; ')];
};

/** 3 when one is out of step; else, as *could not look* is not *in step*, 4 when some could not be looked at and 5 when none could. */
const standing = (reports: readonly TargetStatusReport[]): number =>
  reports.some(({ status }) => status !== 'synchronized' && status !== 'unknown')
    ? somethingToSync
    : verdictCode(reports.map(({ status }) => ({ passed: status === 'synchronized', error: null })));

/** Starts no build and no pip. Exits with 0 whatever it sees, as it was asked and answers; `--exit-code` asks for a verdict. */
export const runStatus = async (
  call: Call,
  names: readonly string[],
  options: Pick<StatusOptions, 'exitCode'>,
): Promise<number> => {
  const main = await call.main();
  const { signal, env } = call.world;
  const reports = await lookAtTargets(main, { targets: optionalChoice(names), signal, env });
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
      : [
          ...fittedTable(['target', 'state', 'priority', 'version', 'last sync', 'cause'], rows, {
            columns: screenOf(call.world.terminal),
            spare: ['priority', 'last sync', 'version'],
            first: 'shorten',
          }),
          ...behindLines(reports),
          ...rollbackLines(reports),
          ...reports.flatMap((report) => quarantineLines(report).map((line) => `  ${report.target}: ${line}`)),
        ];
  const background = viewBackground(main);
  call.answer({ kind: 'status', targets: reports, background }, [...lines, ...backgroundLines(background)]);
  return options.exitCode === true ? standing(reports) : 0;
};
