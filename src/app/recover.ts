/** Ends what a cut-off run left: a committed run is cleaned up, any other is undone. */
import type { TargetRecord } from '../domain/target.ts';
import { recover } from '../pipeline/recover.ts';
import { listJournals } from '../store/journal.ts';
import { acquireLock, rootLockPaths } from '../store/lock.ts';
import { layoutOf } from './layouts.ts';
import type { MainProject } from './main-project.ts';
import { refuseMainPaths } from './refuse-main-paths.ts';

/** Journals that wait for one target, or for all. */
export const waitingRuns = (main: MainProject, target?: string) =>
  listJournals(main.ports, main.state).filter((journal) => target === undefined || journal.target === target);

/** Recovers one target under its lock; lines that say what was done. Throws `locked` while the run is still alive. */
export const recoverTarget = async (main: MainProject, record: TargetRecord): Promise<readonly string[]> => {
  const layout = await layoutOf(main, record);
  const lock = await acquireLock(main.ports, rootLockPaths(layout.roots), { what: `recover ${record.name}` });
  try {
    const recovered = await recover({
      ports: main.ports,
      state: main.state,
      target: record.name,
      refuse: await refuseMainPaths(main, main.ports.files),
      readBackup: (digest) => main.backups.read(digest),
    });
    return recovered.flatMap((entry) => [
      entry.outcome === 'committed' ? `run ${entry.run} had finished: cleaned up` : `run ${entry.run} was cut off: undone, ${entry.restored} paths put back`,
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
