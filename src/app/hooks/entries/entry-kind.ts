/** What is known of a program that starts hooks from a file of its own: Lockstep prints the entry for it, and writes none. */
import type { HookManager } from '../../../domain/hooks/place.ts';
import type { HookName } from '../../../domain/hooks/script.ts';
import type { Files } from '../../../ports.ts';

export interface EntryKind {
  readonly manager: Extract<HookManager, 'lefthook' | 'pre-commit'>;
  /** The hooks that an entry can stand for; git starts the others itself. */
  readonly hooks: readonly HookName[];
  /** The project's file, as a person would name it; undefined when there is none. */
  readonly configured: (files: Files, root: string) => string | undefined;
  /** What to add to that file, for one hook. */
  readonly entry: (hook: HookName) => string;
  /** Whether an entry that starts Lockstep's script stands in that file. What cannot be read holds none. */
  readonly has: (files: Files, root: string, hook: HookName) => boolean;
  /** How the program's own script in git's folder is known. */
  readonly installed: (text: string) => boolean;
  /** What has it put its script for a hook there. */
  readonly installCommand: (hook: HookName) => string;
}

/** The part of a command that names Lockstep's script of a hook: by this an entry is found again. */
export const scriptPath = (hook: HookName): string => `lockstep/hooks/${hook}`;

/** A shell line that starts the script where it is there, and passes where Lockstep's hooks were never installed. */
export const scriptLine = (hook: HookName, args: string): string =>
  `f=$(git rev-parse --git-common-dir)/${scriptPath(hook)}; if [ -f "$f" ]; then sh "$f"${args === '' ? '' : ` ${args}`}; fi`;

/** Whether any text in a value names the script. */
export const namesScript = (value: unknown, hook: HookName): boolean => {
  if (typeof value === 'string') return new RegExp(`${scriptPath(hook)}(?![\\w-])`).test(value);
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some((part) => namesScript(part, hook));
};
