/** Ends what a cut-off run left in a target: a committed run is cleaned up, any other is undone. */
import { LockstepError } from '../domain/errors.ts';
import type { EventBody } from '../domain/events.ts';
import type { Roots } from '../domain/paths.ts';
import type { TargetRecord } from '../domain/target.ts';
import { type RecoveredRun, recover } from '../pipeline/recover.ts';
import { concerns, listJournals, type WaitingJournal } from '../store/journal.ts';
import { acquireLock, layoutLockPaths } from '../store/lock.ts';
import { openReceipts } from '../store/receipts.ts';
import { appendEvent } from '../store/runs.ts';
import { layoutOf, targetPath } from './layouts.ts';
import type { MainProject } from './main-project.ts';
import { refuseMainPaths } from './refuse-main-paths.ts';
import { afterwards } from './target-record.ts';

/** Journals that wait for one target (its own, or one that shares a root with it), or for all. */
export const waitingRuns = (main: MainProject, record?: TargetRecord, roots?: Roots): readonly WaitingJournal[] =>
  listJournals(main.ports, main.state).filter(
    (journal) => record === undefined || concerns(journal, record.name, roots ?? {}),
  );

/** As `waitingRuns` of one target, by the roots that it has now; of one whose roots cannot be found, its own alone. */
export const waitingFor = async (main: MainProject, record: TargetRecord): Promise<readonly WaitingJournal[]> => {
  // Nearly always there is none at all, and then nobody has to be asked about roots.
  if (waitingRuns(main).length === 0) return [];
  try {
    return waitingRuns(main, record, (await layoutOf(main, record)).roots);
  } catch (error) {
    if (!(error instanceof LockstepError)) throw error;
    return waitingRuns(main, record);
  }
};

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

/** What became of runs that were cut off. */
export interface CutOff {
  /** One for each thing that was done or left, for a person. */
  readonly lines: readonly string[];
  /** Whether a run was undone: the target is as before it. */
  readonly undone: boolean;
}

const nothingCutOff: CutOff = { lines: [], undone: false };

const linesOf = (target: string, { run, target: whose, outcome, restored, left }: RecoveredRun): readonly string[] => {
  const name = whose === target ? `run ${run}` : `run ${run} of ${whose}`;
  return [
    outcome === 'committed'
      ? `${name} had finished: cleaned up`
      : `${name} was cut off: undone, ${restored} paths put back`,
    ...left.map((one) => `left alone: ${one.path}: ${one.cause}`),
  ];
};

/** Recovers what waits for a name and its roots, whose locks the caller holds. Throws `journal-damaged`. */
export const recoverLocked = async (
  main: MainProject,
  { name, roots }: { readonly name: string; readonly roots: Roots },
): Promise<CutOff> => {
  const recovered = await recover({
    ports: main.ports,
    state: main.state,
    target: name,
    roots,
    refuse: await refuseMainPaths(main, main.ports.files),
    readBackup: (digest) => main.backups.read(digest),
  });
  for (const entry of recovered) await noteRecovery(main, entry);
  const blocked = recovered.filter((entry) => entry.outcome === 'blocked');
  if (blocked.length > 0) {
    throw new LockstepError('journal-damaged', `run ${blocked[0]?.run} could not be undone: ${blocked[0]?.cause}`, {
      target: name,
      details: blocked.flatMap((entry) => entry.unfinished.map((path) => `${path.path}: ${path.cause}`)),
      hint: 'mend what is said above, then: lockstep sync recover',
    });
  }
  await settle(main, name, roots);
  // A run of another target is ended here where it wrote in a root that both have.
  for (const other of main.registry.read().targets) {
    if (other.name === name || !recovered.some(({ target }) => target === other.name)) continue;
    await settle(main, other.name, { target: targetPath(main, other) });
  }
  return {
    lines: recovered.flatMap((entry) => linesOf(name, entry)),
    undone: recovered.some(({ outcome }) => outcome === 'undone'),
  };
};

/**
 * Recovers one target under its lock.
 * Throws `locked` while the run is still alive, `journal-damaged` when something could not be put back.
 */
export const recoverTarget = async (main: MainProject, record: TargetRecord): Promise<CutOff> => {
  const layout = await layoutOf(main, record);
  const lock = await acquireLock(main.ports, layoutLockPaths(layout), { what: `recover ${record.name}` });
  try {
    return await recoverLocked(main, { name: record.name, roots: layout.roots });
  } finally {
    lock.release();
  }
};

type Teller = (event: EventBody) => void;

const tell = (cutOff: CutOff, target: string, emit: Teller): CutOff => {
  for (const text of cutOff.lines) emit({ kind: 'target.warning', target, text });
  return cutOff;
};

/**
 * Ends a run that was cut off in a target, or in a root that it shares, before anything else is said of it: half of it
 * is another commit's. Throws `target-changed` in a dry run, and what recovering throws.
 */
export const endCutOff = async (
  main: MainProject,
  record: TargetRecord,
  { mode, emit }: { readonly mode: 'real' | 'dry-run'; readonly emit: Teller },
): Promise<CutOff> => {
  if ((await waitingFor(main, record)).length === 0) return nothingCutOff;
  if (mode === 'dry-run') {
    throw new LockstepError('target-changed', 'an earlier run was cut off here', { hint: 'lockstep sync recover' });
  }
  return tell(await recoverTarget(main, record), record.name, emit);
};

/** The same for a caller who holds the locks of these roots: a run may have been cut off since it looked. */
export const endCutOffLocked = async (
  main: MainProject,
  record: TargetRecord,
  { roots, emit }: { readonly roots: Roots; readonly emit: Teller },
): Promise<CutOff> => {
  if (waitingRuns(main, record, roots).length === 0) return nothingCutOff;
  return tell(await recoverLocked(main, { name: record.name, roots }), record.name, emit);
};
