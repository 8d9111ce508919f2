/** Brings every journaled path back to what stood there before, however far the run came, as often as it takes. */
import { dirname, join } from 'node:path';
import { LockstepError } from '../../domain/errors.ts';
import { absent, type FileState, sameState } from '../../domain/file-state.ts';
import { isInside } from '../../domain/paths.ts';
import type { FileEntry } from '../../store/journal.ts';
import { isBytecode } from './bytecode.ts';
import type { Chain } from './chain.ts';
import { closeFolders, isModeOurs, openFolders, workable } from './folder-mode.ts';
import { depth } from './order.ts';
import { holdPath, isSecondName, openUndoFolder, stagePath, type Workplace } from './places.ts';
import { clearBytecode, restoreBytecode } from './restore-bytecode.ts';
import { describeState } from './swap.ts';
import { openUndoLog, type UndoLog, type UndoReport } from './undo-log.ts';

export interface RestoreGround extends Workplace {
  /** Bytes of a backup, by sha256, for when the held file is gone. */
  readonly readBackup?: ((sha256: string) => Buffer) | undefined;
}

/** What an entry may have left at its path; nothing when it can be told that it never got to it. */
const tracesOf = ({ files, places, linkless }: RestoreGround, entry: FileEntry): readonly FileState[] => {
  const exists = (path: string | undefined): boolean => path !== undefined && files.stat(path) !== undefined;
  const isHeld = exists(holdPath(places, entry));
  const movedAway = linkless.has(entry.place) && entry.before.kind === 'file' && isHeld ? [absent] : [];
  // Still staged means never put in place: the same content at the path is somebody else's. But for the very same file under
  // both names, which is what a move looks like of which a power failure let only half reach the disk.
  const staged = stagePath(places, entry);
  if (exists(staged) && !isSecondName(files, entry.path, staged)) return movedAway;
  // A file is held before it is removed: nothing held means that somebody else removed it, or the whole staging place.
  const removes = entry.before.kind === 'file' && entry.after.kind === 'absent';
  if (removes && !isHeld && exists(places[entry.place]?.dir)) return [];
  return [entry.after, ...movedAway];
};

const chainOf = (ground: RestoreGround, entries: readonly [FileEntry, ...FileEntry[]]): Chain => {
  const [first, ...later] = entries;
  const now = ground.files.state(first.path);
  const states = [...later.map((entry) => entry.before), ...entries.flatMap((entry) => tracesOf(ground, entry))];
  const ours = states.some((state) => sameState(state, now));
  return { path: first.path, goal: first.before, now, first, ours, modeOurs: isModeOurs(entries, now) };
};

const chainsOf = (ground: RestoreGround, entries: readonly FileEntry[]): readonly Chain[] => {
  const byPath = new Map<string, [FileEntry, ...FileEntry[]]>();
  for (const entry of entries) {
    const known = byPath.get(entry.path);
    if (known === undefined) byPath.set(entry.path, [entry]);
    else known.push(entry);
  }
  return [...byPath.values()].map((of) => chainOf(ground, of));
};

const clearFiles = ({ tree }: RestoreGround, log: UndoLog, todo: readonly Chain[]): void => {
  for (const { path, goal, now } of todo) {
    const goes = goal.kind === 'absent' || goal.kind === 'dir';
    if (goes && (now.kind === 'file' || now.kind === 'link')) log.putBack(path, () => tree.unlink(path));
  }
};

const clearFolders = ({ files, tree }: RestoreGround, log: UndoLog, chains: readonly Chain[]): void => {
  const made = chains.filter(({ goal, path }) => goal.kind !== 'dir' && files.stat(path)?.kind === 'dir');
  for (const { path } of made.sort((a, b) => depth(b.path) - depth(a.path))) {
    if (files.list(path).length === 0) log.putBack(path, () => tree.rmdir(path));
    else if (!log.notDone().some((known) => isInside(path, known))) {
      log.leave(path, 'it holds files that somebody else put there');
    }
  }
};

const makeFolders = (ground: RestoreGround, log: UndoLog, chains: readonly Chain[]): void => {
  const { files, tree } = ground;
  const gone = chains.filter(({ goal, ours, path }) => goal.kind === 'dir' && ours && files.stat(path) === undefined);
  for (const { path, goal, first } of gone.sort((a, b) => depth(a.path) - depth(b.path))) {
    if (goal.kind !== 'dir') continue;
    // Made elsewhere and moved, so that it never stands there with another mode.
    log.putBack(path, () => {
      const made = join(openUndoFolder(ground, first.place), `u${first.id}`);
      if (files.stat(made) === undefined) tree.mkdir(made, 0o700);
      tree.chmod(made, workable(goal.mode));
      tree.flush([made]);
      tree.rename(made, path);
    });
  }
  // What is moved into a folder is only as safe as the folder's own name.
  const above = [...new Set(gone.map(({ path }) => dirname(path)))].filter((dir) => files.stat(dir)?.kind === 'dir');
  for (const { path } of gone.slice(0, 1)) log.attempt(path, () => tree.flush(above));
};

const fromBackup = ({ tree, readBackup }: RestoreGround, goal: FileState & { kind: 'file' }, to: string): void => {
  if (readBackup === undefined) {
    throw new LockstepError('nothing-to-restore', 'the file that was held for undoing is gone from .lockstep', {
      hint: 'put it back from a backup: lockstep target restore',
    });
  }
  tree.write(to, readBackup(goal.sha256), goal.mode);
  tree.flush([to]);
};

const restoreFile = (ground: RestoreGround, log: UndoLog, { path, goal, first }: Chain): void => {
  const { files, tree, places } = ground;
  const held = holdPath(places, first);
  if (goal.kind === 'file' && held !== undefined && files.stat(held)?.kind === 'file') {
    const same = sameState(files.state(held), goal);
    tree.rename(held, path);
    // The same file, written to through an open handle while it was held: its owner's newest version.
    if (!same) log.leave(path, 'written to by somebody else while the run was going');
    return;
  }
  const made = join(openUndoFolder(ground, first.place), `u${first.id}`);
  if (files.stat(made) !== undefined) tree.unlink(made);
  if (goal.kind === 'link') tree.symlink(made, goal.to);
  if (goal.kind === 'file') fromBackup(ground, goal, made);
  tree.rename(made, path);
};

const restoreContent = (ground: RestoreGround, log: UndoLog, todo: readonly Chain[]): void => {
  const { files } = ground;
  for (const chain of todo) {
    if (chain.goal.kind !== 'file' && chain.goal.kind !== 'link') continue;
    // Reported already: a folder of ours that somebody else uses now.
    if (files.stat(chain.path)?.kind === 'dir') continue;
    if (files.stat(dirname(chain.path))?.kind === 'dir') {
      log.putBack(chain.path, () => restoreFile(ground, log, chain));
    } else log.leave(chain.path, 'somebody else removed its folder since');
  }
};

/** What was written anew with the content that it had: the very file, with its times, is still held. */
const restoreSame = ({ files, tree, places }: RestoreGround, log: UndoLog, same: readonly Chain[]): void => {
  for (const { path, goal, first } of same) {
    const held = holdPath(places, first);
    if (goal.kind !== 'file' || held === undefined) continue;
    const old = files.stat(held);
    if (old?.kind !== 'file' || old.ino === files.stat(path)?.ino || !sameState(files.state(held), goal)) continue;
    log.attempt(path, () => tree.rename(held, path));
  }
};

/** Puts every path back that the run changed. Trouble with single paths is reported, not thrown. Idempotent. */
export const restoreFiles = (ground: RestoreGround, entries: readonly FileEntry[]): UndoReport => {
  const log = openUndoLog();
  const chains = chainsOf(ground, entries);
  const code = chains.filter((chain) => isBytecode(chain.path));
  const plain = chains.filter((chain) => !isBytecode(chain.path));
  const changed = plain.filter((chain) => !sameState(chain.now, chain.goal));
  for (const { path, now } of changed.filter((chain) => !chain.ours)) {
    log.leave(path, `changed by somebody else since: ${describeState(now)} stands there`);
  }
  const todo = changed.filter((chain) => chain.ours);
  openFolders(ground, log, plain);
  clearFiles(ground, log, todo);
  clearBytecode(ground, log, { code, plain });
  clearFolders(ground, log, [...todo, ...code]);
  makeFolders(ground, log, chains);
  restoreContent(ground, log, todo);
  restoreSame(
    ground,
    log,
    plain.filter((chain) => sameState(chain.now, chain.goal)),
  );
  restoreBytecode(ground, log, code);
  closeFolders(ground, log, plain);
  const folders = log.touched().filter((dir) => ground.files.stat(dir)?.kind === 'dir');
  log.attempt(folders[0] ?? '', () => ground.tree.flush(folders));
  return log.report();
};
