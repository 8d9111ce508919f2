/** Records of runs as they are read: what cannot be read counts as not there, and a newer format is refused by name. */
import { join } from 'node:path';
import { LockstepError } from '../../domain/errors.ts';
import { eventVersion, type LockstepEvent } from '../../domain/events.ts';
import type { TargetPlan } from '../../domain/plan.ts';
import { newestFirst, runIdPattern } from '../../domain/run-policy.ts';
import type { Files, Owner } from '../../ports.ts';
import { recordFiles, recordFormat, runDir } from '../runs.ts';
import type { StatePlaces } from '../state-dir.ts';

type Reading = { readonly files: Files };
type Fields = Readonly<Record<string, unknown>>;

export interface RunStart {
  /** ISO 8601 UTC. */
  readonly time: string;
  readonly commit: string | null;
  readonly targets: readonly string[];
  readonly reason: string | null;
  /** The process that ran it; null when it cannot be told. */
  readonly owner: Owner | null;
}

export interface StoredRun {
  readonly id: string;
  readonly dir: string;
  readonly start: RunStart | undefined;
  readonly plans: Readonly<Record<string, TargetPlan>>;
  readonly events: readonly LockstepEvent[];
  /** undefined for a run that did not come to its end, or whose result cannot be read. */
  readonly result: Fields | undefined;
  /** Files of the record that are there and cannot be read. */
  readonly damaged: readonly string[];
}

const isObject = (value: unknown): value is Fields =>
  value !== null && typeof value === 'object' && !Array.isArray(value);
const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'string');
const isObjects = (value: unknown): value is readonly Fields[] => Array.isArray(value) && value.every(isObject);

const textAt = (files: Files, path: string): string | undefined => {
  try {
    return files.stat(path)?.kind === 'file' ? files.readText(path) : undefined;
  } catch (error) {
    if (!(error instanceof LockstepError)) throw error;
    return undefined;
  }
};

const newer = (path: string, found: unknown): LockstepError =>
  new LockstepError(
    'format-newer',
    `the record ${path} was written by a newer Lockstep (format ${found}; this one knows ${recordFormat})`,
    { hint: 'update Lockstep here, then run the same command again' },
  );

/** undefined when there is no such file, `damaged` when it cannot be read. Throws `format-newer`. */
const readObject = (files: Files, path: string): Fields | 'damaged' | undefined => {
  const stat = files.stat(path);
  if (stat === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(files.readText(path));
  } catch {
    return 'damaged';
  }
  if (!isObject(value) || typeof value.format !== 'number') return 'damaged';
  if (value.format > recordFormat) throw newer(path, value.format);
  return value;
};

const isOwner = (value: unknown): value is Owner =>
  isObject(value) && typeof value.host === 'string' && typeof value.pid === 'number';

const startOf = (value: Fields): RunStart | undefined => {
  const { time, commit, targets, reason, owner } = value;
  if (typeof time !== 'string') return undefined;
  return {
    time,
    commit: typeof commit === 'string' ? commit : null,
    targets: isTexts(targets) ? targets : [],
    reason: typeof reason === 'string' ? reason : null,
    owner: isOwner(owner) ? owner : null,
  };
};

/** As far as it is looked at: the rest of a plan was written by this code in this format. */
const isPlan = (value: unknown): boolean =>
  isObject(value) &&
  typeof value.target === 'string' &&
  typeof value.commit === 'string' &&
  isObjects(value.steps) &&
  value.steps.every(
    (step) => typeof step.id === 'string' && isObjects(step.actions) && isObject(step.patch) && isTexts(step.warnings),
  );

const plansOf = (value: Fields): Readonly<Record<string, TargetPlan>> | undefined => {
  const { targets } = value;
  return isObject(targets) && Object.values(targets).every(isPlan)
    ? (targets as Readonly<Record<string, TargetPlan>>)
    : undefined;
};

/** Lines that a crash tore are left out, and so is a file that cannot be read. Throws `format-newer`. */
const eventsOf = (path: string, text: string): readonly LockstepEvent[] =>
  text.split('\n').flatMap((line) => {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      return [];
    }
    if (!isObject(value) || typeof value.kind !== 'string' || typeof value.v !== 'number') return [];
    if (value.v > eventVersion) throw newer(path, value.v);
    return [value as unknown as LockstepEvent];
  });

/** The plans of a run; `damaged` when they cannot be read. Throws `format-newer`. */
export const readPlans = (
  { files }: Reading,
  places: Pick<StatePlaces, 'runs'>,
  id: string,
): Readonly<Record<string, TargetPlan>> | 'damaged' => {
  const value = readObject(files, join(runDir(places, id), recordFiles.plan));
  if (value === undefined) return {};
  return value === 'damaged' ? value : (plansOf(value) ?? 'damaged');
};

/** Its start and its result alone. Throws `format-newer`. */
export const readEnds = (
  { files }: Reading,
  places: Pick<StatePlaces, 'runs'>,
  id: string,
): Pick<StoredRun, 'start' | 'result' | 'damaged'> => {
  const dir = runDir(places, id);
  const start = readObject(files, join(dir, recordFiles.start));
  const result = readObject(files, join(dir, recordFiles.result));
  return {
    start: start === undefined || start === 'damaged' ? undefined : startOf(start),
    result: result === 'damaged' ? undefined : result,
    damaged: [
      ...(start === 'damaged' ? [recordFiles.start] : []),
      ...(result === 'damaged' ? [recordFiles.result] : []),
    ],
  };
};

/** Everything that is kept of a run but what was printed. Throws `format-newer`, naming the file. */
export const readRun = (ports: Reading, places: Pick<StatePlaces, 'runs'>, id: string): StoredRun => {
  const dir = runDir(places, id);
  const plans = readPlans(ports, places, id);
  const { start, result, damaged } = readEnds(ports, places, id);
  const events = join(dir, recordFiles.events);
  return {
    id,
    dir,
    start,
    result,
    plans: plans === 'damaged' ? {} : plans,
    events: eventsOf(events, textAt(ports.files, events) ?? ''),
    damaged: [...damaged, ...(plans === 'damaged' ? [recordFiles.plan] : [])],
  };
};

/** When a run was started, as its record says it; empty when it does not. Throws nothing. */
export const startedAt = (ports: Reading, places: Pick<StatePlaces, 'runs'>, id: string): string => {
  try {
    return readEnds(ports, places, id).start?.time ?? '';
  } catch (error) {
    if (!(error instanceof LockstepError)) throw error;
    return '';
  }
};

/** Ids of the runs that have a folder, newest first. */
export const recordedRuns = (ports: Reading, places: Pick<StatePlaces, 'runs'>): readonly string[] =>
  newestFirst(
    ports.files.list(places.runs).filter((name) => runIdPattern.test(name)),
    (id) => startedAt(ports, places, id),
  );

export interface StepOutput {
  readonly target: string;
  readonly step: string;
  readonly path: string;
}

const decoded = (name: string): string => {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
};

/** What steps of a run printed, by target and step; not yet read. */
export const listOutputs = (
  { files }: Reading,
  places: Pick<StatePlaces, 'runs'>,
  id: string,
): readonly StepOutput[] => {
  const top = join(runDir(places, id), 'output');
  return files.list(top).flatMap((folder) =>
    files
      .list(join(top, folder))
      .filter((name) => name.endsWith('.log'))
      .map((name) => ({
        target: decoded(folder),
        step: decoded(name.slice(0, -'.log'.length)),
        path: join(top, folder, name),
      })),
  );
};
