/** Finds whatever cut-off runs left anywhere, also of targets that are not registered any more, and recovers it. */
import { join, resolve } from 'node:path';
import { forTarget, LockstepError } from '../domain/errors.ts';
import { maskText } from '../domain/mask-text.ts';
import type { TargetRecord } from '../domain/target.ts';
import type { Abandoned } from '../ports.ts';
import { readJournal, type WaitingJournal } from '../store/journal.ts';
import { acquireLock, rootLockPaths } from '../store/lock.ts';
import { readHolder } from '../store/lock-file.ts';
import { lockstepFolder } from '../store/receipts.ts';
import { targetPath } from './layouts.ts';
import type { MainProject } from './main-project.ts';
import { type CutOff, recoverLocked, recoverTarget, waitingRuns } from './recover.ts';

/** Whether a run was cut off here that left no journal: a lock whose owner is dead, or an entry that says `syncing`. */
export const leftBehind = (main: MainProject, record: TargetRecord): boolean => {
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

export interface RecoverReport {
  readonly target: string;
  readonly lines: readonly string[];
  /** Why not all of it could be recovered; null when it was. */
  readonly error: LockstepError | null;
}

const reportOf = async (target: string, work: () => Promise<CutOff>): Promise<RecoverReport> => {
  try {
    const { lines } = await work();
    const none = 'a run was cut off, but nothing of it is left to undo: its lock was removed';
    return { target, lines: lines.length === 0 ? [none] : lines, error: null };
  } catch (error) {
    const named = forTarget(error, target);
    if (!(named instanceof LockstepError)) throw named;
    return { target, lines: [], error: named };
  }
};

/** By the roots that the journal names: the registry says nothing of this target any more. */
const recoverStray = async (main: MainProject, { path, target, run }: WaitingJournal): Promise<CutOff> => {
  const stray = `run ${run} of ${target}, which is not registered any more, cannot be undone`;
  const hint = `mend that, then: lockstep sync recover; or, when nothing of that run is missed, delete ${path}`;
  try {
    const { roots } = readJournal(main.ports.files, path).header;
    const lock = await acquireLock(main.ports, rootLockPaths(roots), { what: `recover ${target}` });
    try {
      return await recoverLocked(main, { name: target, roots });
    } finally {
      lock.release();
    }
  } catch (error) {
    if (!(error instanceof LockstepError) || error.code === 'locked') throw error;
    const { code, message, details } = error;
    throw new LockstepError(code, `${stray}: ${message}`, { target, details, hint, cause: error });
  }
};

/**
 * Locks of parts of the state, taken as a run would take them, which clears what the dead left of them, and given back.
 * Answers with their paths. Throws `disk`.
 */
export const giveBackStateLocks = async (main: MainProject): Promise<readonly string[]> => {
  const cleared: string[] = [];
  const { ports, state } = main;
  const names = ports.files.list(state.locks).flatMap((name) => /^[^.]+\.lock(?=\.|$)/.exec(name)?.[0] ?? []);
  for (const path of [...new Set(names)].map((name) => join(state.locks, name))) {
    const holder = readHolder(ports, path);
    // Who lives gives its own back.
    if (holder !== undefined && (holder.facts === undefined || ports.identity.alive(holder.facts) !== 'dead')) continue;
    try {
      (await acquireLock(ports, [path], { what: 'clear what a killed run left' })).release();
      cleared.push(path);
    } catch (error) {
      if (!(error instanceof LockstepError) || error.code !== 'locked') throw error;
    }
  }
  return cleared;
};

const told = 3;

/** Enough to know a program by: what it was given may be a secret that nobody knows for one any more. */
const firstWords = (command: string, secrets: readonly string[]): string => {
  const words = maskText(command, secrets).split(' ');
  return words.length > told ? `${words.slice(0, told).join(' ')} …` : words.join(' ');
};

/**
 * Ends and removes what no lock names, such as a pip that planning had asked and its folder; answers with the first words
 * of what it ended. Call before targets are recovered: nothing may write in them meanwhile.
 */
export const clearScratch = ({ ports, project }: MainProject): readonly Abandoned[] => {
  const shown = (commands: readonly string[]) => commands.map((command) => firstWords(command, project.secrets));
  return (ports.clearAbandoned?.() ?? []).map(({ ended, running, ...rest }) => ({
    ...rest,
    ended: shown(ended),
    running: shown(running),
  }));
};

/**
 * Recovers every target that a cut-off run left something of: a journal, a lock, an entry that says `syncing`; then the
 * journals of targets that are not registered any more. One that cannot be recovered hides no other.
 */
export const recoverAll = async (main: MainProject): Promise<readonly RecoverReport[]> => {
  const reports: RecoverReport[] = [];
  const names = new Set(waitingRuns(main).map((journal) => journal.target));
  const records = main.registry.read().targets;
  for (const record of records) {
    if (!names.has(record.name) && !leftBehind(main, record)) continue;
    reports.push(await reportOf(record.name, () => recoverTarget(main, record)));
  }
  const registered = new Set(records.map(({ name }) => name));
  for (const name of new Set([...names].filter((one) => !registered.has(one)))) {
    const [journal] = waitingRuns(main).filter((one) => one.target === name);
    // Ended already where it shares a root with a target that is registered.
    if (journal !== undefined) reports.push(await reportOf(name, () => recoverStray(main, journal)));
  }
  return reports;
};
