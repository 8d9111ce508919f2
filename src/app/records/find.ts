/** Finds the run that a person's word means. */
import { LockstepError } from '../../domain/errors.ts';
import { nearestName } from '../../domain/nearest.ts';
import type { MainProject } from '../main-project.ts';
import { knownRuns } from './list.ts';

const shown = 5;

/**
 * The id of a run, from `last`, its whole id, the beginning of one, or the letters after its dash.
 * Throws `unknown-name` with the nearest id, `usage` when it means several.
 */
export const findRun = (main: MainProject, word: string): string => {
  const ids = knownRuns(main);
  const [newest] = ids;
  if (newest === undefined) {
    throw new LockstepError('unknown-name', 'no run is recorded yet', { hint: 'lockstep sync run --all-targets' });
  }
  if (word === 'last') return newest;
  const wanted = word.toLowerCase();
  const exact = ids.find((id) => id.toLowerCase() === wanted);
  if (exact !== undefined) return exact;
  const found =
    wanted === '' ? [] : ids.filter((id) => id.toLowerCase().startsWith(wanted) || id.endsWith(`-${wanted}`));
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  if (found.length > 1) {
    throw new LockstepError('usage', `${word} means ${found.length} runs`, {
      details: [...found.slice(0, shown), ...(found.length > shown ? [`… and ${found.length - shown} more`] : [])],
      hint: 'give more of the id',
    });
  }
  const near = nearestName(word, ids);
  throw new LockstepError('unknown-name', `there is no run ${word}`, {
    hint: near === undefined ? 'lockstep sync runs lists them; the newest one is `last`' : `did you mean ${near}?`,
  });
};
