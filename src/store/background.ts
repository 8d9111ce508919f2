/** What a hook last started in the background: who does it, since when, and how it ended. */
import { join } from 'node:path';
import type { Owner, Ports } from '../ports.ts';
import { compactTime } from './file-names.ts';
import type { StatePlaces } from './state-dir.ts';

const format = 1;

export interface BackgroundWork {
  /** The git hook that it follows, such as `post-merge`. */
  readonly hook: string;
  readonly owner: Owner;
  /** ISO 8601 UTC. */
  readonly started: string;
  /** null while it goes on. */
  readonly finished: string | null;
  /** The run that it made; null when it made none. */
  readonly run: string | null;
  readonly exit: number | null;
  /** What came of it, in one line; empty when there was nothing to do. */
  readonly line: string | null;
}

type WorkPorts = Pick<Ports, 'files' | 'state' | 'clock'>;

/** Throws `disk`. */
export const saveBackground = (
  { state }: Pick<WorkPorts, 'state'>,
  places: Pick<StatePlaces, 'background'>,
  work: BackgroundWork,
): void => state.replace(places.background, `${JSON.stringify({ format, ...work }, undefined, 2)}\n`);

/** undefined when there was none, or its file is damaged or of another version. */
export const readBackground = (
  { files }: Pick<WorkPorts, 'files'>,
  places: Pick<StatePlaces, 'background'>,
): BackgroundWork | undefined => {
  if (files.stat(places.background)?.kind !== 'file') return undefined;
  try {
    const work = JSON.parse(files.readText(places.background)) as BackgroundWork & { readonly format?: unknown };
    const whole = work.format === format && typeof work.owner === 'object' && typeof work.started === 'string';
    return whole ? work : undefined;
  } catch {
    return undefined;
  }
};

/** How many outputs are kept. */
const keptOutputs = 5;

const outputFolder = (places: Pick<StatePlaces, 'dir'>): string => join(places.dir, 'background');

/** A new file for what is printed in the background; the oldest ones go. Throws `disk`. */
export const newBackgroundOutput = ({ files, state, clock }: WorkPorts, places: Pick<StatePlaces, 'dir'>): string => {
  const folder = outputFolder(places);
  for (const name of files.list(folder).slice(0, 1 - keptOutputs)) state.remove(join(folder, name));
  return join(folder, `${compactTime(clock.now())}-${Math.floor(clock.ticks())}.log`);
};
