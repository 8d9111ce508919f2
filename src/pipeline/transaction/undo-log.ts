/** Collects how undoing went, path by path: trouble with one path never stops the others. */
import { dirname } from 'node:path';
import { LockstepError } from '../../domain/errors.ts';

export interface LeftPath {
  readonly path: string;
  readonly cause: string;
}

export interface UndoReport {
  /** How many paths were put back. */
  readonly restored: number;
  /** Changed by somebody else since, so left as they are. */
  readonly left: readonly LeftPath[];
  /** Could not be put back: staging and journal are kept, and `lockstep sync recover` tries again. */
  readonly unfinished: readonly LeftPath[];
}

export interface UndoLog {
  /** Does something to a path that is not counted as put back. */
  attempt(path: string, action: () => void): void;
  /** Does something to a path that is put back by it. */
  putBack(path: string, action: () => void): void;
  leave(path: string, cause: string): void;
  /** Paths that were not put back so far. */
  notDone(): readonly string[];
  /** Folders in which something changed. */
  touched(): readonly string[];
  report(): UndoReport;
}

export const openUndoLog = (): UndoLog => {
  const left = new Map<string, string>();
  const unfinished = new Map<string, string>();
  const restored = new Set<string>();
  const touched = new Set<string>();
  const list = (map: ReadonlyMap<string, string>): LeftPath[] => [...map].map(([path, cause]) => ({ path, cause }));

  const attempt = (path: string, action: () => void): void => {
    if (unfinished.has(path)) return;
    try {
      action();
      touched.add(dirname(path));
    } catch (error) {
      if (!(error instanceof LockstepError)) throw error;
      // What the guard refuses was turned into a link or moved by somebody; trying again would not help.
      if (error.code === 'path-refused') left.set(path, error.message);
      else unfinished.set(path, error.message);
    }
  };
  return {
    attempt,
    putBack: (path, action) =>
      attempt(path, () => {
        action();
        restored.add(path);
      }),
    leave: (path, cause) => void left.set(path, cause),
    notDone: () => [...left.keys(), ...unfinished.keys()],
    touched: () => [...touched],
    report: () => ({ restored: restored.size, left: list(left), unfinished: list(unfinished) }),
  };
};
