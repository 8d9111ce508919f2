/** Keeps, for each target, what its last rollback drill found, and when one last passed. */
import type { DrillRecord } from '../domain/drill.ts';
import type { Ports } from '../ports.ts';
import type { StatePlaces } from './state-dir.ts';
import { entryPath, readEntry, saveEntry } from './target-entry.ts';

type DrillPorts = Pick<Ports, 'files' | 'state'>;

const outcomes = new Set(['passed', 'failed', 'could-not-run']);

/** undefined when there was none, or the record is damaged: then nothing is proven. Throws `format-newer`. */
export const readDrill = (
  { files }: Pick<DrillPorts, 'files'>,
  places: Pick<StatePlaces, 'drills'>,
  target: string,
): DrillRecord | undefined => {
  const entry: Partial<DrillRecord> | undefined = readEntry(files, entryPath(places.drills, target));
  if (entry === undefined) return undefined;
  const { last, proven } = entry;
  if (last === undefined || last === null || !outcomes.has(last.outcome) || Number.isNaN(Date.parse(last.time)))
    return undefined;
  const known = proven !== undefined && proven !== null && !Number.isNaN(Date.parse(proven.time));
  return { last, proven: known ? proven : null };
};

/** Throws `disk`. */
export const saveDrill = (
  { state }: Pick<DrillPorts, 'state'>,
  places: Pick<StatePlaces, 'drills'>,
  { target, record }: { readonly target: string; readonly record: DrillRecord },
): void => saveEntry(state, entryPath(places.drills, target), record);
