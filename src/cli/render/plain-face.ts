/** Plain lines, one for each thing that happened: for CI, pipes and log files. */
import type { LockstepEvent } from '../../domain/events.ts';
import type { Terminal } from '../world.ts';
import { type Paint, paintFor } from './colours.ts';
import type { Face } from './face.ts';
import { planLines } from './plan-text.ts';
import { summaryLines } from './summary.ts';
import { duration } from './times.ts';

const stepWord = (outcome: string, paint: Paint): string => {
  if (outcome === 'done') return paint.good('done');
  if (outcome === 'skipped') return paint.dim('nothing to do');
  return outcome === 'warned' ? paint.look('warned') : paint.bad('failed');
};

/** Lines for one event; none for what has nothing to say. */
export const plainLines = (event: LockstepEvent, paint: Paint, dryRun: () => boolean): string[] => {
  switch (event.kind) {
    case 'target.planned':
      return dryRun() ? planLines(event.plan, paint) : [];
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
    case 'target.warning':
      return [`${event.target} ${paint.look('!')} ${event.text}`];
    case 'run.finished':
      return summaryLines(event.results, paint);
    default:
      return [];
  }
};

export const plainFace = (terminal: Terminal): Face => {
  const paint = paintFor(terminal);
  let dryRun = false;
  return {
    draw: (event) => {
      if (event.kind === 'run.started') dryRun = event.dryRun;
      for (const line of plainLines(event, paint, () => dryRun)) terminal.out(line);
    },
    end: async () => {},
  };
};
