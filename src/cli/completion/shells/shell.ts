/** What a shell needs to complete: a name, and a script that asks Lockstep for the words. */
import type { Launcher } from '../../../domain/hooks/place.ts';

export interface Shell {
  readonly name: string;
  /** How to switch it on, one line for a start-up file. */
  readonly install: string;
  /** The script; it runs the recorded Lockstep, for a completion has no PATH of its own to trust. */
  readonly script: (launcher: Launcher) => string;
}

/** A text between single quotes, as every one of these shells reads it. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
