/** Says which objects need not be stored again: those that the packs name, and, where it matters, hold whole. */
import type { PackWriter } from './pack-writer.ts';
import type { Packs } from './packs.ts';

/** `by name`: an index names it, and its pack is long enough; `read back`: its bytes were read in this backup. */
export type Trust = 'by name' | 'read back';

export interface KeptObjects {
  has(sha256: string, trust: Trust): boolean;
}

/** For one backup: an object is read at most once. */
export const keptObjects = (packs: Packs, writer: PackWriter): KeptObjects => {
  const whole = new Map<string, boolean>();
  const isWhole = (sha256: string): boolean => {
    const known = whole.get(sha256) ?? packs.holds(sha256);
    whole.set(sha256, known);
    return known;
  };
  return {
    // What the writer takes in, it reads back itself.
    has: (sha256, trust) => writer.has(sha256) || (packs.has(sha256) && (trust === 'by name' || isWhole(sha256))),
  };
};
