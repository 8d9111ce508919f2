/** Answers the usual push, which brings no target anything, from what the last look was decided by; whatever else is pushed is looked at properly. */
import { isPlainBranch, nothingToSync, readPushLines } from '../domain/push.ts';
import type { Files, StateFiles } from '../ports.ts';
import { findMainFiles } from '../store/find-state.ts';
import { noteLetThrough } from '../store/let-through.ts';
import { type PushFacts, readPushFacts, stateFolder } from '../store/push-facts.ts';
import { writePushNote } from '../store/push-note.ts';
import { writePushOk } from '../store/push-ok.ts';
import { statePlaces } from '../store/state-dir.ts';

export interface QuickGround {
  readonly files: Pick<Files, 'stat' | 'real' | 'readText' | 'list'>;
  readonly state: Pick<StateFiles, 'replace' | 'remove'>;
  /** What a reading git command printed; undefined when it failed, or took longer than so many milliseconds. */
  readonly git: (args: readonly string[], timeout: number) => string | undefined;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What git gave the hook: the remote's name and address. */
  readonly args: readonly string[];
  /** What git wrote to the hook. */
  readonly input: string;
  /** When the looking began, in milliseconds since the epoch. */
  readonly since: number;
}

/** Whether nothing that could reach a target differs between the commit of any component and a pushed one. */
const bringsNothing = (
  { git }: QuickGround,
  { sources, commits, budget }: PushFacts,
  tips: readonly string[],
): boolean => {
  const reaches = (path: string): boolean =>
    sources.some((source) => source === '' || path === source || path.startsWith(`${source}/`));
  return commits.every((commit) =>
    tips.every((tip) => {
      if (commit === tip) return true;
      const args = ['diff-tree', '-r', '-z', '--name-only', '--no-renames', commit, tip, '--'];
      const changed = git(args, budget)?.split('\0').slice(0, -1);
      return changed !== undefined && !changed.some(reaches);
    }),
  );
};

/** The lines to say; undefined when the push has to be looked at properly. Throws nothing that a proper look would not say better. */
export const quickPush = (ground: QuickGround): readonly string[] | undefined => {
  const { files, state, env, args, input, cwd, since } = ground;
  const [remote = '', url = ''] = args;
  if (env.LOCKSTEP === '0' || input === '') return [];
  const { refs, unread } = readPushLines(input);
  if (unread.length > 0 || args.length !== 2 || !refs.every(isPlainBranch)) return undefined;
  const found = findMainFiles(files, cwd, 'sync.config.yaml');
  if (found === undefined) return undefined;
  const places = statePlaces(stateFolder(files, found.commonDir));
  const facts = readPushFacts(files, places);
  if (facts === undefined || facts.root !== found.root) return undefined;
  const looked = refs.map(({ remoteRef }) =>
    facts.looked.find((one) => one.remote === remote && one.ref === remoteRef),
  );
  if (looked.includes(undefined)) return undefined;
  const tips = [...new Set(refs.flatMap(({ localId }) => localId ?? []))];
  if (!bringsNothing(ground, facts, tips)) return undefined;
  noteLetThrough({ files, state }, places, { remote, refs });
  const pushed = refs.flatMap(({ remoteRef: ref, localId: id }) => (id === null ? [] : [{ remote, ref, id }]));
  writePushOk({ files, state }, places, {
    watched: facts.watched,
    accepted: pushed.map(({ ref, id }) => ({ remote, url, remoteRef: ref, id })),
    since: BigInt(Math.floor(since)) * 1_000_000n,
  });
  if (env.LOCKSTEP_PUSH === undefined) {
    const noted = pushed.filter((_, at) => looked[at]?.noted === true);
    writePushNote({ files, state }, places, noted);
  }
  return facts.quiet ? [] : [`lockstep pre-push: ${nothingToSync(refs, remote)}`];
};
