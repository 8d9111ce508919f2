/** Asks the person at the terminal for texts and choices; whoever ends the asking interrupts the command. */
import type { Readable, Writable } from 'node:stream';
import { LockstepError } from '../domain/errors.ts';
import type { Prompts } from '../ports.ts';

/** Loads the prompts only when something is asked: most commands ask nothing. */
export const clackPrompts = (terminal: {
  readonly input: Readable;
  readonly output: Writable;
  readonly signal: AbortSignal;
}): Prompts => {
  /** A symbol is what the library answers when the person ends the asking. */
  const answered = <Value>(answer: Value | symbol): Value => {
    if (typeof answer !== 'symbol') return answer;
    throw new LockstepError('interrupted', 'interrupted: nothing was written');
  };
  return {
    text: async ({ message, initial }) => {
      const { text } = await import('@clack/prompts');
      return answered<string>(await text({ message, initialValue: initial, ...terminal }));
    },
    choose: async ({ message, options, initial }) => {
      const { multiselect } = await import('@clack/prompts');
      const chosen = await multiselect({
        message,
        options: options.map((value) => ({ value, label: value })),
        initialValues: [...initial],
        required: false,
        ...terminal,
      });
      return answered<readonly string[]>(chosen);
    },
    confirm: async ({ message, initial }) => {
      const { confirm } = await import('@clack/prompts');
      return answered<boolean>(await confirm({ message, initialValue: initial === 'yes', ...terminal }));
    },
  };
};
