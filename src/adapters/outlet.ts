/** Writes to standard output or error: a reader that is gone ends nothing, and what could not be written is known at the end. */
import type { Writable } from 'node:stream';
import { LockstepError } from '../domain/errors.ts';
import { reasonOf } from './disk-error.ts';

export interface Outlet {
  readonly line: (text: string) => void;
  /** Resolves once everything is written or given up; with the error where a line was lost, not to a reader who left. */
  readonly finished: () => Promise<LockstepError | undefined>;
}

// A closed pipe (`| head`) is a reader that has seen enough; a terminal that hung up has told so by its signal.
const readerLeft = new Set(['EPIPE', 'EIO', 'ERR_STREAM_DESTROYED']);

const hint = 'make room where it goes, or let it go elsewhere; whatever the command did is done';

/** Takes the stream's errors over: whoever writes past the outlet is as safe. */
export const outletTo = (stream: Writable): Outlet => {
  let lost: LockstepError | undefined;
  let open = true;
  const note = (error: NodeJS.ErrnoException | null | undefined): void => {
    if (!error) return;
    if (!readerLeft.has(error.code ?? '') && open) {
      lost = new LockstepError('disk', `the output could not be written: ${reasonOf(error)}`, { cause: error, hint });
    }
    open = false;
  };
  stream.on('error', note);
  return {
    line: (text) => {
      if (open) stream.write(`${text}\n`, note);
    },
    finished: () =>
      new Promise((resolve) => {
        stream.write('', (error) => {
          note(error);
          resolve(lost);
        });
      }),
  };
};
