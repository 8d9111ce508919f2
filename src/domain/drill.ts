/** What a rollback drill found: whether a backup can be brought back, from what the store holds and nothing else. Pure. */

/** *Could not run* is not *passed*; `nothing` is a part that there is nothing of in the backup. */
export type DrillOutcome = 'passed' | 'failed' | 'could-not-run';

export interface DrillPart {
  /** `restore`: into an empty folder; `live`: against the target as it stands; `package`: in a fresh virtual environment. */
  readonly name: 'restore' | 'live' | 'package';
  readonly outcome: DrillOutcome | 'nothing';
  /** What made it so, in one line. */
  readonly cause: string;
  readonly details: readonly string[];
}

export interface Drill {
  /** The backup that was tried; null when there was none to try. */
  readonly backup: string | null;
  /** When it was tried: ISO 8601 UTC. */
  readonly time: string;
  readonly outcome: DrillOutcome;
  /** One line: of the first part that did not pass, else what was proven. */
  readonly cause: string;
  readonly parts: readonly DrillPart[];
}

/** What is known of a target's drills. */
export interface DrillRecord {
  readonly last: Drill;
  /** The last that passed; null when none did. */
  readonly proven: { readonly time: string; readonly backup: string } | null;
}

/** Judges a drill by its parts: one that failed, or could not run, is one that proves nothing. */
export const drillOf = (backup: string | null, time: string, parts: readonly DrillPart[]): Drill => {
  const bad =
    parts.find(({ outcome }) => outcome === 'failed') ?? parts.find(({ outcome }) => outcome === 'could-not-run');
  const outcome = bad?.outcome === 'failed' || bad?.outcome === 'could-not-run' ? bad.outcome : 'passed';
  const said = parts.filter(({ name }) => name !== 'live').map(({ cause }) => cause);
  return { backup, time, outcome, cause: bad?.cause ?? said.join('; '), parts };
};

/** The record after one more drill. */
export const nextRecord = (before: DrillRecord | undefined, last: Drill): DrillRecord => ({
  last,
  proven:
    last.outcome === 'passed' && last.backup !== null
      ? { time: last.time, backup: last.backup }
      : (before?.proven ?? null),
});

const day = 24 * 60 * 60 * 1000;

/** `today`, `1 day ago`, `12 days ago`. */
const ago = (time: string, now: Date): string => {
  const days = Math.floor((now.getTime() - Date.parse(time)) / day);
  return days < 1 ? 'today' : days === 1 ? '1 day ago' : `${days} days ago`;
};

/** `rollback proven 3 days ago`; of a last drill that proved nothing, that first. */
export const drillWords = ({ last, proven }: DrillRecord, now: Date): string => {
  const before = proven === null ? 'never proven' : `proven ${ago(proven.time, now)}`;
  switch (last.outcome) {
    case 'passed':
      return `rollback ${before}`;
    case 'failed':
      return `rollback drill failed ${ago(last.time, now)} (${before}): ${last.cause}`;
    case 'could-not-run':
      return `rollback drill could not run ${ago(last.time, now)} (${before}): ${last.cause}`;
  }
};
