/** What a restore takes away: files that Lockstep wrote since, bytecode of what changes, folders that are empty then. */
import { basename, dirname, join } from 'node:path';
import { absent } from './file-state.ts';
import { isGitObject } from './git-files.ts';
import { type RootedPath, toRooted } from './paths.ts';
import type { FileAction } from './plan.ts';
import type { RestoreSight } from './restore-sight.ts';
import type { RestoreWork } from './restore-work.ts';

export const bytecodeCause = 'bytecode of a restored file';
const cacheName = '__pycache__';

export const removal = (facts: Pick<FileAction, 'component' | 'path' | 'before' | 'cause'>): FileAction => ({
  kind: 'file',
  after: absent,
  ...facts,
});

/** What Lockstep wrote since the backup: recorded as absent there, or not in it at all. */
export const removals = ({
  request,
  whole,
  held,
  written,
  absolute,
  warnings,
  scope,
  covers,
}: RestoreWork): FileAction[] => {
  const { receipt, files, manifest } = request;
  const found: FileAction[] = [];
  const consider = (path: RootedPath, component: string, cause: string): void => {
    const before = files.state(absolute(path));
    if (before.kind === 'file' || before.kind === 'link') found.push(removal({ component, path, before, cause }));
  };
  for (const { path, component, state } of manifest.entries) {
    if (!scope(component) || !covers(path) || state.kind !== 'absent' || isGitObject(path)) continue;
    if (written.has(path) || receipt?.config[path] !== undefined) {
      consider(path, component, 'was not there at the time of the backup');
    } else if (files.state(absolute(path)).kind !== 'absent') {
      warnings.push(`${path} was left alone: it was made since the backup, and not by Lockstep`);
    }
  }
  for (const component of whole) {
    for (const path of Object.keys(receipt?.components[component]?.files ?? {})) {
      if (!held.has(path) && covers(path)) consider(path, component, 'not in the backup');
    }
  }
  return found;
};

const depth = (path: string): number => path.split('/').length;

/** Folders that hold nothing once `gone` is gone; deepest first, and added to `gone`. */
export const emptied = (candidates: Iterable<string>, gone: Set<string>, files: RestoreSight): readonly string[] =>
  [...new Set(candidates)]
    .sort((a, b) => depth(b) - depth(a) || (a < b ? -1 : 1))
    .filter((dir) => {
      if (files.state(dir).kind !== 'dir' || !files.list(dir).every((name) => gone.has(join(dir, name)))) return false;
      gone.add(dir);
      return true;
    });

/** Removals of the bytecode of a source that changes or goes. */
export const bytecodeOf = (
  { request, absolute }: RestoreWork,
  { path, component }: FileAction,
): readonly FileAction[] => {
  if (!path.endsWith('.py')) return [];
  const cache = join(dirname(absolute(path)), cacheName);
  const stem = `${basename(path, '.py')}.`;
  return request.files
    .list(cache)
    .filter((name) => name.startsWith(stem) && name.endsWith('.pyc'))
    .map((name) => {
      const rooted = toRooted(request.roots, join(cache, name));
      return removal({ component, path: rooted, before: request.files.state(join(cache, name)), cause: bytecodeCause });
    });
};
