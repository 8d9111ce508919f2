/** Words and colours for what became of runs, targets and steps, as records tell it. */
import type { RunSummary } from '../../app/records/list.ts';
import type { Paint } from './colours.ts';

/** What became of one target of a run. */
export const outcomeText = (outcome: string, paint: Paint): string => {
  switch (outcome) {
    case 'done':
    case 'nothing-to-do':
      return paint.good(outcome.replaceAll('-', ' '));
    case 'failed':
    case 'interrupted':
    case 'cut-off':
      return paint.bad(outcome.replaceAll('-', ' '));
    case 'undone':
      return paint.bad('failed, undone');
    default:
      return paint.look(outcome.replaceAll('-', ' '));
  }
};

/** What became of the run as a whole; nothing to say of one that came to its end. */
export const stateText = ({ state, cause }: Pick<RunSummary, 'state' | 'cause'>, paint: Paint): string => {
  const why = cause === null ? '' : `: ${cause}`;
  switch (state) {
    case 'finished':
      return '';
    case 'running':
      return paint.look(`running${why}`);
    case 'cut-off':
      return paint.bad(`cut off${why}`);
    case 'unreadable':
      return paint.look(`not readable${why}`);
  }
};
