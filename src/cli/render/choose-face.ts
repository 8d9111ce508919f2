/** Which face draws: JSON for programs, the task tree for a person at a terminal, plain lines elsewhere. */
import type { Terminal } from '../world.ts';
import type { Face } from './face.ts';
import { jsonFace } from './json-face.ts';
import { plainFace } from './plain-face.ts';

export const chooseFace = async (
  terminal: Terminal,
  { json, dryRun }: { json: boolean; dryRun: boolean },
): Promise<Face> => {
  if (json) return jsonFace(terminal);
  // A dry run's answer is the plan itself, which a redrawn tree would not keep on the screen.
  if (!terminal.interactive || dryRun) return plainFace(terminal);
  const { listrFace } = await import('./listr-face.ts');
  return listrFace(terminal);
};
