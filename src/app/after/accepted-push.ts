/** What follows a push once the remote has it: the note that `pre-push` left is held against the refs that moved, and dropped. */
import { dropPushNote, type PushNote, readPushNote, writePushNote } from '../../store/push-note.ts';
import type { MainProject } from '../main-project.ts';
import { type AfterRequest, type Followed, follow } from './follow.ts';

export interface PushedRefs extends AfterRequest {
  /** Remote-tracking refs, and where they are now. */
  readonly moved: readonly { readonly ref: string; readonly id: string }[];
}

const nothing: Followed = { outcome: 'nothing', behind: [], line: null };

/** A push to an address may move the refs of any remote that has it. */
const isOf = (ref: string, { remote }: PushNote): boolean =>
  /[:/]/.test(remote) ? ref.startsWith('refs/remotes/') : ref.startsWith(`refs/remotes/${remote}/`);

/** A sync is of HEAD: only when the remote has that, it follows a push. */
const hasHead = async ({ repo }: MainProject, ids: readonly string[]): Promise<boolean> => {
  const head = await repo.commit('HEAD');
  if (head === undefined) return false;
  for (const id of ids) if (id === head || (await repo.isAncestor(head, id))) return true;
  return false;
};

/** What the remote has now is taken out of the note once it was followed; the rest waits. */
const settle = async (
  main: MainProject,
  request: AfterRequest,
  { came, all }: { readonly came: readonly PushNote[]; readonly all: readonly PushNote[] },
): Promise<Followed> => {
  const ids = came.map(({ id }) => id);
  const followed = (await hasHead(main, ids)) ? await follow(main, request) : nothing;
  const rest = all.filter((one) => !came.includes(one));
  writePushNote(await request.writing(), main.state, rest);
  return followed;
};

/** For the hook that hears of every ref that moves. Throws what `follow` throws. */
export const followPush = async (main: MainProject, request: PushedRefs): Promise<Followed> => {
  const note = readPushNote(main.ports, main.state);
  if (note === undefined) return nothing;
  const came = note.pushed.filter((pushed) =>
    request.moved.some(({ ref, id }) => id === pushed.id && isOf(ref, pushed)),
  );
  return came.length === 0 ? nothing : settle(main, request, { came, all: note.pushed });
};

/** Refs of a remote that have a commit in their history. */
const holders = async ({ repo }: MainProject, { remote, id }: PushNote): Promise<readonly string[]> => {
  const where = /[:/]/.test(remote) ? 'refs/remotes' : `refs/remotes/${remote}/`;
  const listed = await repo.read(['for-each-ref', '--count=1', '--format=%(refname)', `--contains=${id}`, where]);
  return listed.split('\n').filter((line) => line !== '');
};

/**
 * For a later command, where that hook is not in place: what the remote is known to have by now is followed. A note that
 * nothing came of for an hour is dropped: that push was refused. Throws what `follow` throws.
 */
export const followOldPush = async (main: MainProject, request: AfterRequest): Promise<Followed> => {
  const note = readPushNote(main.ports, main.state);
  if (note === undefined) return nothing;
  const came: PushNote[] = [];
  for (const pushed of note.pushed) {
    const here = (await main.repo.commit(pushed.id)) !== undefined;
    if (here && (await holders(main, pushed)).length > 0) came.push(pushed);
  }
  if (came.length > 0) return settle(main, request, { came, all: note.pushed });
  if (note.age === 'stale' || note.pushed.length === 0) dropPushNote(await request.writing(), main.state);
  return nothing;
};
