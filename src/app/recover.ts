/** Ends what a cut-off run left: a committed run is cleaned up, any other is undone. */
import { join, resolve } from 'node:path';
import { LockstepError } from '../domain/errors.ts';
import type { EventBody } from '../domain/events.ts';
import type { Roots } from '../domain/paths.ts';
import type { TargetRecord } from '../domain/target.ts';
import { type RecoveredRun, recover } from '../pipeline/recover.ts';
import { concerns, listJournals } from '../store/journal.ts';
import { acquireLock, rootLockPaths } from '../store/lock.ts';
import { readHolder } from '../store/lock-file.ts';
import { lockstepFolder, openReceipts } from '../store/receipts.ts';
import { appendEvent } from '../store/runs.ts';
import { layoutOf, targetPath } from './layouts.ts';
import type { MainProject } from './main-project.ts';
import { refuseMainPaths } from './refuse-main-paths.ts';
import { afterwards } from './target-record.ts';

/** Journals that wait for one target (its own, or one that shares a root with it), or for all. */
export const waitingRuns = (main: MainProject, record?: TargetRecord, roots?: Roots) =>
  listJournals(main.ports, main.state).filter(
    (journal) => record === undefined || concerns(journal, record.name, roots ?? {}),
  );

/** What became of a run that was cut off is told in its own record; that nothing can be written there is no trouble here. */
const noteRecovery = async (main: MainProject, entry: RecoveredRun): Promise<void> => {
  const { run, target, outcome, cause, restored } = entry;
  const left = [...entry.left, ...entry.unfinished].map((one) => `${one.path}: ${one.cause}`);
  const event = { kind: 'target.recovered', target, outcome, cause, restored, left } as const;
  await afterwards(async () => appendEvent(main.ports, main.state, { run, event }));
};

/** Under the target's lock: an entry that still says `syncing` follows the receipt; the next look says the rest. */
const settle = async (main: MainProject, name: string, roots: Roots): Promise<void> => {
  const receipt = openReceipts(main.ports).read(roots, main.project.id);
  await main.registry.update((registry) => ({
    ...registry,
    targets: registry.targets.map((target) => {
      if (target.name !== name || target.status !== 'syncing') return target;
      if (receipt === undefined || receipt.time === target.last_sync)
        return { ...target, status: 'needs_sync' as const };
      const { commit, version, time } = receipt;
      const known = { ...target, status: 'synchronized' as const, last_sync: time, sync_version: version };
      return commit === null ? known : { ...known, sync_commit: commit };
    }),
  }));
};

/** Whether a run was cut off here that left no journal: a lock whose owner is dead, or an entry that says `syncing`. */
const leftBehind = (main: MainProject, record: TargetRecord): boolean => {
  const { files, identity } = main.ports;
  const around = (record.roots ?? []).map((root) => resolve(main.git.mainWorktree, root));
  for (const root of new Set([targetPath(main, record), ...around])) {
    const folder = join(root, lockstepFolder);
    const holder = readHolder(main.ports, join(folder, 'lock'));
    if (holder !== undefined) return holder.facts !== undefined && identity.alive(holder.facts) === 'dead';
    if (files.list(folder).some((name) => name.startsWith('lock.'))) return true;
  }
  return record.status === 'syncing';
};

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
    for (const entry of recovered) await noteRecovery(main, entry);
    const blocked = recovered.filter((entry) => entry.outcome === 'blocked');
    if (blocked.length > 0) {
      throw new LockstepError('journal-damaged', `run ${blocked[0]?.run} could not be undone: ${blocked[0]?.cause}`, {
        target: record.name,
        details: blocked.flatMap((entry) => entry.unfinished.map((path) => `${path.path}: ${path.cause}`)),
        hint: 'mend what is said above, then: lockstep sync recover',
      });
    }
    await settle(main, record.name, layout.roots);
    if (recovered.length === 0) return ['a run was cut off, but nothing of it is left to undo: its lock was removed'];
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

/**
 * Ends a run that was cut off in a target before anything else is said of it: half of it is another commit's.
 * Throws `target-changed` in a dry run, and what recovering throws.
 */
export const endCutOff = async (
  main: MainProject,
  record: TargetRecord,
  { mode, emit }: { readonly mode: 'real' | 'dry-run'; readonly emit: (event: EventBody) => void },
): Promise<void> => {
  if (waitingRuns(main, record).length === 0) return;
  if (mode === 'dry-run') {
    throw new LockstepError('target-changed', 'an earlier run was cut off here', { hint: 'lockstep sync recover' });
  }
  for (const text of await recoverTarget(main, record)) emit({ kind: 'target.warning', target: record.name, text });
};

export interface RecoverReport {
  readonly target: string;
  readonly lines: readonly string[];
}

/** Recovers every target that a cut-off run left something of: a journal, a lock, an entry that says `syncing`. */
export const recoverAll = async (main: MainProject): Promise<readonly RecoverReport[]> => {
  const reports: RecoverReport[] = [];
  const names = new Set(waitingRuns(main).map((journal) => journal.target));
  for (const record of main.registry.read().targets) {
    if (!names.has(record.name) && !leftBehind(main, record)) continue;
    reports.push({ target: record.name, lines: await recoverTarget(main, record) });
  }
  return reports;
};
