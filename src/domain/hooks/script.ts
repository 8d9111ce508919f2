/** The script of a git hook: the same text for everybody, and one that tells by itself whether somebody edited it. */
import { createHash } from 'node:crypto';
import { hookBody } from './script/hooks.ts';
import { lastResort } from './script/launch.ts';
import type { HookCaller, HookName } from './script/names.ts';

export { type HookCaller, type HookName, heldSuffix, hookNames } from './script/names.ts';
export { launcherHeader } from './script/places.ts';

export interface ScriptSpec {
  readonly caller: HookCaller;
  /** A build of Lockstep to start where none was recorded: a path below the top of the work tree, of plain characters. */
  readonly build?: string;
  /** Seconds after which a Lockstep that hangs is ended; `lastResort` when left out. */
  readonly limit?: number;
}

const interpreter = '#!/bin/sh\n';
const mark = '# lockstep-hook ';
const version = 1;

const digest = (body: string): string => createHash('sha256').update(body).digest('hex').slice(0, 32);

/**
 * The whole text of a hook: POSIX sh, with no path of this machine in it. It runs what was held from its place first, starts
 * nothing under `LOCKSTEP=0` or inside another hook of Lockstep, and hands `lockstep hook <name>` git's arguments and lines.
 * An answer of 6 with words blocks a push; every other trouble is one line on standard error.
 */
export const hookScript = (name: HookName, { caller, build, limit = lastResort }: ScriptSpec): string => {
  const body = hookBody(name, { caller, limit, ...(build === undefined ? {} : { build }) });
  return `${interpreter}${mark}${version} ${digest(body)}\n${body}`;
};

/** Whether a text is a script of any version as it was written, one that was edited since, or somebody else's. */
export const authorOf = (text: string): 'lockstep' | 'edited' | 'other' => {
  const found = /^#!\/bin\/sh\n# lockstep-hook \d+ ([0-9a-f]+)\n/.exec(text);
  if (found === null) return text.includes(mark) ? 'edited' : 'other';
  return digest(text.slice(found[0].length)) === found[1] ? 'lockstep' : 'edited';
};
