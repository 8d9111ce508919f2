/** All writes of one run in one target: staged, journaled, put in place, and committed by the receipt or undone. */
import { dirname, join } from 'node:path';
import { LockstepError, messageOf } from '../domain/errors.ts';
import { absent, sameTime } from '../domain/file-state.ts';
import { type Roots, toAbsolute, toRooted } from '../domain/paths.ts';
import type { FileAction, RefAction } from '../domain/plan.ts';
import type { Receipt } from '../domain/receipt.ts';
import type { Ports } from '../ports.ts';
import { journalFormat, journalPath, openJournal, type RefEntry } from '../store/journal.ts';
import { sha256 } from '../store/main-tree.ts';
import { lockstepFolder, receiptPath, serialiseReceipt } from '../store/receipts.ts';
import type { StatePlaces } from '../store/state-dir.ts';
import { isBytecode } from './transaction/bytecode.ts';
import { actionKey, type Draft, type DraftGround, draftBatch, emptyBook, type Staged } from './transaction/draft.ts';
import { beginExternal, type External, type ExternalRequest, type Watched } from './transaction/external.ts';
import { settleFolders } from './transaction/folder-mode.ts';
import { swapOrder } from './transaction/order.ts';
import { closePlaces, lostRoots, openPlace, stagingPlaces, tidy, type Workplace } from './transaction/places.ts';
import { moveRef } from './transaction/refs.ts';
import { type ContentOf, discardStaged, stageDraft } from './transaction/stage.ts';
import { holdBatch, swapEntry } from './transaction/swap.ts';
import { undoEntries } from './transaction/undo.ts';
import type { UndoReport } from './transaction/undo-log.ts';

export type { External, ExternalRequest } from './transaction/external.ts';
export type { LeftPath, UndoReport } from './transaction/undo-log.ts';

export type PlacedAction = FileAction | RefAction;

export interface TransactionDeps {
  readonly ports: Pick<Ports, 'files' | 'openTree' | 'state' | 'processes'>;
  readonly roots: Roots;
  readonly target: string;
  readonly run: string;
  readonly projectId: string;
  readonly state: Pick<StatePlaces, 'journal'>;
  /** Refuses a path inside the roots all the same, with the reason. */
  readonly refuse?: (absolute: string) => string | undefined;
  /** Bytes by sha256 from the backup store, for when a held file is gone. */
  readonly readBackup?: (sha256: string) => Buffer;
}

export interface Transaction {
  /**
   * Stages content and flushes it as one batch, then journals it. No path of the target is touched; may be called again.
   * Throws `path-refused`, `target-changed`, `disk` or what `content` throws; the batch then left nothing behind.
   */
  stage(actions: readonly PlacedAction[], content: ContentOf): Promise<void>;
  /**
   * Puts staged actions in place, new content before removals, folders when they are empty, refs last. What is in place
   * already is passed over. Throws `target-changed`, naming the path, when it no longer holds what was planned over;
   * then, or on `disk`, the caller decides: `undo`, or `swap` again.
   */
  swap(actions: readonly PlacedAction[]): Promise<void>;
  /**
   * Begins with a program that writes by itself, for the first time or once more: all that stands where it may write is
   * journaled. Throws `backup-failed`, `path-refused` or `disk`; the program must then not be started.
   */
  external(request: ExternalRequest): External;
  /** Puts everything back and ends the transaction, unless something is unfinished: then it may be called again. */
  undo(): Promise<UndoReport>;
  /**
   * Renames the receipt into place, the only commit point. Throws only before it; undo is still possible then.
   * Answers with what could not be tidied up after it: that is no failure, and `recover` does it.
   */
  commit(receipt: Receipt): Promise<readonly string[]>;
}

const isSameMove = (action: PlacedAction, { checkout, ref, before, after }: RefEntry): boolean =>
  action.kind === 'ref' &&
  action.checkout === checkout &&
  action.ref === ref &&
  action.before === before &&
  action.after === after;

const nothingDone: UndoReport = { restored: 0, left: [], unfinished: [] };
const ignoreAll = Buffer.from('*\n');

/** Opens a transaction; nothing is written before the first `stage` or `commit` that has something to do. */
export const openTransaction = (deps: TransactionDeps): Transaction => {
  const { ports, roots, target, run, projectId } = deps;
  const { files } = ports;
  const receipt = receiptPath(roots.target, projectId);
  const places = stagingPlaces(files, roots, { run, target });
  const tree = ports.openTree({
    roots: places.map((place) => place.root),
    ...(deps.refuse === undefined ? {} : { refuse: deps.refuse }),
  });
  const journal = openJournal(ports.state, journalPath(deps.state.journal, run, target));
  const targetPlace = places.findIndex((place) => place.root === roots.target);
  const workplace: Workplace = { files, tree, places, linkless: new Set() };
  const book = emptyBook();
  const started = new Set<number>();
  const swapped = new Set<string>();
  const externals: Watched[] = [];
  let phase: 'new' | 'open' | 'committed' | 'undone' = 'new';

  const ground = (side: DraftGround['side']): DraftGround => ({ files, roots, places, refuse: deps.refuse, side });

  const receiptNow = (): string | null => (files.stat(receipt) === undefined ? null : sha256(files.read(receipt)));
  const receiptBefore = receiptNow();

  const open = (): void => {
    if (phase === 'open') return;
    if (phase !== 'new') throw new Error(`this transaction is ${phase}`);
    if (files.stat(journal.path) !== undefined) throw new Error(`${journal.path} is still there: recover first`);
    journal.begin({ format: journalFormat, run, target, project: projectId, roots, places, receipt, receiptBefore });
    phase = 'open';
  };

  /** Nothing of a batch that could not be staged stays, nor a journal without entries. */
  const abandon = (draft: Draft): void => {
    try {
      discardStaged(workplace, draft);
      if (book.files.length + book.refs.length + externals.length > 0) return;
      closePlaces(workplace);
      journal.remove();
      phase = 'new';
    } catch (error) {
      // The journal stays, so undo or recover will tidy up; why staging failed is what has to be told.
      if (!(error instanceof LockstepError)) throw error;
    }
  };

  const stage = async (side: DraftGround['side'], actions: readonly PlacedAction[], content: ContentOf) => {
    if (phase === 'committed' || phase === 'undone') throw new Error(`this transaction is ${phase}`);
    const draft = draftBatch(ground(side), book, actions);
    if (draft.files.length + draft.refs.length > 0) {
      open();
      try {
        await stageDraft(workplace, draft, content);
        journal.staged([...draft.files, ...draft.refs].map(({ entry }) => entry));
      } catch (error) {
        abandon(draft);
        throw error;
      }
    }
    draft.enter();
  };

  const stagedFor = (action: FileAction): readonly Staged[] => {
    const batches = book.byAction.get(actionKey(roots, action));
    if (batches === undefined) throw new Error(`${action.path} was not staged as it is to be put in place`);
    const items = batches.find((batch) => batch.some((item) => !item.done)) ?? [];
    return items.flatMap((item) => [...item.needs, item, ...item.trailing]);
  };

  /** Last of all: whatever is put into a folder changes its time. Not journaled, for undoing would change it again. */
  const bringFolderTimes = (actions: readonly PlacedAction[]): void => {
    for (const action of actions) {
      if (action.kind !== 'file' || action.after.kind !== 'dir' || action.mtimeNs === undefined) continue;
      const path = toAbsolute(roots, action.path);
      const now = files.stat(path);
      const time = BigInt(action.mtimeNs);
      if (now?.kind === 'dir' && !sameTime(now.mtimeNs, time)) tree.touch(path, time);
    }
  };

  const swap = async (actions: readonly PlacedAction[]): Promise<void> => {
    const wanted = actions.filter((action) => action.kind === 'file').flatMap(stagedFor);
    const items = swapOrder([...new Set(wanted)].filter((item) => !item.done));
    const refs = book.refs.filter((item) => !item.done && actions.some((action) => isSameMove(action, item.entry)));
    if (items.length + refs.length === 0) return bringFolderTimes(actions);
    const ids = [...items, ...refs].map(({ entry }) => entry.id);
    journal.swapping(ids);
    for (const id of ids) started.add(id);
    holdBatch(
      workplace,
      items.map(({ entry }) => entry),
    );
    for (const item of items) {
      item.done = swapEntry({ ...workplace, journal }, item.entry) === 'done';
      swapped.add(dirname(item.entry.path));
      // Its mode was set after it was made.
      if (item.entry.after.kind === 'dir') swapped.add(item.entry.path);
    }
    // While they may still be entered: some are closed to their owner in the end.
    bringFolderTimes(actions);
    settleFolders(
      workplace,
      items.filter(({ done }) => done).map(({ entry }) => entry),
    );
    for (const item of refs) {
      await moveRef(ports.processes, item.entry, { from: item.entry.before, to: item.entry.after, run });
      item.done = true;
    }
  };

  /** What `.lockstep` has to hold besides the receipt, as far as it does not. */
  const ownActions = (): readonly FileAction[] => {
    const folder = join(roots.target, lockstepFolder);
    const own = { kind: 'file', component: 'lockstep', before: absent, cause: 'first sync' } as const;
    const ignore = { kind: 'file', sha256: sha256(ignoreAll), mode: 0o644, size: ignoreAll.length } as const;
    const wanted: readonly FileAction[] = [
      { ...own, path: toRooted(roots, dirname(receipt)), after: { kind: 'dir', mode: 0o755 } },
      { ...own, path: toRooted(roots, join(folder, '.gitignore')), after: ignore },
    ];
    return wanted.filter((action) => files.stat(join(roots.target, action.path)) === undefined);
  };

  const stageReceipt = (facts: Receipt): string => {
    const folder = openPlace(workplace, targetPlace);
    const staged = join(folder, 'receipt');
    tree.write(staged, Buffer.from(serialiseReceipt(facts)), 0o644);
    const folders = [...swapped].filter((dir) => files.stat(dir)?.kind === 'dir');
    tree.flush([staged, folder, ...folders]);
    return staged;
  };

  const commit = async (facts: Receipt): Promise<readonly string[]> => {
    const waiting = book.files.find(({ done, entry }) => !done && !isBytecode(entry.path));
    if (waiting !== undefined) throw new Error(`${waiting.entry.path} is staged and was never put in place`);
    if (book.refs.some(({ done }) => !done)) throw new Error('a ref is staged and was never moved');
    if (facts.run !== run || facts.project !== projectId) throw new Error('the receipt names another run or project');
    open();
    openPlace(workplace, targetPlace);
    const own = ownActions();
    await stage('lockstep', own, async () => ignoreAll);
    await swap(own);
    const staged = stageReceipt(facts);
    if (receiptNow() !== receiptBefore) {
      throw new LockstepError('target-changed', `${receipt} was changed while the run was going`, {
        hint: 'run the same command again: it plans from what stands there now',
      });
    }
    tree.rename(staged, receipt);
    phase = 'committed';
    try {
      tree.flush([dirname(receipt)]);
      tidy(workplace, journal, 'committed');
      return [];
    } catch (error) {
      if (!(error instanceof LockstepError)) throw error;
      return [`the run is complete, but not tidied up: ${messageOf(error)}; type: lockstep sync recover`];
    }
  };

  const external = (request: ExternalRequest): External => {
    if (request.globs.length === 0) return { ended: () => [] };
    open();
    const externalGround = {
      ...workplace,
      journal,
      root: roots.target,
      place: targetPlace,
      readBackup: deps.readBackup,
    };
    return beginExternal(externalGround, externals, { request, id: () => book.nextId++ });
  };

  return {
    stage: (actions, content) => stage('target', actions, content),
    swap,
    external,
    commit,
    undo: async () => {
      if (phase === 'committed') throw new Error('a committed run cannot be undone; restore its backup instead');
      if (phase !== 'open') return nothingDone;
      const { readBackup } = deps;
      const undoGround = { ...workplace, readBackup, processes: ports.processes, run, externals };
      const entries = [...book.files, ...book.refs].map(({ entry }) => entry).filter(({ id }) => started.has(id));
      const lost = lostRoots(files, { target: roots.target, places, entries });
      if (lost.length > 0)
        return { ...nothingDone, unfinished: lost.map((path) => ({ path, cause: 'it is not there any more' })) };
      const report = await undoEntries(undoGround, entries);
      if (report.unfinished.length > 0) return report;
      try {
        tidy(workplace, journal, 'undone');
      } catch (error) {
        if (!(error instanceof LockstepError)) throw error;
        return { ...report, unfinished: [{ path: journal.path, cause: messageOf(error) }] };
      }
      phase = 'undone';
      return report;
    },
  };
};
