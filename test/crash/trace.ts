/** Counts the system calls of a program from outside, and ends it with SIGKILL on entry to one of them. */

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/**
 * Every call that changes a file system, but for `write`, which Node's own loop uses too (see fs-hook.ts), and those that
 * a trace of a whole sync never showed: they are here so that a new way of writing is not overlooked.
 */
export const tracedCalls = [
  'openat',
  'open',
  'creat',
  'rename',
  'renameat',
  'renameat2',
  'unlink',
  'unlinkat',
  'link',
  'linkat',
  'mkdir',
  'mkdirat',
  'rmdir',
  'symlink',
  'symlinkat',
  'fsync',
  'fdatasync',
  'chmod',
  'fchmod',
  'fchmodat',
  'chown',
  'fchown',
  'lchown',
  'fchownat',
  'utimensat',
  'truncate',
  'ftruncate',
  'fallocate',
  'copy_file_range',
  'sendfile',
  'pwrite64',
  'pwritev',
  'pwritev2',
  'writev',
  'mknod',
  'mknodat',
  'setxattr',
  'lsetxattr',
  'fsetxattr',
] as const;

/** One call of a trace. */
export interface Traced {
  readonly syscall: string;
  /** Which one of this system call's, from 1: what strace's `when` counts. */
  readonly nth: number;
  /** Its arguments as strace shows them. */
  readonly text: string;
  readonly paths: readonly string[];
  /** Whether it changed something: it succeeded, and is no opening for reading. */
  readonly changes: boolean;
}

export const straceIsThere = (): boolean => spawnSync('strace', ['-V'], { stdio: 'ignore' }).status === 0;

interface Kill {
  readonly syscall: string;
  readonly nth: number;
}

/**
 * The program under strace: its main thread alone, where all of Lockstep's own writing happens. What it starts is not
 * followed, so that counts are the program's own and a kill hits nobody else.
 */
export const traced = (log: string, argv: readonly string[], kill?: Kill): readonly string[] => [
  'strace',
  '-qq',
  '-y',
  '-s',
  '0',
  '-o',
  log,
  '-e',
  'signal=none',
  '-e',
  `trace=${kill === undefined ? tracedCalls.join(',') : kill.syscall}`,
  ...(kill === undefined ? [] : [`--inject=${kill.syscall}:signal=SIGKILL:when=${kill.nth}`]),
  ...argv,
];

const linePattern = /^([a-z0-9_]+)\((.*)\)\s+= (-?\d+|\?)/;
const writesOnOpen = /O_(?:WRONLY|RDWR|CREAT|TRUNC|APPEND)/;

const pathsOf = (text: string): readonly string[] =>
  [...text.matchAll(/"(\/[^"]*)"|\d<(\/[^>]*)>/g)].map((match) => match[1] ?? match[2] ?? '');

/** The calls of a trace in order. A call that the program died in counts as one that changes something. */
export const readTrace = (log: string): readonly Traced[] => {
  if (!existsSync(log)) return [];
  const counts = new Map<string, number>();
  const calls: Traced[] = [];
  for (const line of readFileSync(log, 'utf8').split('\n')) {
    const match = linePattern.exec(line);
    if (match === null) continue;
    const [, syscall = '', text = '', result = ''] = match;
    const nth = (counts.get(syscall) ?? 0) + 1;
    counts.set(syscall, nth);
    const reads = /^(?:openat|open)$/.test(syscall) && !writesOnOpen.test(text);
    calls.push({ syscall, nth, text, paths: pathsOf(text), changes: !reads && !result.startsWith('-') });
  }
  return calls;
};

/** What a call is about, the same in every run: no run ids, process ids, random names or lanes. */
export const labelOf = ({ syscall, paths }: Pick<Traced, 'syscall' | 'paths'>, lane: string): string => {
  const plain = paths
    .filter((path) => path.startsWith(`${lane}/`))
    .map((path) =>
      path
        .slice(lane.length + 1)
        .replace('main/.git/lockstep', 'state')
        .replaceAll(/\d{8}T\d{6}Z-[0-9a-f]{16}/g, 'PACK')
        .replaceAll(/\d{8}T\d{6}Z-[0-9a-f]{4}/g, 'RUN')
        .replaceAll(/\.\d+\.[0-9a-f]{8,16}t?\.tmp/g, '.TMP')
        .replaceAll(/[0-9a-f]{64}/g, 'SHA'),
    );
  return `${syscall} ${[...new Set(plain)].join(' → ')}`;
};
