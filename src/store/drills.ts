/** Keeps, for each target, what its last rollback drill found, and when one last passed. */
import { join } from 'node:path';
import type { DrillRecord } from '../domain/drill.ts';
import { LockstepError } from '../domain/errors.ts';
import type { Ports } from '../ports.ts';
import { fileNameOf } from './file-names.ts';
import type { StatePlaces } from './state-dir.ts';

const format = 1;

type DrillPorts = Pick<Ports, 'files' | 'state'>;

const pathOf = (places: Pick<StatePlaces, 'drills'>, target: string): string =>
  join(places.drills, `${fileNameOf(target)}.json`);

const outcomes = new Set(['passed', 'failed', 'could-not-run']);

/** undefined when there was none, or the record is damaged: then nothing is proven. Throws `format-newer`. */
export const readDrill = (
  { files }: Pick<DrillPorts, 'files'>,
  places: Pick<StatePlaces, 'drills'>,
  target: string,
): DrillRecord | undefined => {
  const path = pathOf(places, target);
  if (files.stat(path)?.kind !== 'file') return undefined;
  let entry: Partial<DrillRecord> & { readonly format?: unknown };
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
): void => state.replace(pathOf(places, target), `${JSON.stringify({ format, ...record }, undefined, 2)}\n`);
