/** Programs that are started, waited for, found again and ended. */

export interface ProcessRequest {
  readonly argv: readonly [string, ...string[]];
  readonly cwd?: string;
  /** Added to the cleaned environment: GIT_*, PIP_* and PYTHON* of the caller are never passed on. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | Uint8Array;
  /** Milliseconds; the whole process group is ended after it. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
  readonly onOutput?: (text: string, from: 'stdout' | 'stderr') => void;
  /** Ends what it leaves running, once it is over itself; `leftBehind` of the result says what that was. */
  readonly leftovers?: 'end';
  /** What it is counted as: `git`, `python`, `pip`, `command`. */
  readonly as: string;
}

export interface ProcessResult {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
  readonly timedOut: boolean;
  readonly signal: string | null;
  /** Command lines of what it had left running and that was ended; only where `leftovers` asked for it. */
  readonly leftBehind?: readonly string[];
}

/**
 * Never throws for a non-zero exit: the caller judges. Throws `process-failed` when the program cannot be started,
 * and what `onOutput` threw, once the process group is ended.
 */
export interface Processes {
  run(request: ProcessRequest): Promise<ProcessResult>;
  /** How many were started so far, by `as`. */
  counts(): Readonly<Record<string, number>>;
}

/** A process, so that another one can tell later whether it still runs. Unknown parts are null. */
export interface Owner {
  readonly host: string;
  /** A digest of the machine's id: two machines may share a host name. */
  readonly machine: string | null;
  readonly bootId: string | null;
  /** The space that process ids count in: containers of one machine have one each. */
  readonly pidSpace: string | null;
  readonly pid: number;
  /** In the platform's own unit, to tell a reused pid. */
  readonly startTime: string | null;
}

export interface MarkedGroup {
  readonly leader: Owner;
  /** Command lines of what runs in it. */
  readonly commands: readonly string[];
}

export interface Identity {
  self(): Owner;
  /** Another process of this machine, as it is now; undefined when there is none. */
  of(pid: number): Owner | undefined;
  /** `unknown` for a process that cannot be seen from here: another host, another container. */
  alive(owner: Owner): 'alive' | 'dead' | 'unknown';
  /**
   * Kills the process group that a process leads or led, and waits until nothing of it runs: `running` when that took
   * too long. `over` as well when its pid was reused, or when it ran on another machine or before the last start of this one.
   */
  endGroup(leader: Owner): 'over' | 'running';
  /** Leaders of the groups that were started with a mark (see `StartedGroup`); none where that cannot be seen. */
  marked(mark: string): readonly Owner[];
  /** All groups that one process started, given what its marks begin with; none where that cannot be seen. */
  markedBy(maker: string): readonly MarkedGroup[];
}

/** A process group that this process is about to start, or has started and that is not over. */
export interface StartedGroup {
  /** In the environment of its processes as LOCKSTEP_GROUP; no other group ever has the same. */
  readonly mark: string;
  /** null until it is known: from just before the start to just after it. */
  readonly leader: Pick<Owner, 'pid' | 'startTime'> | null;
}

/** What this process has running, so that a lock file can name it. */
export interface ProcessGroups {
  /** Those that are not over. */
  live(): readonly StartedGroup[];
  /** Told before each start, as soon as the leader is known, and when nothing of it runs any more; the answer ends the telling. */
  watch(listener: (group: StartedGroup, state: 'live' | 'over') => void): () => void;
}

export interface BackgroundRequest {
  readonly argv: readonly [string, ...string[]];
  readonly cwd: string;
  /** Added to the cleaned environment. */
  readonly env: Readonly<Record<string, string>>;
  /** The file that its output is added to. */
  readonly output: string;
}

export interface BackgroundProcess {
  readonly pid: number;
  /** Its exit code; null when a signal ended it. Waiting keeps nobody from ending. */
  readonly ended: Promise<number | null>;
}

/** Starts what outlives this process and its terminal: in a session of its own, with no input. */
export interface Background {
  /** Throws `process-failed` when it cannot be started. */
  start(request: BackgroundRequest): BackgroundProcess;
}

/** Ends this process when it hangs, without a word: nothing of it can speak then. */
export interface Watchdog {
  /** Sets how long from now it may take, in milliseconds. */
  allow(ms: number): void;
  stop(): void;
}
