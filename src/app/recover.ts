/** Ends what a cut-off run left: a committed run is cleaned up, any other is undone. */
import { LockstepError } from '../domain/errors.ts';
import type { Roots } from '../domain/paths.ts';
import type { TargetRecord } from '../domain/target.ts';
import { recover } from '../pipeline/recover.ts';
import { concerns, listJournals } from '../store/journal.ts';
import { acquireLock, rootLockPaths } from '../store/lock.ts';
import { layoutOf } from './layouts.ts';
import type { MainProject } from './main-project.ts';
import { refuseMainPaths } from './refuse-main-paths.ts';

/** Journals that wait for one target (its own, or one that shares a root with it), or for all. */
export const waitingRuns = (main: MainProject, record?: TargetRecord, roots?: Roots) =>
  listJournals(main.ports, main.state).filter(
    (journal) => record === undefined || concerns(journal, record.name, roots ?? {}),
  );

/**
 * Recovers one target under its lock; lines that say what was done.
 * Throws `locked` while the run is still alive, `journal-damaged` when something could not be put back.
 */
export const recoverTarget = async (main: MainProject, record: TargetRecord): Promise<readonly string[]> => {
  const layout = await layoutOf(main, record);
  const lock = await acquireLock(main.ports, rootLockPaths(layout.roots), { what: `recover ${record.name}` });
  try {
    const recovered = await recover({
      ports: main.ports,
      state: main.state,
      target: record.name,
      roots: layout.roots,
      refuse: await refuseMainPaths(main, main.ports.files),
      readBackup: (digest) => main.backups.read(digest),
    });
    const blocked = recovered.filter((entry) => entry.outcome === 'blocked');
    if (blocked.length > 0) {
      throw new LockstepError('journal-damaged', `run ${blocked[0]?.run} could not be undone: ${blocked[0]?.cause}`, {
        target: record.name,
        details: blocked.flatMap((entry) => entry.unfinished.map((path) => `${path.path}: ${path.cause}`)),
        hint: 'mend what is said above, then: lockstep sync recover',
      });
    }
    return recovered.flatMap((entry) => [
      entry.outcome === 'committed'
        ? `run ${entry.run} had finished: cleaned up`
        : `run ${entry.run} was cut off: undone, ${entry.restored} paths put back`,
      ...entry.left.map((left) => `left alone: ${left.path}: ${left.cause}`),
    ]);
  } finally {
    lock.release();
  }
};

export interface RecoverReport {
  readonly target: string;
  readonly lines: readonly string[];
}

/** Recovers every target that has a journal waiting. */
export const recoverAll = async (main: MainProject): Promise<readonly RecoverReport[]> => {
  const reports: RecoverReport[] = [];
  const names = new Set(waitingRuns(main).map((journal) => journal.target));
  for (const record of main.registry.read().targets.filter((target) => names.has(target.name))) {
    reports.push({ target: record.name, lines: await recoverTarget(main, record) });
  }
  return reports;
};
