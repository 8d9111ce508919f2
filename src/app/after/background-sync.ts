/** A sync of all targets in a process that outlives the hook: started here, waited for as long as the hook may, and done there. */
import { setTimeout as sleep } from 'node:timers/promises';
import { LockstepError, messageOf } from '../../domain/errors.ts';
import type { TargetResult } from '../../domain/events.ts';
import { backgroundCommand, type Launcher } from '../../domain/hooks/place.ts';
import type { Ports } from '../../ports.ts';
import { type BackgroundWork, newBackgroundOutput, readBackground, saveBackground } from '../../store/background.ts';
import { acquireLock, stateLockPath } from '../../store/lock.ts';
import { chooseTargets } from '../choose-targets.ts';
import type { MainProject } from '../main-project.ts';
import { sync } from '../sync.ts';
import { workUnderWay } from '../under-way.ts';

export interface StartRequest {
  /** The git hook that it follows. */
  readonly hook: string;
  readonly launcher: Launcher;
  readonly ports: Ports;
}

export interface Started {
  /** Waits so many milliseconds at most: what came of it, or undefined when it still goes on. */
  readonly within: (ms: number) => Promise<{ readonly exit: number | null; readonly line: string } | undefined>;
}

const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1) ?? '';

/** Throws `process-failed` when it cannot be started, `disk`. */
export const startSync = (main: MainProject, { hook, launcher, ports }: StartRequest): Started => {
  if (ports.background === undefined) throw new Error('nothing may be started in the background here');
  const output = newBackgroundOutput(ports, main.state);
  const { pid, ended } = ports.background.start({
    argv: [launcher.node, launcher.main, backgroundCommand, hook],
    cwd: main.git.root,
    // What it does to repositories is no reason for hooks to call Lockstep again.
    env: { LOCKSTEP_HOOK: hook },
    output,
  });
  const outcome = async () => {
    const exit = await ended;
    const work = readBackground(ports, main.state);
    const own = work?.owner.pid === pid && work.finished !== null ? work : undefined;
    // It ended before it could say anything: what it printed tells why.
    const printed =
      own === undefined ? lastLine(ports.files.stat(output) === undefined ? '' : ports.files.readText(output)) : '';
    return { exit, line: own?.line ?? (printed || 'it ended without a word') };
  };
  return {
    within: async (ms) => {
      const over = new AbortController();
      try {
        return await Promise.race([outcome(), sleep(ms, undefined, { signal: over.signal })]);
      } finally {
        over.abort();
      }
    },
  };
};

/** How long others at work are waited for, in milliseconds. */
const patience = 10 * 60 * 1000;
const pause = 250;

const untilFree = async (main: MainProject, signal: AbortSignal): Promise<void> => {
  const until = main.ports.clock.ticks() + patience;
  const busy = (): boolean =>
    chooseTargets(main.registry.read().targets, 'all').some((record) => workUnderWay(main, record) !== undefined);
  while (busy() && main.ports.clock.ticks() < until) await sleep(pause, undefined, { signal });
};

/** One line: which targets are in step now, and what keeps the others; empty when there was nothing to do. */
export const resultLine = (results: readonly TargetResult[], commit: string): string => {
  const done = results.filter(({ outcome }) => outcome === 'done').map(({ target }) => target);
  const failed = results.filter(({ outcome }) => outcome !== 'done' && outcome !== 'nothing-to-do');
  return [
    ...(done.length === 0
      ? []
      : [`${done.join(', ')} ${done.length === 1 ? 'is' : 'are'} in step with ${commit.slice(0, 10)} now`]),
    ...failed.map(
      ({ target, cause, error }) => `${target}: ${cause}${error?.hint === undefined ? '' : ` (${error.hint})`}`,
    ),
  ].join('; ');
};

export interface FollowRequest {
  readonly hook: string;
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string>>;
}

/** Syncs all targets with HEAD, after whoever is at work in them. The record in the state says how it goes. Answers with the exit code. */
export const followInBackground = async (main: MainProject, { hook, signal, env }: FollowRequest): Promise<number> => {
  const { ports, state } = main;
  const lock = await acquireLock(ports, [stateLockPath(state, 'background')], {
    what: `what follows ${hook}`,
    waitMs: patience,
    signal,
  });
  const now = (): string => ports.clock.now().toISOString();
  const begun: BackgroundWork = {
    hook,
    owner: ports.identity.self(),
    started: now(),
    finished: null,
    run: null,
    exit: null,
    line: null,
  };
  try {
    saveBackground(ports, state, begun);
    await untilFree(main, signal);
    let run: string | null = null;
    const report = await sync(main, {
      targets: 'all',
      mode: 'real',
      full: false,
      reason: `after ${hook}`,
      part: null,
      complete: false,
      by: 'itself',
      emit: (event) => {
        if (event.kind !== 'run.started') return;
        run = event.run;
        saveBackground(ports, state, { ...begun, run });
      },
      signal,
      env,
    });
    const { exit, results, commit } = report;
    saveBackground(ports, state, { ...begun, run, finished: now(), exit, line: resultLine(results, commit) });
    return exit;
  } catch (error) {
    const hint = error instanceof LockstepError && error.hint !== undefined ? ` (${error.hint})` : '';
    const line = `${messageOf(error)}${hint}`;
    saveBackground(ports, state, { ...begun, finished: now(), exit: 1, line });
    throw error;
  } finally {
    lock.release();
  }
};
