/** Remembers, for each target, the commit whose run last failed there: nothing brings that one again by itself. */
import type { Ports } from '../ports.ts';
import type { StatePlaces } from './state-dir.ts';
import { entryPath, readEntry, saveEntry } from './target-entry.ts';

export interface FailedCommit {
  readonly commit: string;
  readonly run: string;
  /** ISO 8601 UTC. */
  readonly time: string;
  /** One line. */
  readonly cause: string;
}

type FailurePorts = Pick<Ports, 'files' | 'state'>;

/** undefined when there is none, or the file is damaged: then it is tried once more. Throws `format-newer`. */
export const readFailed = (
  { files }: Pick<FailurePorts, 'files'>,
  places: Pick<StatePlaces, 'failed'>,
  target: string,
): FailedCommit | undefined => {
  const entry = readEntry(files, entryPath(places.failed, target));
  if (entry === undefined) return undefined;
  const { commit, run, time, cause } = entry;
  const texts = [commit, run, time, cause];
  return texts.every((text) => typeof text === 'string') ? (entry as unknown as FailedCommit) : undefined;
};

/** Throws `disk`. */
export const saveFailed = (
  { state }: Pick<FailurePorts, 'state'>,
  places: Pick<StatePlaces, 'failed'>,
  { target, failed }: { readonly target: string; readonly failed: FailedCommit },
): void => saveEntry(state, entryPath(places.failed, target), failed);

/** Writes nothing when there is none. Throws `disk`. */
export const forgetFailed = (
  { files, state }: FailurePorts,
  places: Pick<StatePlaces, 'failed'>,
  target: string,
): void => {
  const path = entryPath(places.failed, target);
  if (files.stat(path) !== undefined) state.remove(path);
};
