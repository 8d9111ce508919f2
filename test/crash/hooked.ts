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
  /** SIGKILL at the n-th write, from 1; `halfway` leaves half of its bytes. */
  | (Shared & { readonly what: 'kill'; readonly at: number; readonly how: 'before' | 'halfway' });

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

/** The notes of a program that ended. */
export const readNotes = (log: string): readonly Noted[] =>
  readFileSync(log, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Noted);
