/** Which face draws: JSON for programs, the task tree for a person at a terminal, plain lines elsewhere. */
import { screenOf, type Terminal } from '../world.ts';
import { paintFor } from './colours.ts';
import type { Face } from './face.ts';
import { jsonFace } from './json-face.ts';
import { plainFace } from './plain-face.ts';
import type { SummaryStyle } from './summary.ts';

export interface FaceChoice {
  readonly json: boolean;
  readonly dryRun: boolean;
  readonly again: SummaryStyle['again'];
}

export const chooseFace = async (terminal: Terminal, { json, dryRun, again }: FaceChoice): Promise<Face> => {
  if (json) return jsonFace(terminal);
  const style = { paint: paintFor(terminal), columns: screenOf(terminal), again };
  // A dry run's answer is the plan itself, which a redrawn tree would not keep on the screen.
  if (!terminal.interactive || dryRun) return plainFace(terminal, style);
  const { listrFace } = await import('./listr-face.ts');
  return listrFace(terminal, style);
};
