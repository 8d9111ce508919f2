/** The note that a push leaves behind: what it brings to which remote, until that is known to have come there or has grown old. */
import type { Files, Ports, StateFiles } from '../ports.ts';
import type { StatePlaces } from './state-dir.ts';

const header = 'lockstep-push-note 1';

export interface PushNote {
  readonly remote: string;
  /** The ref there. */
  readonly ref: string;
  readonly id: string;
}

/** A push that takes longer than this is not waited for, in milliseconds. */
const longest = 60 * 60 * 1000;

interface NotePorts extends Pick<Ports, 'clock'> {
  readonly files: Pick<Files, 'stat' | 'readText'>;
  readonly state: Pick<StateFiles, 'replace' | 'remove'>;
}
type NotePlaces = Pick<StatePlaces, 'pushNote'>;

const isWord = (word: string): boolean => /^\S+$/.test(word);

/** Replaces an earlier note: that push is over. Values with white space are left out. Throws `disk`. */
export const writePushNote = (
  { state, files }: Pick<NotePorts, 'state' | 'files'>,
  places: NotePlaces,
  pushed: readonly PushNote[],
): void => {
  const lines = pushed
    .filter(({ remote, ref, id }) => [remote, ref, id].every(isWord))
    .map(({ remote, ref, id }) => `pushed ${remote} ${ref} ${id}`);
  if (lines.length > 0) state.replace(places.pushNote, `${[header, ...lines].join('\n')}\n`);
  else dropPushNote({ state, files }, places);
};

/** undefined when there is none, or one that is not of this version. */
export const readPushNote = (
  { files, clock }: Pick<NotePorts, 'files' | 'clock'>,
  places: NotePlaces,
): { readonly pushed: readonly PushNote[]; readonly age: 'fresh' | 'stale' } | undefined => {
  const stat = files.stat(places.pushNote);
  if (stat?.kind !== 'file') return undefined;
  const [first, ...lines] = files.readText(places.pushNote).split('\n');
  const pushed = lines.flatMap((line) => {
    const [, remote, ref, id] = /^pushed (\S+) (\S+) ([0-9a-f]+)$/.exec(line) ?? [];
    return remote === undefined || ref === undefined || id === undefined ? [] : [{ remote, ref, id }];
  });
  const old = clock.now().getTime() - Number(stat.mtimeNs / 1_000_000n) > longest;
  return { pushed: first === header ? pushed : [], age: old ? 'stale' : 'fresh' };
};

/** Nothing when there is none. Throws `disk`. */
export const dropPushNote = ({ files, state }: Pick<NotePorts, 'files' | 'state'>, places: NotePlaces): void => {
  if (files.stat(places.pushNote) !== undefined) state.remove(places.pushNote);
};
