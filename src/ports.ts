/** The small interfaces that the adapters fill. Everything above them works the same in memory. */

import type { EventBody } from './domain/events.ts';
import type { FileState } from './domain/file-state.ts';
import type { Installation, PythonFacts } from './domain/target.ts';

export interface Stat {
  readonly kind: 'file' | 'link' | 'dir' | 'other';
  readonly mode: number;
  readonly size: number;
  readonly ino: number;
  readonly dev: number;
  /** Nanoseconds since the epoch. */
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}

export interface WalkEntry {
  /** Relative to the walked folder, forward slashes. */
  readonly path: string;
  readonly stat: Stat;
}

/** Reading, never writing. Synchronous: measured 3 to 10 times faster than every asynchronous shape. */
export interface Files {
  /** undefined when nothing stands there. Does not follow links. */
  stat(path: string): Stat | undefined;
  /** Kind, permission bits and sha256 of what stands at a path, read now. */
  state(path: string): FileState;
  /** Throws `object-missing` when it cannot be read. */
  read(path: string): Buffer;
  /** Up to `length` bytes from an offset; fewer at the end of the file. Throws `object-missing` when it cannot be read. */
  readRange(path: string, offset: number, length: number): Buffer;
  readText(path: string): string;
  /** The text of a symbolic link. */
  readLink(path: string): string;
  /** Names in a folder, sorted; empty when there is no such folder. */
  list(dir: string): readonly string[];
  /** Files, links and folders below a folder, sorted by path; does not follow links. `skip` prunes by relative path. */
  walk(dir: string, skip?: (path: string) => boolean): readonly WalkEntry[];
  /** The real path; undefined when it does not exist. */
  real(path: string): string | undefined;
  /** Absolute paths matching globs under a folder, dot files included. */
  glob(patterns: readonly string[], dir: string, depth?: number): readonly string[];
  /** A fresh folder outside main, targets and state; removed when the process ends. */
  scratch(label: string): string;
}

/** Where a Tree may write. */
export interface TreeBounds {
  /** Absolute real paths. */
  readonly roots: readonly string[];
  /** Refuses a path inside the roots all the same, with the reason: main's tracked paths, protected places. */
  readonly refuse?: (absolute: string) => string | undefined;
}

/**
 * The one guarded way to write. Every call throws `path-refused` for a path outside the bounds, through `..`,
 * or through a symbolic link on the way; `disk` for trouble of the file system.
 */
export interface Tree {
  /** Creates or truncates. The folder must exist. */
  write(path: string, bytes: Uint8Array, mode: number): void;
  /** Adds to the end of a file that is there. */
  append(path: string, bytes: Uint8Array): void;
  symlink(path: string, to: string): void;
  /** A second name for the same file, else false when the file system knows no hard links. */
  link(from: string, to: string): boolean;
  rename(from: string, to: string): void;
  mkdir(path: string, mode?: number): void;
  unlink(path: string): void;
  /** Removes an empty folder. */
  rmdir(path: string): void;
  chmod(path: string, mode: number): void;
  /**
   * Sets the modification time of a file, a folder or a link itself: given in nanoseconds, kept to whole microseconds
   * (milliseconds before 1970), which is what Node can hand on.
   */
  touch(path: string, mtimeNs: bigint): void;
  /** Puts the given files and folders on the disk, as one batch. */
  flush(paths: readonly string[]): void;
}

export interface NewFile {
  write(bytes: Uint8Array): void;
  /** Puts it on the disk, as one flush, and closes it. */
  finish(): void;
  /** Closes and removes it. */
  discard(): void;
}

/** State of Lockstep itself: whole files replaced atomically, lines appended durably, O_EXCL creation. */
export interface StateFiles {
  /** Temporary file, flush, rename, flush of the folder. Makes folders. 0600. */
  replace(path: string, bytes: string | Uint8Array): void;
  /** Appends and flushes. Makes folders. */
  append(path: string, bytes: string | Uint8Array, durability?: 'flushed' | 'lazy'): void;
  /** Creates a file with its whole content at once, flushed; false when the file is there already. */
  createExclusive(path: string, text: string): boolean;
  /** A new file written piece by piece; refuses one that is there. Nothing is promised about it before `finish`. */
  openNew(path: string): NewFile;
  remove(path: string): void;
  /** Puts on the disk which names a folder holds: what was removed from it stays removed. */
  flushDir(path: string): void;
  makeDir(path: string): void;
}

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

export interface TreeEntry {
  readonly path: string;
  /** Git's mode: 100644, 100755, 120000, 160000. */
  readonly mode: string;
  readonly blob: string;
  /** Bytes; null for a submodule or an object that is not here. */
  readonly size: number | null;
  /** The name is not UTF-8: `path` is what git writes between quotes, such as `docs/bad\\377.md`, and leads to no file. */
  readonly unnamed?: true;
}

export interface RawCommit {
  readonly id: string;
  readonly subject: string;
  readonly body: string;
  readonly author: string;
  readonly time: string;
  readonly files: readonly string[];
}

export interface RawChange {
  readonly status: string;
  readonly path: string;
  readonly from?: string;
}

/** One git repository, read. All ids are full object ids. */
export interface Repo {
  readonly root: string;
  /** The full commit id of a revision; undefined when there is none. */
  commit(revision: string): Promise<string | undefined>;
  /** The id of a path at a commit (`commit:path`); undefined when it is not there. */
  object(commit: string, path: string): Promise<string | undefined>;
  /** All files of a commit, or of some paths in it, sorted by path. */
  tree(commit: string, paths?: readonly string[]): Promise<readonly TreeEntry[]>;
  /** `git diff --name-status -z -M`. */
  diff(from: string, to: string): Promise<readonly RawChange[]>;
  /** Commits of `from..to` (all of `to` when from is null), newest first, with the paths each touched. */
  log(from: string | null, to: string): Promise<readonly RawCommit[]>;
  /** Contents by blob id, in one process. Throws `object-missing`, naming the blobs that are not here. */
  blobs(ids: readonly string[]): Promise<ReadonlyMap<string, Buffer>>;
  /** Every blob that each path ever had, newest first: one `git log --raw`. */
  history(commit: string, paths: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>>;
  isAncestor(ancestor: string, descendant: string): Promise<boolean>;
  /** Any other reading command; stdout as text. Throws `process-failed`. */
  read(args: readonly string[], input?: string): Promise<string>;
}

export interface GitPlaces {
  /** Top of the work tree, real path. */
  readonly root: string;
  /** The main worktree of the repository (differs from `root` in a linked worktree). */
  readonly mainWorktree: string;
  /** `git rev-parse --git-common-dir`, absolute. */
  readonly commonDir: string;
}

export interface Git {
  /** undefined when the folder lies in no work tree. */
  places(dir: string): Promise<GitPlaces | undefined>;
  open(root: string): Repo;
}

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
  /** Left out where nobody asks what runs this. */
  readonly machine?: Machine;
}
