/** Reads what a program wrote to standard input; a person at a terminal is not waited for. */
import type { ReadStream } from 'node:tty';

/** To its end, as text; empty for a terminal. Trouble with the pipe counts as its end. */
export const readInput = async (stdin: NodeJS.ReadStream & Partial<Pick<ReadStream, 'isTTY'>>): Promise<string> => {
  if (stdin.isTTY === true) return '';
  const pieces: Buffer[] = [];
  try {
    for await (const piece of stdin) pieces.push(Buffer.from(piece));
  } catch {
    // A closed or missing input has nothing more to say.
  }
  return Buffer.concat(pieces).toString('utf8');
};
