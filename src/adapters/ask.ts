/** Asks the person at the terminal; no answer is a no. */
import type { Readable, Writable } from 'node:stream';

/** Loads the prompt only when something is asked: most commands ask nothing. */
export const askYesNo =
  ({ input, output, signal }: { readonly input: Readable; readonly output: Writable; readonly signal: AbortSignal }) =>
  async (question: string): Promise<boolean> => {
    const { confirm } = await import('@clack/prompts');
    return (await confirm({ message: question, initialValue: false, input, output, signal })) === true;
  };
