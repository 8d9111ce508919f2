/** Files as they are read, the one guarded way to write in targets, and the files of Lockstep's own state. */
import type { FileState } from '../domain/file-state.ts';

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
  /** Puts the given files and folders on the disk, one after the other. */
  flush(paths: readonly string[]): void;
  /**
   * Puts many on the disk as they come, some at a time, so that the file system can take them together: a tenth of the
   * time on a real one. They are there once it resolves; it rejects with the first trouble, of giving a path too, takes no
   * further path then, and nothing is under way any more.
   */
  flushAll(paths: AsyncIterable<string>): Promise<void>;
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

/** The scratch folder of a process that was killed. */
export interface Abandoned {
  readonly path: string;
  /** Command lines of what that process had started and what was ended now. */
  readonly ended: readonly string[];
  /** Command lines of what cannot be ended; while there are any, the folder stays. */
  readonly running: readonly string[];
  /** Why the folder could not be removed, though nothing runs any more; null when it is gone or was not tried. */
  readonly left: string | null;
}
