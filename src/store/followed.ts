/** Up to which commit the hooks have followed each work tree, and whether it moved since in a way that no hook tells of. */
import { join } from 'node:path';
import type { Files, StateFiles } from '../ports.ts';
import type { StatePlaces } from './state-dir.ts';

const format = 1;

type Heads = Readonly<Record<string, string>>;

const readHeads = (files: Files, path: string): Heads => {
  if (files.stat(path)?.kind !== 'file') return {};
  try {
    const known = JSON.parse(files.readText(path)) as { readonly format?: unknown; readonly heads?: Heads };
    return known.format === format && typeof known.heads === 'object' ? known.heads : {};
  } catch {
    // It only saves a second look.
    return {};
  }
};

/** The commit that was followed last in a work tree. */
export const followedHead = (files: Files, places: Pick<StatePlaces, 'followed'>, root: string): string | undefined =>
  readHeads(files, places.followed)[root];

/** Throws `disk`. */
export const saveFollowed = (
  { files, state }: { readonly files: Files; readonly state: StateFiles },
  places: Pick<StatePlaces, 'followed'>,
  { root, commit }: { readonly root: string; readonly commit: string },
): void => {
  const heads = readHeads(files, places.followed);
  if (heads[root] === commit) return;
  state.replace(places.followed, `${JSON.stringify({ format, heads: { ...heads, [root]: commit } })}\n`);
};

/** What git's log of HEAD says of a move that brings other commits; a commit of one's own and a switch bring none. */
const moves = /^(?:merge |pull|rebase|reset:|commit \(merge\))/;

/** More of the log than this is not read, in bytes. */
const tail = 65_536;

/** From where on moves count. */
export interface FollowedFrom {
  /** The commit that was followed last; undefined when none was. */
  readonly commit: string | undefined;
  /** Moves before this time do not count: seconds since the epoch. */
  readonly seconds: number;
}

/**
 * The newest move of HEAD that may have fired no hook, as git calls it: `reset: moving to …`. undefined when there is
 * none since, HEAD is where it was, or git keeps no log.
 */
export const movedSince = (files: Files, gitDir: string, { commit, seconds }: FollowedFrom): string | undefined => {
  const path = join(gitDir, 'logs', 'HEAD');
  const stat = files.stat(path);
  if (stat?.kind !== 'file') return undefined;
  const start = Math.max(0, stat.size - tail);
  const lines = files
    .readRange(path, start, stat.size - start)
    .toString('utf8')
    .split('\n');
  let newest: string | undefined;
  for (const line of lines.reverse()) {
    const [, to, time, what = ''] = /^[0-9a-f]+ ([0-9a-f]+) .*> (\d+) [+-]\d+\t(.*)$/.exec(line) ?? [];
    if (to === undefined) continue;
    if (to === commit || Number(time) < seconds) return newest;
    if (newest === undefined && moves.test(what)) newest = what;
  }
  return newest;
};
