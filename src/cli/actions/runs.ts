/** `sync runs`: past runs, newest first. */
import { targetNamed } from '../../app/choose-targets.ts';
import { listRuns, type RunSummary } from '../../app/records/list.ts';
import { LockstepError } from '../../domain/errors.ts';
import type { Call } from '../call.ts';
import type { Paint } from '../render/colours.ts';
import { grouped, namesText } from '../render/groups.ts';
import { outcomeText, stateText } from '../render/outcomes.ts';
import { fittedTable } from '../render/table.ts';
import { counted, localTime } from '../render/times.ts';
import { screenOf } from '../world.ts';

export interface RunsOptions {
  readonly target?: string;
  readonly last?: string;
}

const usually = 20;

const countOf = (last: string | undefined): number => {
  if (last === undefined) return usually;
  if (/^[1-9]\d{0,5}$/.test(last)) return Number(last);
  throw new LockstepError('usage', `--last ${last} is no count`, {
    hint: 'a whole number from 1 on, such as --last 50',
  });
};

/** `done app, web; failed, undone api`, or what keeps the run from being told of. */
const outcomesText = (run: RunSummary, paint: Paint): string => {
  const state = stateText(run, paint);
  const targets = grouped(run.targets.map(({ target, outcome }) => ({ target, text: outcome }))).map(
    ({ targets: names, text }) => `${outcomeText(text, paint)} ${namesText(names)}`,
  );
  return [...(state === '' ? [] : [state]), ...targets].join('; ');
};

/** With a target, its runs alone; a target that was removed is known as long as a run is that it took part in. */
export const runRuns = async (call: Call, options: RunsOptions): Promise<number> => {
  const main = await call.main('dry-run');
  const count = countOf(options.last);
  const all = listRuns(main);
  const { target } = options;
  const holds = ({ targets }: RunSummary, name: string): boolean => targets.some((one) => one.target === name);
  const name =
    target === undefined || all.some((run) => holds(run, target))
      ? target
      : targetNamed(main.registry.read().targets, target).name;
  const meant = name === undefined ? all : all.filter((run) => holds(run, name));
  const shown = meant.slice(0, count);
  const { paint } = call;
  const rows = shown.map((run) => [
    run.run,
    localTime(run.started),
    run.commit?.slice(0, 10) ?? '',
    run.reason ?? '',
    outcomesText(run, paint),
  ]);
  const older = meant.length - shown.length;
  const none = name === undefined ? 'no run is recorded yet' : `no run of ${name} is recorded yet`;
  call.answer({ kind: 'runs', runs: shown, older }, [
    ...(shown.length === 0
      ? [`${none}: lockstep sync run ${name === undefined ? '--all-targets' : `--target ${name}`}`]
      : fittedTable(['run', 'started', 'commit', 'reason', 'targets'].map(paint.dim), rows, {
          columns: screenOf(call.world.terminal),
          spare: ['reason', 'commit'],
          first: 'whole',
        })),
    ...(older === 0 ? [] : [paint.dim(`${counted(older, 'older run')}: --last ${meant.length} shows all`)]),
  ]);
  return 0;
};
