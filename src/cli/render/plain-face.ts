/** Plain lines, one for each thing that happened: for CI, pipes and log files. */
import type { LockstepEvent } from '../../domain/events.ts';
import type { TargetPlan } from '../../domain/plan.ts';
import type { Terminal } from '../world.ts';
import type { Paint } from './colours.ts';
import type { Face } from './face.ts';
import { planLines, reasonText } from './plan-text.ts';
import { type SummaryStyle, summaryLines } from './summary.ts';
import { counted, duration } from './times.ts';
import { oneLine } from './visible.ts';

const stepWord = (outcome: string, paint: Paint): string => {
  if (outcome === 'done') return paint.good('done');
  if (outcome === 'skipped') return paint.dim('nothing to do');
  return outcome === 'warned' ? paint.look('warned') : paint.bad('failed');
};

/** Why the sync is a full one, or was started; what the plan says is shown by a dry run. */
const reasonLines = (plan: TargetPlan, paint: Paint): string[] => {
  const why = reasonText(plan);
  return why === null ? [] : [`${plan.target} › ${paint.dim(why)}`];
};

/** Lines for one event; none for what has nothing to say. */
export const plainLines = (event: LockstepEvent, style: SummaryStyle, dryRun: () => boolean): string[] => {
  const { paint } = style;
  switch (event.kind) {
    case 'target.planned':
      return dryRun() ? planLines(event.plan, paint) : reasonLines(event.plan, paint);
    case 'step.finished': {
      const cause = event.cause === '' ? '' : `: ${event.cause}`;
      return [
        `${event.target} › ${event.step} ${stepWord(event.outcome, paint)}${cause} ${paint.dim(`(${duration(event.took)})`)}`,
      ];
    }
    case 'check.finished': {
      const word = event.outcome === 'passed' ? paint.good('passed') : paint.bad(event.outcome.replaceAll('-', ' '));
      return [
        `${event.target} › ${event.suite} › ${event.check} ${word}${event.outcome === 'passed' ? '' : `: ${event.cause}`}`,
      ];
    }
    case 'step.resolved':
      return event.lines.map((line) => `${event.target} › ${event.step} ${paint.dim(line)}`);
    case 'target.warning':
      return [`${event.target} ${paint.look('!')} ${event.text}`];
    case 'plan.written':
      return [
        `${counted(event.targets.length, 'target')} planned in ${event.file}`,
        `${paint.dim('next')}  to do that and nothing else: lockstep sync run --plan ${event.file}`,
      ];
    case 'run.finished':
      return summaryLines(event.results, style);
    default:
      return [];
  }
};

export const plainFace = (terminal: Pick<Terminal, 'out'>, style: SummaryStyle): Face => {
  let dryRun = false;
  return {
    draw: (event) => {
      if (event.kind === 'run.started') dryRun = event.dryRun;
      for (const line of plainLines(event, style, () => dryRun)) terminal.out(oneLine(line));
    },
    end: async () => {},
  };
};
