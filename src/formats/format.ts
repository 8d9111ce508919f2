/** A configuration file format: reading values, and edits that keep every other byte. */
import type { Edit, Value } from '../domain/config-value.ts';

export type { Edit, Key, Value } from '../domain/config-value.ts';

export interface Format {
  readonly name: string;
  /** Lower case, with the dot. */
  readonly extensions: readonly string[];
  /** Throws `merge-failed` with line and column for text that is not valid. */
  parse(text: string): Value;
  /**
   * Applies edits by splicing; re-reads the result and throws `merge-failed` when it is not what was asked.
   * `source`, the file that new keys come from: comment lines directly above a key there come along with a new one.
   */
  edit(text: string, edits: readonly Edit[], source?: string): string;
}
