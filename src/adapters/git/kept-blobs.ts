/** Reads blobs and keeps the small ones in memory, within a bound: a run asks for most of them several times, and each asking is a process. */
import type { Processes } from '../../ports.ts';
import { readBlobs } from './objects.ts';

/** Bytes of one blob that is kept, and of all together. */
const largest = 256 * 1024;
const room = 16 * 1024 * 1024;

/** A reader of blobs by id, as `readBlobs` is; what it answers is shared, and nobody may change it. */
export const keptBlobs = (
  processes: Processes,
  root: string,
): ((ids: readonly string[]) => Promise<ReadonlyMap<string, Buffer>>) => {
  // In the order they came: the oldest goes first.
  const kept = new Map<string, Buffer>();
  let held = 0;
  const keep = (id: string, bytes: Buffer): void => {
    if (bytes.length > largest || kept.has(id)) return;
    // A copy: a part of git's output would hold on to the whole of it.
    kept.set(id, Buffer.from(bytes));
    held += bytes.length;
    for (const [oldest, { length }] of kept) {
      if (held <= room) return;
      kept.delete(oldest);
      held -= length;
    }
  };
  return async (ids) => {
    const answer = new Map<string, Buffer>();
    const unknown: string[] = [];
    for (const id of new Set(ids)) {
      const known = kept.get(id);
      if (known === undefined) unknown.push(id);
      else answer.set(id, known);
    }
    for (const [id, bytes] of await readBlobs(processes, root, unknown)) {
      answer.set(id, bytes);
      keep(id, bytes);
    }
    return answer;
  };
};
