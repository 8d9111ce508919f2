/** Remembers, for each target, the commit whose run last failed there: nothing brings that one again by itself. */
import { join } from 'node:path';
import { LockstepError } from '../domain/errors.ts';
import type { Ports } from '../ports.ts';
import { fileNameOf } from './file-names.ts';
import type { StatePlaces } from './state-dir.ts';

const format = 1;

export interface FailedCommit {
  readonly commit: string;
  readonly run: string;
  /** ISO 8601 UTC. */
  readonly time: string;
  /** One line. */
  readonly cause: string;
}

type FailurePorts = Pick<Ports, 'files' | 'state'>;

const pathOf = (places: Pick<StatePlaces, 'failed'>, target: string): string =>
  join(places.failed, `${fileNameOf(target)}.json`);

/** undefined when there is none, or the file is damaged: then it is tried once more. Throws `format-newer`. */
export const readFailed = (
  { files }: Pick<FailurePorts, 'files'>,
  places: Pick<StatePlaces, 'failed'>,
  target: string,
): FailedCommit | undefined => {
  const path = pathOf(places, target);
  if (files.stat(path)?.kind !== 'file') return undefined;
  let entry: Partial<FailedCommit> & { readonly format?: unknown };
  try {
    entry = JSON.parse(files.readText(path)) ?? {};
  } catch {
    return undefined;
  }
  if (typeof entry.format === 'number' && entry.format > format) {
    throw new LockstepError('format-newer', `${path} has format ${entry.format}; this Lockstep reads up to ${format}`, {
      hint: 'update Lockstep here, or delete the file',
    });
  }
  const { commit, run, time, cause } = entry;
  const texts = [commit, run, time, cause];
  return texts.every((text) => typeof text === 'string') ? (entry as FailedCommit) : undefined;
};

/** Throws `disk`. */
export const saveFailed = (
  { state }: Pick<FailurePorts, 'state'>,
  places: Pick<StatePlaces, 'failed'>,
  { target, failed }: { readonly target: string; readonly failed: FailedCommit },
): void => state.replace(pathOf(places, target), `${JSON.stringify({ format, ...failed }, undefined, 2)}\n`);

/** Writes nothing when there is none. Throws `disk`. */
export const forgetFailed = (
  { files, state }: FailurePorts,
  places: Pick<StatePlaces, 'failed'>,
  target: string,
): void => {
  const path = pathOf(places, target);
  if (files.stat(path) !== undefined) state.remove(path);
};
