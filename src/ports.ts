/** The small interfaces that the adapters fill. Everything above them works the same in memory. */

import type { EventBody } from './domain/events.ts';
import type { Installation, PythonFacts } from './domain/target.ts';
import type { Abandoned, Files, StateFiles, Tree, TreeBounds } from './ports/files.ts';
import type { Git } from './ports/git.ts';
import type { Background, Identity, Processes, ProcessGroups } from './ports/processes.ts';

export type * from './ports/files.ts';
export type * from './ports/git.ts';
export type * from './ports/processes.ts';

export interface PythonReport {
  readonly facts: PythonFacts;
  /** Copies of one package that this interpreter sees, in the order of `sys.path`. */
  readonly installations: readonly Installation[];
}

/** Asks real interpreters. Throws `python-unusable` with the cause when one cannot run on this machine. */
export interface Python {
  inspect(executable: string, packageName: string, importName: string): Promise<PythonReport>;
}

export interface Clock {
  now(): Date;
  /** Milliseconds of a clock that never jumps. */
  ticks(): number;
}

export interface Events {
  emit(event: EventBody): void;
}

/** Asks the person at the terminal. Each throws `interrupted` when the person ends the asking instead of answering. */
export interface Prompts {
  text(question: { readonly message: string; readonly initial: string }): Promise<string>;
  /** Any number of the options, in their order. */
  choose(question: {
    readonly message: string;
    readonly options: readonly string[];
    readonly initial: readonly string[];
  }): Promise<readonly string[]>;
  confirm(question: { readonly message: string; readonly initial: 'yes' | 'no' }): Promise<boolean>;
}

/** What this computer is, as far as Lockstep depends on it. */
export interface Machine {
  /** Of the Node.js that runs this, such as `20.19.0`. */
  readonly node: string;
  /** Bytes that may still be written to the disk of a path that is there; undefined when that cannot be told. */
  freeBytes(path: string): number | undefined;
}

export interface Ports {
  readonly files: Files;
  readonly openTree: (bounds: TreeBounds) => Tree;
  readonly state: StateFiles;
  readonly processes: Processes;
  readonly git: Git;
  readonly python: Python;
  readonly clock: Clock;
  readonly identity: Identity;
  /** Left out where nothing is started that could outlive this process. */
  readonly groups?: ProcessGroups;
  /** Left out where nothing may go on after this process, as in a dry run. */
  readonly background?: Background;
  /**
   * Ends all that killed processes of this user had started beside their scratch folders, and removes those. Left out
   * where nothing may be ended or removed, as in a dry run.
   */
  readonly clearAbandoned?: () => readonly Abandoned[];
  /** Left out where nobody asks what runs this. */
  readonly machine?: Machine;
}
