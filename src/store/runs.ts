/** Records of runs as they are written: what was planned, what happened, what was printed, how it ended; and the last verification of every target. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { LockstepError, messageOf } from '../domain/errors.ts';
import { type EventBody, eventVersion } from '../domain/events.ts';
import type { TargetPlan } from '../domain/plan.ts';
import { runIdPattern } from '../domain/run-policy.ts';
import type { Clock, Ports } from '../ports.ts';
import { compactTime, fileNameOf } from './file-names.ts';
import { openOutput } from './runs/output.ts';
import type { StatePlaces } from './state-dir.ts';

export { appendRunLog } from './runs/log.ts';

type RunPorts = Pick<Ports, 'files' | 'state' | 'clock'>;

/** Of `run.json`, `plan.json` and `result.json`. */
export const recordFormat = 1;

/** Names of the files in the folder of a run. */
export const recordFiles = {
  start: 'run.json',
  plan: 'plan.json',
  events: 'events.ndjson',
  result: 'result.json',
} as const;

/** Trouble in writing a record never stops a run: what is recorded then ends there. */
export interface RunRecord {
  readonly id: string;
  readonly dir: string;
  /** Kept in memory until a step starts or the run is finished: a run with nothing to do leaves no folder. */
  event(event: EventBody): void;
  /** Writes `result.json`: a run that has one came to its end. */
  finish(result: Readonly<Record<string, unknown>>): void;
  /** Why the record is not whole; null when it is. */
  trouble(): string | null;
}

/** Such as `20261123T031530Z-4f2a`: sorts by time. */
export const newRunId = (clock: Clock): string => `${compactTime(clock.now())}-${randomBytes(2).toString('hex')}`;

const pretty = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

/** The folder of a run's record. */
export const runDir = (places: Pick<StatePlaces, 'runs'>, id: string): string => join(places.runs, id);

/** One line of `events.ndjson`. */
export const eventLine = (event: EventBody, { run, time }: { readonly run: string; readonly time: Date }): string =>
  `${JSON.stringify({ v: eventVersion, time: time.toISOString(), run, ...event })}\n`;

/**
 * Starts the record of a run under `runs/<id>/`: `run.json` says which process runs it, then `plan.json`,
 * `events.ndjson` without what was printed, `output/<target>/<step>.log`, and last `result.json`.
 */
export const openRun = (
  { state, clock, identity }: Pick<RunPorts, 'state' | 'clock'> & Partial<Pick<Ports, 'identity'>>,
  places: StatePlaces,
  id: string,
): RunRecord => {
  const dir = runDir(places, id);
  const plans: Record<string, TargetPlan> = {};
  const output = openOutput(state, dir);
  const begun = clock.now().toISOString();
  let facts: Readonly<Record<string, unknown>> = {};
  let waiting: string[] = [];
  let started = false;
  let unsaved = false;
  let trouble: string | null = null;

  const record = (work: () => void): void => {
    if (trouble !== null) return;
    try {
      work();
    } catch (error) {
      if (!(error instanceof LockstepError)) throw error;
      trouble = messageOf(error);
    }
  };
  const begin = (): void => {
    if (started) return;
    started = true;
    const owner = identity?.self() ?? null;
    state.replace(
      join(dir, recordFiles.start),
      pretty({ format: recordFormat, run: id, time: begun, ...facts, owner }),
    );
    output.flush();
  };
  const write = (): void => {
    if (waiting.length > 0) state.append(join(dir, recordFiles.events), waiting.join(''), 'lazy');
    waiting = [];
    if (unsaved) state.replace(join(dir, recordFiles.plan), pretty({ format: recordFormat, run: id, targets: plans }));
    unsaved = false;
  };
  const keep = (event: EventBody): void => {
    if (event.kind === 'step.output') {
      output.add(event.target, event.step, event.text);
      return;
    }
    waiting.push(eventLine(event, { run: id, time: clock.now() }));
    if (event.kind === 'run.started') {
      facts = { commit: event.commit, targets: event.targets, reason: event.reason ?? null };
    }
    if (event.kind === 'target.planned') {
      plans[event.target] = event.plan;
      unsaved = true;
    }
    if (event.kind === 'step.started') begin();
    if (event.kind === 'step.finished') output.end(event.target, event.step);
    if (event.kind === 'target.finished') output.end(event.result.target);
    // The plan goes to the disk once a target, before its first step, and the events as they come from then on.
    if (started) write();
  };

  return {
    id,
    dir,
    event: (event) => record(() => keep(event)),
    finish: (result) =>
      record(() => {
        begin();
        write();
        output.end();
        const times = { started: begun, finished: clock.now().toISOString() };
        state.replace(join(dir, recordFiles.result), pretty({ format: recordFormat, run: id, ...times, ...result }));
      }),
    trouble: () => trouble,
  };
};

/** Adds to the record of an earlier run what became of it; nothing when it left none. Throws `disk`. */
export const appendEvent = (
  { files, state, clock }: RunPorts,
  places: Pick<StatePlaces, 'runs'>,
  { run, event }: { readonly run: string; readonly event: EventBody },
): void => {
  const dir = runDir(places, run);
  if (!runIdPattern.test(run) || files.stat(dir)?.kind !== 'dir') return;
  // A line break first: the run may have been cut off in the middle of a line.
  state.append(join(dir, recordFiles.events), `\n${eventLine(event, { run, time: clock.now() })}`, 'lazy');
};

const verifyPath = (places: StatePlaces, target: string): string => join(places.verify, `${fileNameOf(target)}.json`);

const verifyFormat = 1;

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
): void => state.replace(verifyPath(places, target), pretty({ format: verifyFormat, ...result }));

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

/** undefined when the target was never verified, or the record cannot be read; a newer Lockstep's counts as one that cannot. */
export const readVerify = (
  { files }: Pick<RunPorts, 'files'>,
  places: StatePlaces,
  target: string,
): VerifyRecord | undefined => {
  const { format = verifyFormat, outcome, time, ...rest } = readJson(files, verifyPath(places, target)) ?? {};
  if (format !== verifyFormat || (outcome !== 'passed' && outcome !== 'failed') || typeof time !== 'string')
    return undefined;
  return { outcome, time, ...rest };
};
