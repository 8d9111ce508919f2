/** Puts one staged entry in place, after looking once more at what stands there. */
import { dirname } from 'node:path';
import { LockstepError } from '../../domain/errors.ts';
import { type FileState, sameFolderMode, sameState } from '../../domain/file-state.ts';
import type { FileEntry, Journal } from '../../store/journal.ts';
import { isBytecode } from './bytecode.ts';
import { setFolderMode, workable } from './folder-mode.ts';
import { holdPath, isSecondName, stagePath, type Workplace } from './places.ts';

export interface SwapGround extends Workplace {
  readonly journal: Journal;
}

/** What a state looks like to a person; digests, never contents. */
export const describeState = (state: FileState): string => {
  if (state.kind === 'absent') return 'nothing';
  if (state.kind === 'dir') return 'a folder';
  if (state.kind === 'link') return `a link to ${state.to}`;
  if (state.kind === 'other') return 'something that is no file';
  return `a file (sha256 ${state.sha256.slice(0, 12)}, mode ${state.mode.toString(8)})`;
};

const changed = (path: string, before: FileState, found: string): LockstepError =>
  new LockstepError('target-changed', `${path} was changed after the plan was made: ${found}`, {
    hint: 'run the same command again: it plans from what stands there now',
    details: [`planned over ${describeState(before)}`],
  });

const expectState = ({ files }: Workplace, path: string, before: FileState): void => {
  const now = files.state(path);
  if (!sameState(now, before)) throw changed(path, before, `${describeState(now)} stands there`);
};

/**
 * Gives every file that a batch replaces or removes its second name, and has all these names on the disk before the first
 * path changes: after a power failure a missing second name means that its path was not touched.
 */
export const holdBatch = ({ files, tree, places, linkless }: Workplace, entries: readonly FileEntry[]): void => {
  const used = new Set<string>();
  for (const entry of entries) {
    const to = holdPath(places, entry);
    if (to === undefined || linkless.has(entry.place)) continue;
    if (files.stat(entry.path)?.kind !== 'file' || files.stat(to) !== undefined) continue;
    if (tree.link(entry.path, to)) used.add(dirname(to));
  }
  if (used.size > 0) tree.flush([...used]);
};

/**
 * Keeps the file at a path under its hold name: as a second name where links exist, so that the path is never missing.
 * Without links it is moved, which the journal has to know first.
 */
const hold = (ground: SwapGround, entry: FileEntry): 'held' | 'moved' => {
  const { files, tree, journal, linkless } = ground;
  const to = holdPath(ground.places, entry);
  if (to === undefined) throw new Error(`no hold name for ${entry.path}`);
  if (!linkless.has(entry.place)) {
    if (isSecondName(files, entry.path, to)) return 'held';
    // Left behind by an attempt that failed: the path still has it.
    if (files.stat(to) !== undefined) tree.unlink(to);
    if (tree.link(entry.path, to)) return 'held';
    journal.linkless(entry.place);
    linkless.add(entry.place);
  }
  const alreadyMoved = files.stat(entry.path) === undefined && files.stat(to) !== undefined;
  if (!alreadyMoved) tree.rename(entry.path, to);
  return 'moved';
};

/** Holds the file and then hashes what is held: the very inode that will be replaced. */
const holdVerified = (ground: SwapGround, entry: FileEntry): 'held' | 'moved' => {
  const { files, tree } = ground;
  const { path, before } = entry;
  const to = holdPath(ground.places, entry) ?? '';
  const now = files.stat(path);
  const movedBefore = now === undefined && ground.linkless.has(entry.place) && files.stat(to) !== undefined;
  // A folder or link must never be moved into the place, so its kind is looked at first.
  if (!movedBefore && (now?.kind !== 'file' || before.kind !== 'file' || now.size !== before.size)) {
    throw changed(path, before, `${describeState(files.state(path))} stands there`);
  }
  const how = hold(ground, entry);
  const held = files.state(to);
  if (sameState(held, before)) return how;
  if (how === 'moved') tree.rename(to, path);
  throw changed(path, before, `${describeState(held)} stands there`);
};

/** What lies in it comes after it: until then its owner may write in it. The umask may have taken bits of it. */
const makeFolder = (ground: Workplace, path: string, mode: number): void => {
  ground.tree.mkdir(path, workable(mode) & 0o777);
  setFolderMode(ground, path, workable(mode));
};

/** Bytecode is outside every comparison: whatever stands there now is held and goes. */
const swapBytecode = (ground: SwapGround, entry: FileEntry): 'done' | 'left' => {
  const { files, tree } = ground;
  const { path, after } = entry;
  const now = files.stat(path);
  if (entry.before.kind === 'dir' && after.kind === 'dir') return 'done';
  if (entry.before.kind === 'dir' || now?.kind === 'dir') {
    if (now === undefined) return 'done';
    if (now.kind !== 'dir' || after.kind !== 'absent' || files.list(path).length > 0) return 'left';
    tree.rmdir(path);
    return 'done';
  }
  if (after.kind === 'dir') {
    if (now === undefined) makeFolder(ground, path, after.mode);
    return 'done';
  }
  const how = now === undefined ? 'moved' : hold(ground, entry);
  const stage = stagePath(ground.places, entry);
  if (stage !== undefined) tree.rename(stage, path);
  else if (how === 'held') tree.unlink(path);
  return 'done';
};

/** The same trouble, told of the target's own path: what is moved in the staging folder says nothing to anybody. */
const aboutPath = (error: unknown, { path, place }: FileEntry, { places }: Workplace): unknown => {
  const staged = places[place]?.dir ?? '';
  if (!(error instanceof LockstepError) || error.code !== 'disk' || !error.message.includes(staged)) return error;
  const reason = error.message.slice(error.message.lastIndexOf(': ') + 2);
  const denied = /\((?:EPERM|EACCES)\)$/.test(reason);
  const hint = denied
    ? `lsattr ${path} shows whether it is protected from changes (chattr -i ${path} ends that), ls -ld ${dirname(path)} whose its folder is; then run the command again`
    : error.hint;
  return new LockstepError('disk', `${path} cannot be replaced or removed: ${reason}`, {
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  });
};

/**
 * Puts an entry in place. `left` when a bytecode folder is still in use, which is no trouble.
 * Throws `target-changed` when anything but the planned `before` stands there; `disk`, `path-refused`.
 */
export const swapEntry = (ground: SwapGround, entry: FileEntry): 'done' | 'left' => {
  try {
    return swapPlanned(ground, entry);
  } catch (error) {
    throw aboutPath(error, entry, ground);
  }
};

const swapPlanned = (ground: SwapGround, entry: FileEntry): 'done' | 'left' => {
  const { files, tree } = ground;
  const { path, before, after } = entry;
  if (isBytecode(path)) return swapBytecode(ground, entry);
  if (before.kind === 'dir') {
    expectState(ground, path, before);
    if (after.kind === 'dir') {
      if (!sameFolderMode(files.state(path), before)) throw changed(path, before, 'its permissions are others');
      setFolderMode(ground, path, workable(after.mode));
      return 'done';
    }
    if (files.list(path).length > 0) throw changed(path, before, 'it is not empty');
    tree.rmdir(path);
    return 'done';
  }
  let how: 'held' | 'moved' | 'nothing to hold' = 'nothing to hold';
  if (before.kind === 'file') how = holdVerified(ground, entry);
  else expectState(ground, path, before);
  const stage = stagePath(ground.places, entry);
  if (stage !== undefined) tree.rename(stage, path);
  else if (after.kind === 'dir') makeFolder(ground, path, after.mode);
  else if (how !== 'moved') tree.unlink(path);
  return 'done';
};
