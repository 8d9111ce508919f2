/** The registry of git hooks, and the way they all run: within the budget, in at most one line, never in git's way. */
import { openMain } from '../app/main-project.ts';
import { status } from '../app/status.ts';
import type { World } from '../cli/world.ts';
import { LockstepError, messageOf } from '../domain/errors.ts';
import type { GitHook } from './hook.ts';
import { postMerge } from './post-merge.ts';
import { postRewrite } from './post-rewrite.ts';
import { prePush } from './pre-push.ts';

export const hooks: readonly GitHook[] = [prePush, postMerge, postRewrite];

/** Milliseconds that a hook may take before git goes on without it. */
const budget = 3_000;

/** What a hook has to say; undefined when it is off, nothing is registered or nothing is behind. Writes nothing. */
const lineOf = async (world: World, hook: GitHook, signal: AbortSignal): Promise<string | undefined> => {
  const main = await openMain(await world.ports('dry-run'), world.cwd);
  if (main.project.hooks[hook.name] === 'off' || main.registry.read().targets.length === 0) return undefined;
  return hook.line(await status(main, { targets: 'all', signal, env: world.env }));
};

/** Rejects when the time is up, even if the work does not heed its signal. */
const within = async <T>(work: (signal: AbortSignal) => Promise<T>, outer: AbortSignal): Promise<T> => {
  const timer = new AbortController();
  const signal = AbortSignal.any([outer, timer.signal]);
  let handle: ReturnType<typeof setTimeout> | undefined;
  const ended = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    handle = setTimeout(() => {
      timer.abort(
        new LockstepError('process-timeout', `not done within ${budget / 1000} s`, { hint: 'lockstep sync status' }),
      );
    }, budget);
  });
  try {
    return await Promise.race([work(signal), ended]);
  } finally {
    clearTimeout(handle);
  }
};

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();

/**
 * Runs the hook of a name, with the arguments that git gave it. Always answers 0: what goes wrong is one line on standard error.
 * A main project without `sync.config.yaml` is silent, as one without targets is; so is `LOCKSTEP=0`.
 * The caller must not wait for what still runs after the answer.
 */
export const runHook = async (world: World, name: string, _args: readonly string[]): Promise<number> => {
  const say = (text: string): void => world.terminal.err(`lockstep ${name}: ${oneLine(text)}`);
  if (world.env.LOCKSTEP === '0') return 0;
  const hook = hooks.find((one) => one.name === name);
  if (hook === undefined) {
    say(`no such hook; there are ${hooks.map((one) => one.name).join(', ')}`);
    return 0;
  }
  try {
    const line = await within((signal) => lineOf(world, hook, signal), world.signal);
    if (line !== undefined) say(line);
  } catch (error) {
    if (error instanceof LockstepError && error.code === 'not-a-main-project') return 0;
    const hint = error instanceof LockstepError && error.hint !== undefined ? ` (${error.hint})` : '';
    say(`skipped: ${messageOf(error)}${hint}`);
  }
  return 0;
};
