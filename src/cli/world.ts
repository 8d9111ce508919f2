/** What a command gets from the composition root: the world, already wrapped for a dry run or not. */
import type { Launcher } from '../domain/hooks/place.ts';
import type { Ports, Prompts, Watchdog } from '../ports.ts';

export interface Terminal {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Whether a person watches: progress may redraw. */
  readonly interactive: boolean;
  readonly colour: boolean;
  readonly columns: number;
  /** Asks a yes-or-no question; left out where nobody sits at both ends. No, and an interruption, are false. */
  readonly ask?: (question: string) => Promise<boolean>;
  /** Asks for more than yes or no, under the same condition. */
  readonly prompts?: Prompts;
}

/** What a line may be wide where a person looks at it; Infinity in pipes and files, where nothing is cut off. */
export const screenOf = (terminal: Pick<Terminal, 'interactive' | 'columns'>): number =>
  terminal.interactive ? terminal.columns : Infinity;

export interface World {
  /** The adapters, loaded when they are asked for; in a dry run they refuse every write. */
  readonly ports: (mode: 'real' | 'dry-run') => Promise<Ports>;
  readonly terminal: Terminal;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Aborted by the first Ctrl-C, hang-up or termination. */
  readonly signal: AbortSignal;
  readonly version: string;
  /** What was written to standard input, to its end; left out where nothing can be. */
  readonly input?: () => Promise<string>;
  /** Runs a program as if it had been typed: with this terminal; its exit code. Left out where there is none. */
  readonly attached?: (request: {
    readonly argv: readonly [string, ...string[]];
    readonly cwd: string;
    readonly env: Readonly<Record<string, string>>;
    readonly output: 'shown' | 'beside';
  }) => Promise<number>;
  /** Ends this process when it hangs longer than so many milliseconds; left out where it may not be ended. */
  readonly watchdog?: (ms: number) => Promise<Watchdog>;
  /** How this very Lockstep is started, for what starts it later: hooks. */
  readonly launcher: Launcher;
}

/** Options that every command takes. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly C?: string;
}
