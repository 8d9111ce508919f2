/** What the registry knows of a git hook, and what one gets and answers. */
import type { MainProject } from '../app/main-project.ts';
import type { Launcher } from '../domain/hooks/place.ts';
import type { Ports } from '../ports.ts';
import type { HookTime } from './time.ts';

export interface HookCall {
  /** Opened with ports that write nothing. */
  readonly main: MainProject;
  /** Ports that write, asked for when something has to be. */
  readonly writing: () => Promise<Ports>;
  /** What git gave the hook. */
  readonly args: readonly string[];
  /** What git wrote to the hook, to its end. */
  readonly input: () => Promise<string>;
  readonly env: Readonly<Record<string, string>>;
  readonly time: HookTime;
  /** How this Lockstep is started. */
  readonly launcher: Launcher;
}

export interface HookAnswer {
  /** 6 blocks a push. */
  readonly code: 0 | 6;
  /** For the person; none when there is nothing to say. */
  readonly lines: readonly string[];
  /** The same for a program. */
  readonly facts: Readonly<Record<string, unknown>>;
}

export interface GitHook {
  /** As git names it. */
  readonly name: string;
  /** Trouble that is thrown is said in one line, and git goes on. */
  readonly run: (call: HookCall) => Promise<HookAnswer>;
}

export const nothingToSay: HookAnswer = { code: 0, lines: [], facts: { outcome: 'nothing' } };
