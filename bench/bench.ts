/** What a benchmark is: pieces of work, each done by several contenders, held to goals. */

/** One program that does the work; the same for each round. */
export interface Contender {
  /** As it stands in the table: `lockstep`, `node`, `restic`, … */
  readonly name: string;
  readonly argv: readonly [string, ...string[]];
  readonly cwd?: string;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Brings the ground back before each round; not timed. */
  readonly before?: () => void | Promise<void>;
  /** Exit codes that count as done; 0 alone by default. Any other ends the benchmark. */
  readonly exits?: readonly number[];
}

export type Goal =
  /** At most so many times what another contender takes, round by round. */
  | { readonly kind: 'ratio'; readonly to: string; readonly atMost: number }
  /** At most so many milliseconds more than another contender takes, round by round. */
  | { readonly kind: 'above'; readonly to: string; readonly ms: number }
  /** At most so many megabytes of memory at the peak. */
  | { readonly kind: 'memory'; readonly megabytes: number };

/** One piece of work. The first contender is held to the goals; a goal whose other contender is absent is not judged. */
export interface Work {
  readonly name: string;
  readonly contenders: readonly [Contender, ...Contender[]];
  readonly goals: readonly Goal[];
}

export interface Ground {
  /** A fresh folder, removed afterwards. */
  readonly dir: string;
  /** `node dist/main.js`, to be followed by the words of a command. */
  readonly lockstep: readonly [string, string];
  /** An environment in which nothing of this user's is read or written: git, pip, trust. */
  readonly env: Readonly<Record<string, string>>;
  /** Says what is being prepared. */
  readonly say: (line: string) => void;
  /** Says that a peer is not on this machine, and answers with nothing to run. */
  readonly absent: (peer: string, how: string) => readonly [];
  /** The words after the benchmark's name. */
  readonly words: readonly string[];
}

export interface Bench {
  readonly name: string;
  readonly summary: string;
  /** Builds its ground and yields one piece of work after the other, so that one may go on from where the last one ended. */
  readonly works: (ground: Ground) => AsyncIterable<Work>;
}
