/** What the hook inside a program is told, and what it notes. */
import { readFileSync } from 'node:fs';

/** The environment variable that holds a `Hooked` as JSON. */
export const hookVariable = 'LOCKSTEP_CRASH_HOOK';

interface Shared {
  /** Folders whose writing calls count, absolute. */
  readonly under: readonly string[];
  /** Where the notes go, or the path at which the program was killed. */
  readonly log: string;
}

export type Hooked =
  | (Shared & { readonly what: 'note' })
  | (Shared & { readonly what: 'list' })
  | (Shared & {
      readonly what: 'kill';
      /** Which calls count, by the name of the system call; every one that writes when null. */
      readonly call: string | null;
      /** SIGKILL at so many, from 1. */
      readonly at: number;
      /** `halfway` leaves half of a write's bytes; no other call has a half. */
      readonly how: 'before' | 'halfway';
    });

/** One writing call, as the kernel will name it. */
export interface Turn {
  readonly syscall: string;
  /** Which one of this call's, from 1; those that fail count too, but are not listed. */
  readonly nth: number;
  readonly paths: readonly string[];
}

/** One writing call that succeeded. Files are told apart by inode, folders by path. */
export type Noted =
  | { readonly call: 'create'; readonly path: string; readonly ino: number; readonly mode: number }
  | { readonly call: 'truncate'; readonly path: string; readonly ino: number }
  | { readonly call: 'write'; readonly path: string; readonly ino: number; readonly base64: string }
  | { readonly call: 'fsync'; readonly path: string; readonly ino: number }
  | { readonly call: 'chmod'; readonly path: string; readonly ino: number; readonly mode: number }
  | { readonly call: 'rename' | 'link'; readonly from: string; readonly path: string }
  | { readonly call: 'symlink'; readonly path: string; readonly ino: number; readonly to: string }
  | { readonly call: 'mkdir'; readonly path: string; readonly ino: number; readonly mode: number }
  | { readonly call: 'unlink' | 'rmdir'; readonly path: string };

const linesOf = (log: string): readonly string[] =>
  readFileSync(log, 'utf8')
    .split('\n')
    .filter((line) => line !== '');

/** The notes of a program that ended. */
export const readNotes = (log: string): readonly Noted[] => linesOf(log).map((line) => JSON.parse(line) as Noted);

/** What a program that ended did, or the one call that it died before. */
export const readTurns = (log: string): readonly Turn[] => linesOf(log).map((line) => JSON.parse(line) as Turn);
