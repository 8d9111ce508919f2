/** The log of runs: one line a run, also of those that had nothing to do; bounded in size. */
import type { Ports } from '../../ports.ts';
import type { StatePlaces } from '../state-dir.ts';

export const runLogVersion = 1;

/** Bytes; past this, the older lines go until half of it is left. */
export const runLogLimit = 512 * 1024;

/** What became of one target, in short. */
export interface TargetLine {
  readonly target: string;
  readonly outcome: string;
  readonly cause: string;
}

export interface RunLogEntry {
  readonly run: string;
  /** ISO 8601 UTC; empty in lines of old. */
  readonly started: string;
  /** When it ended, ISO 8601 UTC. */
  readonly time: string;
  readonly commit: string | null;
  readonly exit: number | null;
  readonly reason: string | null;
  /** All targets in one line. */
  readonly line: string;
  readonly targets: readonly TargetLine[];
  /** The version of the line, when it is newer than what is known here: nothing else of it is read. */
  readonly newer?: number;
}

type LogPorts = Pick<Ports, 'files' | 'state'>;

/** Appends one line; anything that is to be found again is a field of it. Not flushed. */
export const appendRunLog = (
  { state }: Pick<LogPorts, 'state'>,
  places: Pick<StatePlaces, 'runLog'>,
  entry: Readonly<Record<string, unknown>>,
): void => state.append(places.runLog, `${JSON.stringify({ v: runLogVersion, ...entry })}\n`, 'lazy');

/** Leaves the newest lines of a log that grew too long. The caller holds the lock under which lines are appended. */
export const trimRunLog = ({ files, state }: LogPorts, places: Pick<StatePlaces, 'runLog'>): void => {
  if ((files.stat(places.runLog)?.size ?? 0) <= runLogLimit) return;
  const lines = files.readText(places.runLog).split('\n');
  let size = 0;
  let from = lines.length;
  while (from > 0) {
    size += Buffer.byteLength(lines[from - 1] ?? '') + 1;
    if (size > runLogLimit / 2) break;
    from -= 1;
  }
  state.replace(places.runLog, lines.slice(from).join('\n'));
};

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/** Of anything: what tells of a target in it. */
export const targetLinesOf = (value: unknown): readonly TargetLine[] =>
  (Array.isArray(value) ? value : []).flatMap((one: unknown): TargetLine[] => {
    if (!isObject(one) || typeof one.target !== 'string') return [];
    return [{ target: one.target, outcome: text(one.outcome) ?? 'unknown', cause: text(one.cause) ?? '' }];
  });

const parse = (line: string): RunLogEntry | undefined => {
  let entry: unknown;
  try {
    entry = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!isObject(entry) || typeof entry.run !== 'string') return undefined;
  const { run, v, commit, exit, reason, targets } = entry;
  const newer = typeof v === 'number' && v > runLogVersion ? { newer: v } : {};
  return {
    run,
    started: text(entry.started) ?? '',
    time: text(entry.time) ?? '',
    commit: text(commit),
    exit: typeof exit === 'number' ? exit : null,
    reason: text(reason),
    line: text(entry.line) ?? '',
    targets: targetLinesOf(targets),
    ...newer,
  };
};

/** Oldest first; lines that cannot be read are left out. */
export const readRunLog = (
  { files }: Pick<LogPorts, 'files'>,
  places: Pick<StatePlaces, 'runLog'>,
): readonly RunLogEntry[] =>
  files.stat(places.runLog)?.kind === 'file'
    ? files
        .readText(places.runLog)
        .split('\n')
        .flatMap((line) => parse(line) ?? [])
    : [];
