/** Where the scripts of the hooks lie, and what stands there: plain values that plans are made of. */
import type { FileState } from '../file-state.ts';
import type { HookCaller, HookName } from './script.ts';

/** What starts git's hooks in a repository. */
export type HookManager = 'git' | 'hooks-path' | 'husky' | 'shared-hooks-path' | 'lefthook' | 'pre-commit';

/** One hook and the file of its script. All paths absolute. */
export interface HookPlace {
  readonly name: HookName;
  readonly caller: HookCaller;
  readonly path: string;
  /** Where what stood at `path` is kept while Lockstep's script is there. */
  readonly held: string;
}

/** What stands at a place, and whose it is. */
export interface HookStanding extends HookPlace {
  readonly there: FileState;
  readonly heldThere: FileState;
  readonly author: 'nobody' | 'lockstep' | 'edited' | 'other';
  /** Lockstep's script of this very version, as it has to be started. */
  readonly current: boolean;
}

/** How Lockstep is started on this machine: absolute paths of node and of its main file. */
export interface Launcher {
  readonly node: string;
  readonly main: string;
}

/** The hidden command that a hook starts to sync in the background. */
export const backgroundCommand = '__follow';
