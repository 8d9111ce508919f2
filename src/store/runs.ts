/** Records of runs: what was planned, what happened, how it ended; and the last verification of every target. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { EventBody } from '../domain/events.ts';
import type { TargetPlan } from '../domain/plan.ts';
import type { Clock, Ports } from '../ports.ts';
import { compactTime, fileNameOf } from './file-names.ts';
import type { StatePlaces } from './state-dir.ts';

type RunPorts = Pick<Ports, 'files' | 'state' | 'clock'>;

export interface RunRecord {
  readonly id: string;
  readonly dir: string;
  savePlan(target: string, plan: TargetPlan): void;
  /** Kept in memory until a step starts or the run is finished: a run with nothing to do leaves no folder. */
  event(event: EventBody): void;
  /** Writes `result.json`: a run that has one came to its end. */
  finish(result: Readonly<Record<string, unknown>>): void;
}

export interface PastRun {
  readonly id: string;
  readonly dir: string;
  /** As `finish` was given it; undefined for a run that was cut off, or whose record cannot be read. */
  readonly result: Readonly<Record<string, unknown>> | undefined;
}

const resultName = 'result.json';
const idPattern = /^\d{8}T\d{6}Z-[0-9a-f]{4}$/;

/** Such as `20261123T031530Z-4f2a`: sorts by time. */
export const newRunId = (clock: Clock): string => `${compactTime(clock.now())}-${randomBytes(2).toString('hex')}`;

const pretty = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

/** Starts the record of a run under `runs/<id>/`: `plan.json`, `events.ndjson`, `result.json`. */
export const openRun = (
  { state, clock }: Pick<RunPorts, 'state' | 'clock'>,
  places: StatePlaces,
  id: string,
): RunRecord => {
  const dir = join(places.runs, id);
  const plans: Record<string, TargetPlan> = {};
  let waiting: string[] = [];
  let started = false;
  let unsaved = false;
  const write = (): void => {
    if (waiting.length > 0) state.append(join(dir, 'events.ndjson'), waiting.join(''), 'lazy');
    waiting = [];
    if (unsaved) state.replace(join(dir, 'plan.json'), pretty({ format: 1, run: id, targets: plans }));
    unsaved = false;
  };
  return {
    id,
    dir,
    savePlan: (target, plan) => {
      plans[target] = plan;
      unsaved = true;
    },
    event: (event) => {
      waiting.push(`${JSON.stringify({ v: 1, time: clock.now().toISOString(), run: id, ...event })}\n`);
      started ||= event.kind === 'step.started';
      // The plan goes to the disk once a target, before its first step, and the events as they come from then on.
      if (started) write();
    },
    finish: (result) => {
      write();
      state.replace(join(dir, resultName), pretty({ format: 1, run: id, ...result }));
    },
  };
};

const readJson = (files: RunPorts['files'], path: string): Readonly<Record<string, unknown>> | undefined => {
  if (files.stat(path)?.kind !== 'file') return undefined;
  try {
    const value: unknown = JSON.parse(files.readText(path));
    return value !== null && typeof value === 'object' ? { ...value } : undefined;
  } catch {
    // A record is a convenience: one that cannot be read counts as none.
    return undefined;
  }
};

/** Newest first. */
export const lastRuns = ({ files }: Pick<RunPorts, 'files'>, places: StatePlaces, count: number): readonly PastRun[] =>
  files
    .list(places.runs)
    .filter((name) => idPattern.test(name))
    .reverse()
    .slice(0, count)
    .map((id) => {
      const dir = join(places.runs, id);
      return { id, dir, result: readJson(files, join(dir, resultName)) };
    });

/** One line a run in `runs/log.ndjson`, also for runs with nothing to do. */
export const appendRunLog = (
  { state }: Pick<RunPorts, 'state'>,
  places: StatePlaces,
  entry: Readonly<Record<string, unknown>>,
): void => state.append(places.runLog, `${JSON.stringify(entry)}\n`, 'lazy');

const verifyPath = (places: StatePlaces, target: string): string => join(places.verify, `${fileNameOf(target)}.json`);

/** The last verification of a target, with whatever else was to be kept of it. */
export interface VerifyRecord extends Readonly<Record<string, unknown>> {
  readonly outcome: 'passed' | 'failed';
  /** ISO 8601 UTC. */
  readonly time: string;
}

/** Keeps the last verification of a target: any JSON object. */
export const saveVerify = (
  { state }: Pick<RunPorts, 'state'>,
  places: StatePlaces,
  { target, result }: { readonly target: string; readonly result: VerifyRecord },
): void => state.replace(verifyPath(places, target), pretty(result));

/** undefined when the target was never verified, or the record cannot be read. */
export const readVerify = (
  { files }: Pick<RunPorts, 'files'>,
  places: StatePlaces,
  target: string,
): VerifyRecord | undefined => {
  const { outcome, time, ...rest } = readJson(files, verifyPath(places, target)) ?? {};
  if ((outcome !== 'passed' && outcome !== 'failed') || typeof time !== 'string') return undefined;
  return { outcome, time, ...rest };
};
