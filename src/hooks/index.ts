/** The registry of git hooks, and the way they all run: within the budget, never in git's way. */
import { join } from 'node:path';
import { configName, openMain } from '../app/main-project.ts';
import type { World } from '../cli/world.ts';
import { parseDuration } from '../domain/duration.ts';
import { LockstepError, messageOf } from '../domain/errors.ts';
import type { Files } from '../ports.ts';
import type { GitHook, HookAnswer } from './hook.ts';
import { postMerge } from './post-merge.ts';
import { postRewrite } from './post-rewrite.ts';
import { prePush } from './pre-push.ts';
import { referenceTransaction } from './reference-transaction.ts';
import { withinTime } from './time.ts';

export const hooks: readonly GitHook[] = [prePush, postMerge, postRewrite, referenceTransaction];

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();

/** A main project without `sync.config.yaml` is silent. */
const quietly = new Set(['not-a-main-project']);

export interface HookRequest {
  readonly name: string;
  /** What git gave the hook. */
  readonly args: readonly string[];
  /** Whether a program reads the answer. */
  readonly json: boolean;
  /** Milliseconds until the configuration says how long it may take; 3 s when left out. */
  readonly first?: number;
}

const durationOr = (text: string, otherwise: number): number => {
  try {
    return parseDuration(text);
  } catch {
    return otherwise;
  }
};

/** The longest budget that the configuration speaks of, in milliseconds: until it is read properly, nobody knows better. */
const glance = (files: Files, dir: string): number => {
  const path = join(dir, configName);
  if (files.stat(path)?.kind !== 'file') return 0;
  const named = [...files.readText(path).matchAll(/\bbudget:\s*["']?([0-9a-z.]+)/g)].map(([, text = '']) => text);
  return Math.max(0, ...named.map((text) => durationOr(text, 0)));
};

const answerOf = async (world: World, hook: GitHook, { args, first }: HookRequest): Promise<HookAnswer> =>
  withinTime({ outer: world.signal, watchdog: world.watchdog, first }, async (time) => {
    const ports = await world.ports('dry-run');
    time.allow(Math.max(time.whole(), glance(ports.files, world.cwd)));
    return hook.run({
      main: await openMain(ports, world.cwd),
      writing: () => world.ports('real'),
      args,
      input: world.input ?? (async () => ''),
      env: world.env,
      time,
      launcher: world.launcher,
    });
  });

/**
 * Runs a git hook. Answers 6 for a push that is held back, else 0: what goes wrong is one line on standard error, and git
 * goes on. `LOCKSTEP=0` is silent. The caller must not wait for what still runs after the answer.
 */
export const runHook = async (world: World, request: HookRequest): Promise<number> => {
  const { name, json } = request;
  const { out, err } = world.terminal;
  const skip = (cause: string, hint?: string): number => {
    if (json) out(JSON.stringify({ kind: 'hook', hook: name, outcome: 'skipped', cause, hint: hint ?? null }));
    else err(`lockstep ${name}: ${oneLine(cause)}${hint === undefined ? '' : ` (${oneLine(hint)})`}`);
    return 0;
  };
  if (world.env.LOCKSTEP === '0') return 0;
  const hook = hooks.find((one) => one.name === name);
  if (hook === undefined) return skip(`no such hook; there are ${hooks.map((one) => one.name).join(', ')}`);
  try {
    const { code, lines, facts } = await answerOf(world, hook, request);
    if (json) out(JSON.stringify({ kind: 'hook', hook: name, ...facts }));
    else for (const line of lines) err(line);
    return code;
  } catch (error) {
    if (error instanceof LockstepError && quietly.has(error.code)) return 0;
    return skip(`skipped: ${messageOf(error)}`, error instanceof LockstepError ? error.hint : undefined);
  }
};
