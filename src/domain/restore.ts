/** Plans a restore: the exact actions that bring components back to a backup, and what they would replace. Reads only. */
import { dirname } from 'node:path';
import type { BackupEntry } from './backup.ts';
import { sameFolderMode, sameState, sameTime } from './file-state.ts';
import { isGitIndex } from './git-files.ts';
import { isInside, type RootedPath, shownPath, toRooted } from './paths.ts';
import type { Content, FileAction, RefAction } from './plan.ts';
import type { Receipt } from './receipt.ts';
import { restoredReceipt } from './restore-receipt.ts';
import { bytecodeCause, bytecodeOf, emptied, removal, removals } from './restore-removals.ts';
import { sightOf } from './restore-sight.ts';
import { prepareRestore, type RestoreRequest, type RestoreWork } from './restore-work.ts';

export type { RestoreRequest } from './restore-work.ts';

export interface Standing {
  readonly path: RootedPath;
  readonly component: string;
  readonly absolute: string;
}

export interface RestorePlan {
  readonly actions: readonly (FileAction | RefAction)[];
  /** Whether anything but times differs from the backup: a target that was only touched is in no other state. */
  readonly differs: boolean;
  /** To be committed once the actions are in place. */
  readonly receipt: Receipt;
  /** Files that somebody changed since Lockstep last wrote them, and that would be replaced or removed. */
  readonly replacesNewerEdits: number;
  /** Their paths, sorted. */
  readonly newerEdits: readonly RootedPath[];
  /** What could not be brought back and was left alone, with the cause. */
  readonly warnings: readonly string[];
  /** Components that are restored, in whole or in part. */
  readonly components: readonly string[];
  /** Every path of those components, whole: a backup of them makes the restore itself undoable. */
  readonly standing: readonly Standing[];
  /** Where the bytes of the actions come from, by sha256. */
  readonly contents: ReadonlyMap<string, Content>;
  readonly absolute: (path: RootedPath) => string;
}

/** Why an entry cannot be written where it was; undefined when it can. */
const obstacle = (
  { request, absolute }: RestoreWork,
  entry: BackupEntry,
  gone: ReadonlySet<string>,
): string | undefined => {
  const { files, roots } = request;
  const path = absolute(entry.path);
  const now = files.state(path);
  if (now.kind === 'other') return 'what stands there is neither a file, a link nor a folder';
  if (now.kind === 'dir' && !gone.has(path)) return 'a folder that is not empty stands there now';
  const rootPaths = Object.values(roots);
  for (let at = dirname(path); rootPaths.some((root) => root !== at && isInside(root, at)); at = dirname(at)) {
    const kind = files.state(at).kind;
    if (kind !== 'dir' && kind !== 'absent' && !gone.has(at)) return `${at} is not a folder any more`;
  }
  return undefined;
};

const isEdit = ({ request, written, absolute }: RestoreWork, { path, before, after, cause }: FileAction): boolean => {
  if (cause === bytecodeCause || (before.kind !== 'file' && before.kind !== 'link')) return false;
  if (isGitIndex(path) || sameState(before, after)) return false;
  const record = written.get(path);
  if (record !== undefined) return before.kind === 'file' ? before.sha256 !== record.sha256 : before.to !== record.link;
  // A merged file has no digest in the receipt, which is written after all else that its run wrote.
  const { receipt, receiptFile, files } = request;
  if (receipt?.config[path] === undefined) return true;
  const timeOf = (at: string): bigint => files.stat(at)?.mtimeNs ?? 0n;
  return timeOf(absolute(path)) > timeOf(receiptFile);
};

const refActions = (
  { manifest, checkoutNow, roots, paths = null }: RestoreRequest,
  whole: readonly string[],
): readonly RefAction[] => {
  const then = manifest.checkout;
  // Some paths of a commit are no other commit.
  if (paths !== null || !whole.includes('package') || !then || !checkoutNow || then.commit === checkoutNow.commit)
    return [];
  // Another branch is checked out now: its tip is not Lockstep's to move.
  if (then.ref !== checkoutNow.ref) return [];
  const { path, ref, commit } = checkoutNow;
  return [
    {
      kind: 'ref',
      component: 'package',
      checkout: path,
      ...shownPath(roots, path),
      ref,
      before: commit,
      after: then.commit,
      cause: 'as in the backup',
    },
  ];
};

const standingOf = ({ request, whole, held, absolute }: RestoreWork): readonly Standing[] => {
  const { receipt } = request;
  const all = new Map<RootedPath, string>();
  for (const component of whole) {
    const recorded = receipt?.components[component];
    const config = component === 'config' ? Object.keys(receipt?.config ?? {}) : [];
    for (const path of [...Object.keys(recorded?.files ?? {}), ...(recorded?.dirs ?? []), ...config])
      all.set(path, component);
  }
  for (const { path, component } of held.values()) if (whole.includes(component)) all.set(path, component);
  return [...all].map(([path, component]) => ({ path, component, absolute: absolute(path) }));
};

/** Every folder that the entries need, themselves included. */
const foldersOf = (entries: readonly BackupEntry[], absolute: RestoreWork['absolute']): ReadonlySet<string> => {
  const needed = new Set<string>();
  for (const { path, state } of entries) {
    const start = state.kind === 'dir' ? absolute(path) : dirname(absolute(path));
    for (let at = start; !needed.has(at); at = dirname(at)) needed.add(at);
  }
  return needed;
};

/** Folders whose own time is not the backup's, or will not be once something in them was brought back. */
const folderTimes = (
  { request, absolute }: RestoreWork,
  { entries, actions }: { readonly entries: readonly BackupEntry[]; readonly actions: readonly FileAction[] },
): readonly FileAction[] => {
  const { files } = request;
  const planned = new Set(actions.map(({ path }) => path));
  const changedIn = new Set(actions.map(({ path }) => dirname(absolute(path))));
  return entries.flatMap(({ path, component, state, mtimeNs }): readonly FileAction[] => {
    if (state.kind !== 'dir' || planned.has(path)) return [];
    const now = files.stat(absolute(path));
    if (now?.kind !== 'dir') return [];
    if (sameTime(now.mtimeNs, BigInt(mtimeNs)) && !changedIn.has(absolute(path))) return [];
    const stands = files.state(absolute(path));
    return [
      { kind: 'file', component, path, before: stands, after: stands, cause: 'its time, as in the backup', mtimeNs },
    ];
  });
};

/** Throws `nothing-to-restore` for a component that the backup does not hold, `path-refused` for a root that the target lacks. */
export const planRestore = (asked: RestoreRequest): RestorePlan => {
  const request = { ...asked, files: sightOf(asked.files, asked.roots) };
  const work = prepareRestore(request);
  const { absolute, covers, held, scope, whole, warnings } = work;
  const { files, manifest, receipt, roots } = request;
  const entries = manifest.entries.filter(
    ({ path, component, state }) => scope(component) && covers(path) && state.kind !== 'absent',
  );
  const onlyTime = ({ path, state, mtimeNs }: BackupEntry): boolean => {
    const now = state.kind === 'dir' ? undefined : files.stat(absolute(path))?.mtimeNs;
    return now !== undefined && !sameTime(now, BigInt(mtimeNs));
  };
  const differing = entries.filter((entry) => {
    const now = files.state(absolute(entry.path));
    return !sameState(now, entry.state) || !sameFolderMode(now, entry.state) || onlyTime(entry);
  });

  const gone = removals(work);
  const writes = differing.map(({ path, component, state, mtimeNs }): FileAction => {
    const before = files.state(absolute(path));
    const what = before.kind === 'dir' ? 'its permissions' : 'its time';
    const cause = sameState(before, state) ? `${what}, as in the backup` : 'as in the backup';
    return { kind: 'file', component, path, before, after: state, cause, mtimeNs };
  });
  const bytecode = [...gone, ...writes].flatMap((action) => bytecodeOf(work, action));

  const gonePaths = new Set([...gone, ...bytecode].map((action) => absolute(action.path)));
  const inTheWay = writes.filter(({ before, after }) => before.kind === 'dir' && after.kind !== 'dir');
  const owned = new Map<string, string>();
  for (const { path, component } of bytecode) owned.set(dirname(absolute(path)), component);
  const needed = foldersOf(entries, absolute);
  for (const component of whole) {
    for (const dir of (receipt?.components[component]?.dirs ?? []).filter(covers).map(absolute)) {
      if (!needed.has(dir)) owned.set(dir, component);
    }
  }
  for (const { path, component } of inTheWay) owned.set(absolute(path), component);
  const replaced = new Set(inTheWay.map(({ path }) => absolute(path)));
  const folders = emptied(owned.keys(), gonePaths, files)
    .filter((dir) => !replaced.has(dir))
    .map((dir) =>
      removal({
        component: owned.get(dir) ?? '',
        path: toRooted(roots, dir),
        before: files.state(dir),
        cause: 'nothing is left in it',
      }),
    );

  // A file that turns into a folder again is no obstacle to what lay in it.
  for (const { path, after } of writes) if (after.kind === 'dir') gonePaths.add(absolute(path));
  const possible = writes.filter((action) => {
    const entry = held.get(action.path);
    const why = entry && obstacle(work, entry, gonePaths);
    if (why !== undefined) warnings.push(`${action.path} could not be brought back: ${why}`);
    return why === undefined;
  });
  const moves = [...gone, ...bytecode, ...folders, ...possible];
  const actions = [...moves, ...folderTimes(work, { entries, actions: moves })];
  const refs = refActions(request, whole);
  const newerEdits = actions
    .filter((action) => isEdit(work, action))
    .map(({ path }) => path)
    .sort();
  return {
    actions: [...actions, ...refs],
    differs: refs.length > 0 || actions.some(({ before, after }) => !sameState(before, after)),
    receipt: restoredReceipt({
      manifest,
      current: receipt,
      restored: new Set(whole),
      extent: request.components === null && !request.paths ? 'everything' : 'some components',
      paths: request.paths ?? null,
      project: request.project,
      run: request.run,
      time: request.time,
    }),
    replacesNewerEdits: newerEdits.length,
    newerEdits,
    warnings,
    components: whole,
    standing: standingOf(work),
    contents: new Map(
      actions.flatMap(({ after }) =>
        after.kind === 'file' ? [[after.sha256, { from: 'backup', sha256: after.sha256 }]] : [],
      ),
    ),
    absolute,
  };
};
