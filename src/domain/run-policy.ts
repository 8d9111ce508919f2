/** How long records of runs are kept, and which may go. Pure. */

/** A run is kept when either says so; null says nothing. At least one is set. */
export interface RunPolicy {
  /** The newest ones, whatever their age. */
  readonly keepLast: number | null;
  /** Milliseconds: those that are younger, however many. */
  readonly keepWithin: number | null;
}

export const defaultRunPolicy: RunPolicy = { keepLast: 50, keepWithin: 90 * 86_400_000 };

/** `20261123T031530Z-4f2a`: sorts by time. */
export const runIdPattern = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z-[0-9a-f]{4}$/;

/** When a run was started, as its id says it: ISO 8601, UTC. undefined for what is no run's id. */
export const timeOfRun = (id: string): string | undefined => {
  const [, year, month, day, hour, minute, second] = runIdPattern.exec(id) ?? [];
  return year === undefined ? undefined : `${year}-${month}-${day}T${hour}:${minute}:${second}Z`;
};

/**
 * Ids newest first. Those of one second are told apart by when they were started, which is asked for them alone.
 * @param startedAt ISO 8601 with milliseconds; empty when it is not known
 */
export const newestFirst = (ids: Iterable<string>, startedAt: (id: string) => string): readonly string[] => {
  const known = new Map<string, string>();
  const started = (id: string): string => {
    const found = known.get(id) ?? startedAt(id);
    known.set(id, found);
    return found;
  };
  const order = (a: string, b: string): number => (a < b ? 1 : a > b ? -1 : 0);
  return [...ids].sort((a, b) => order(a.slice(0, -5), b.slice(0, -5)) || order(started(a), started(b)) || order(a, b));
};

/** Ids that neither rule keeps, oldest first. */
export const expiredRuns = (
  ids: readonly string[],
  { keepLast, keepWithin }: RunPolicy,
  now: Date,
): readonly string[] => {
  // A policy without a rule would keep nothing; loading refuses it, and this keeps everything.
  if (keepLast === null && keepWithin === null) return [];
  const sorted = [...ids].sort();
  const rest = keepLast === null ? sorted : sorted.slice(0, Math.max(0, sorted.length - keepLast));
  if (keepWithin === null) return rest;
  return rest.filter((id) => now.getTime() - Date.parse(timeOfRun(id) ?? now.toISOString()) >= keepWithin);
};
