/** After a crash, every target is as before the run or as after it: this makes it so, and can itself be stopped at any point. */
import { join } from 'node:path';
import { LockstepError, messageOf } from '../domain/errors.ts';
import type { Roots } from '../domain/paths.ts';
import type { Files, Ports } from '../ports.ts';
import {
  concerns,
  type JournalFacts,
  type JournalHeader,
  listJournals,
  openJournal,
  readJournal,
} from '../store/journal.ts';
import { sha256 } from '../store/main-tree.ts';
import type { StatePlaces } from '../store/state-dir.ts';
import { lostRoots, tidy } from './transaction/places.ts';
import { undoEntries } from './transaction/undo.ts';
import type { UndoReport } from './transaction/undo-log.ts';

export interface RecoverDeps {
  readonly ports: Pick<Ports, 'files' | 'openTree' | 'state' | 'processes'>;
  readonly state: Pick<StatePlaces, 'journal'>;
  readonly readBackup?: (sha256: string) => Buffer;
  /** Only journals of this target, and of targets that share one of `roots` with it. All when absent. */
  readonly target?: string;
  /** The target's roots. The caller holds their locks: nobody else can then be at work on such a journal. */
  readonly roots?: Roots;
  /** Refuses a path inside the roots all the same, with the reason. */
  readonly refuse?: (absolute: string) => string | undefined;
}

export interface RecoveredRun extends UndoReport {
  readonly run: string;
  readonly target: string;
  readonly journal: string;
  /** `undone`: as before the run; `committed`: as after it, staging was removed; `blocked`: nothing or not all could be done. */
  readonly outcome: 'undone' | 'committed' | 'blocked';
  readonly cause: string;
}

const nothing: UndoReport = { restored: 0, left: [], unfinished: [] };

/** Whether the run's receipt is in place. Throws `receipt-invalid` when that cannot be told. */
const committed = (files: Files, header: JournalHeader): boolean => {
  if (files.stat(header.receipt) === undefined) return false;
  const bytes = files.read(header.receipt);
  if (sha256(bytes) === header.receiptBefore) return false;
  let facts: unknown;
  try {
    facts = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw new LockstepError('receipt-invalid', `the receipt ${header.receipt} is damaged: ${messageOf(error)}`, {
      hint: 'put the receipt back from a backup, or delete it, then type: lockstep sync recover',
    });
  }
  const run = typeof facts === 'object' && facts !== null && 'run' in facts ? facts.run : undefined;
  if (run === header.run) return true;
  throw new LockstepError('receipt-invalid', `the receipt ${header.receipt} was written by another run (${run})`, {
    hint: `compare the target with its backup; delete the journal of ${header.run} when nothing is missing`,
  });
};

const checkRoots = (files: Files, { header: { roots, places }, entries }: JournalFacts): void => {
  const [lost] = lostRoots(files, { target: roots.target, places, entries });
  if (lost === undefined) return;
  throw new LockstepError('target-missing', `${lost} is not there`, {
    hint: 'bring it back (is a disk not mounted?), then type: lockstep sync recover',
  });
};

/** A file is held only once the journal says that its turn has come: one that it knows nothing of means that lines were lost. */
const checkHeld = (files: Files, { header, entries, path }: JournalFacts): void => {
  const known = new Set(entries.flatMap((entry) => (entry.kind === 'file' ? [entry.hold] : [])));
  for (const { dir } of header.places) {
    const lost = files.list(dir).find((name) => /^h\d+$/.test(name) && !known.has(name));
    if (lost === undefined) continue;
    const held = join(dir, lost);
    throw new LockstepError('journal-damaged', `the journal ${path} is damaged: it knows nothing of ${held}`, {
      hint: 'compare the target with its last backup, restore what differs, then delete the journal and that folder',
    });
  }
};

type Result = Pick<RecoveredRun, 'outcome' | 'cause'> & UndoReport;

const recoverOne = async ({ ports, readBackup, refuse }: RecoverDeps, facts: JournalFacts): Promise<Result> => {
  const { files, state, processes } = ports;
  const { header } = facts;
  checkRoots(files, facts);
  const bounds = { roots: header.places.map((place) => place.root) };
  const tree = ports.openTree(refuse === undefined ? bounds : { ...bounds, refuse });
  const workplace = { files, tree, places: header.places, linkless: new Set(facts.linkless) };
  const journal = openJournal(state, facts.path);
  if (facts.ended === 'committed' || (facts.ended === null && committed(files, header))) {
    tidy(workplace, journal, 'committed');
    return { ...nothing, outcome: 'committed', cause: 'the run had committed its receipt' };
  }
  if (facts.ended === null) checkHeld(files, facts);
  const report =
    facts.ended === 'undone'
      ? nothing
      : await undoEntries(
          { ...workplace, readBackup, processes, run: header.run, externals: facts.externals },
          facts.entries,
        );
  if (report.unfinished.length > 0) {
    return { ...report, outcome: 'blocked', cause: `${report.unfinished.length} paths could not be put back` };
  }
  tidy(workplace, journal, 'undone');
  return { ...report, outcome: 'undone', cause: 'the run stopped before it committed its receipt' };
};

/**
 * Recovers every run that left a journal: undone when its receipt is not in place, tidied up when it is.
 * Expected trouble with one never hides another: it is `blocked` with the cause, and its journal is kept.
 */
export const recover = async (deps: RecoverDeps): Promise<readonly RecoveredRun[]> => {
  const recovered: RecoveredRun[] = [];
  const { target, roots } = deps;
  const all = listJournals(deps.ports, deps.state);
  for (const journal of target === undefined ? all : all.filter((one) => concerns(one, target, roots))) {
    const who = { run: journal.run, target: journal.target, journal: journal.path };
    try {
      recovered.push({ ...(await recoverOne(deps, readJournal(deps.ports.files, journal.path))), ...who });
    } catch (error) {
      if (!(error instanceof LockstepError)) throw error;
      const cause = error.hint === undefined ? error.message : `${error.message}; ${error.hint}`;
      recovered.push({ ...nothing, ...who, outcome: 'blocked', cause });
    }
  }
  return recovered;
};
