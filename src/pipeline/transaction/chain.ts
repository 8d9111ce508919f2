/** What has to become of one path, whatever the run did to it and how often. */
import type { FileState } from '../../domain/file-state.ts';
import type { FileEntry } from '../../store/journal.ts';

export interface Chain {
  readonly path: string;
  readonly goal: FileState;
  readonly now: FileState;
  /** The first entry: its hold has what stood there before the run. */
  readonly first: FileEntry;
  /** Whether what stands there now was put there by the run. */
  readonly ours: boolean;
  /** Of a folder that stands there now: whether its permissions are. */
  readonly modeOurs: boolean;
}
