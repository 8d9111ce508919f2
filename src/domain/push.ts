/** What git tells a `pre-push` hook: one line a ref, read strictly. Pure. */

export interface PushedRef {
  /** `refs/heads/main`, `HEAD`, an object id, or `(delete)`. */
  readonly localRef: string;
  /** null for a deletion. */
  readonly localId: string | null;
  readonly remoteRef: string;
  /** null for a ref that the remote does not have yet. */
  readonly remoteId: string | null;
}

const shape = /^(\S+) ([0-9a-f]{40}(?:[0-9a-f]{24})?) (\S+) ([0-9a-f]{40}(?:[0-9a-f]{24})?)$/;

const idOrNull = (id: string): string | null => (/^0+$/.test(id) ? null : id);

/** The refs of a push, and the lines that are none: what cannot be read is nobody's reason to refuse a push. */
export const readPushLines = (
  text: string,
): { readonly refs: readonly PushedRef[]; readonly unread: readonly string[] } => {
  const refs: PushedRef[] = [];
  const unread: string[] = [];
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [, localRef, localId, remoteRef, remoteId] = shape.exec(line) ?? [];
    if (localRef === undefined || localId === undefined || remoteRef === undefined || remoteId === undefined) {
      unread.push(line);
    } else refs.push({ localRef, localId: idOrNull(localId), remoteRef, remoteId: idOrNull(remoteId) });
  }
  return { refs, unread };
};

export const isTag = ({ remoteRef }: Pick<PushedRef, 'remoteRef'>): boolean => remoteRef.startsWith('refs/tags/');

/** A branch that is made or moved, and nothing else. */
export const isPlainBranch = ({ localId, localRef, remoteRef }: PushedRef): boolean =>
  localId !== null && remoteRef.startsWith('refs/heads/') && !localRef.startsWith('refs/tags/');

/** The name of a branch or tag: `refs/heads/main` is `main`. Other refs keep their whole name. */
export const shortRef = (ref: string): string => ref.replace(/^refs\/(?:heads|tags|remotes)\//, '');

/** The one line for a push that brings no target anything. */
export const nothingToSync = (refs: readonly Pick<PushedRef, 'remoteRef'>[], remote: string): string =>
  `nothing to sync in what ${refs.map(({ remoteRef }) => shortRef(remoteRef)).join(', ')} brings to ${remote}`;
