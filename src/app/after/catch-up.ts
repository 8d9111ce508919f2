/** What a command does for moves of main that no hook told of: a conflicted merge, a reset, a push where no hook hears that it was accepted. */
import { join } from 'node:path';
import { LockstepError, messageOf } from '../../domain/errors.ts';
import type { Launcher } from '../../domain/hooks/place.ts';
import { shortRef } from '../../domain/push.ts';
import type { Files, Ports } from '../../ports.ts';
import { type FoundMain, findMainFiles } from '../../store/find-state.ts';
import { followedHead, movedSince } from '../../store/followed.ts';
import { type PastPush, pushedPast, recordPast } from '../../store/let-through.ts';
import { stateFolder } from '../../store/push-facts.ts';
import { statePlaces } from '../../store/state-dir.ts';
import { configName, openMain } from '../main-project.ts';

export interface CatchUpRequest {
  /** The folder that the command stood in. */
  readonly dir: string;
  readonly launcher: Launcher;
  /** `moves`: also when main moved; `pushes`: only what a push left behind. */
  readonly of: 'moves' | 'pushes';
  readonly ports: (mode: 'real' | 'dry-run') => Promise<Ports>;
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string>>;
}

interface Missed {
  readonly push: boolean;
  /** `reset: moving to …`. */
  readonly move: string | undefined;
  readonly past: readonly PastPush[];
}

/** Files alone: most commands have missed nothing. */
const missed = (files: Files, { root, gitDir, commonDir }: FoundMain, of: CatchUpRequest['of']): Missed => {
  const own = join(commonDir, 'lockstep');
  const places = statePlaces(stateFolder(files, commonDir));
  const push = files.stat(places.pushNote) !== undefined;
  const installed = files.stat(join(own, 'launcher'));
  // Whoever has no hooks asked for nothing to come by itself.
  if (of === 'pushes' || installed === undefined) return { push, move: undefined, past: [] };
  const commit = followedHead(files, places, root);
  const since = Number(installed.mtimeNs / 1_000_000_000n);
  return {
    push,
    move: movedSince(files, gitDir, { commit, seconds: commit === undefined ? since : 0 }),
    // A push in the same second may have been before there were hooks.
    past: pushedPast(files, places, { commonDir, seconds: since + 1 }),
  };
};

const shown = 3;

/** Puts them on record: each is told once. */
const tellPast = ({ files, state }: Ports, { commonDir }: FoundMain, past: readonly PastPush[]): readonly string[] => {
  if (past.length === 0) return [];
  const places = statePlaces(stateFolder(files, commonDir));
  recordPast(state, places, past);
  const names = past.slice(0, shown).map(({ remote, ref, id }) => `${id.slice(0, 10)} to ${remote}/${shortRef(ref)}`);
  const more = past.length > shown ? ` and ${past.length - shown} more` : '';
  const what = `pushed without pre-push letting it through (--no-verify, or it could not look): ${names.join(', ')}${more}`;
  return [`lockstep catch-up: ${what}; on record in ${places.bypasses}`];
};

/** A word for a person: `reset`, `merge`. */
const wordOf = (move: string): string => (move.startsWith('commit') ? 'merge' : (/^[a-z]+/.exec(move)?.[0] ?? 'move'));

/** Lines for the person; trouble is one of them, and changes nothing of the command that was called. */
export const catchUp = async (request: CatchUpRequest): Promise<readonly string[]> => {
  const { dir, launcher, signal, env } = request;
  const real = await request.ports('real');
  const found = findMainFiles(real.files, dir, configName);
  if (found === undefined) return [];
  try {
    const { push, move, past } = missed(real.files, found, request.of);
    const lines = [...tellPast(real, found, past)];
    if (!push && move === undefined) return lines;
    const main = await openMain(await request.ports('dry-run'), dir);
    const writing = async (): Promise<Ports> => real;
    const shared = { launcher, writing, left: () => 0, signal, env };
    if (push) {
      const { followOldPush } = await import('./accepted-push.ts');
      const settings = main.project.hooks.postPush;
      const { line } = await followOldPush(main, { ...shared, hook: 'post-push', what: 'push', settings });
      if (line !== null) lines.push(`lockstep post-push: ${line}`);
    }
    if (move !== undefined) {
      const { follow } = await import('./follow.ts');
      const settings = main.project.hooks.postMerge;
      const { line } = await follow(main, { ...shared, hook: 'catch-up', what: wordOf(move), settings });
      if (line !== null) lines.push(`lockstep catch-up: ${line}`);
    }
    return lines;
  } catch (error) {
    if (error instanceof LockstepError && error.code === 'not-a-main-project') return [];
    return [`lockstep catch-up: skipped: ${messageOf(error).replace(/\s+/g, ' ')}`];
  }
};
