/** One JSON object a line, for programs. */
import type { Terminal } from '../world.ts';
import type { Face } from './face.ts';

export const jsonFace = (terminal: Pick<Terminal, 'out'>): Face => ({
  draw: (event) => terminal.out(JSON.stringify(event)),
  end: async () => {},
});
