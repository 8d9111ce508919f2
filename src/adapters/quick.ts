/** The few reads and writes of a quick look at a push: whole answers, and nothing loaded for them. */
import { execFileSync } from 'node:child_process';
import { lstatSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { Files, Stat, StateFiles } from '../ports.ts';
import { cleanEnvironment, type Environment } from './environment.ts';

export interface Quick {
  readonly files: Pick<Files, 'stat' | 'real' | 'readText' | 'list'>;
  /** Not flushed: what is lost is looked at anew. */
  readonly state: Pick<StateFiles, 'replace' | 'remove'>;
  /** What a reading git command printed; undefined when it failed, or took longer than so many milliseconds. */
  readonly git: (args: readonly string[], timeout: number) => string | undefined;
}

const stat = (path: string): Stat | undefined => {
  const found = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (found === undefined) return undefined;
  const { ino, dev, mode, size, mtimeNs, ctimeNs } = found;
  const kind = found.isFile() ? 'file' : found.isSymbolicLink() ? 'link' : found.isDirectory() ? 'dir' : 'other';
  return {
    kind,
    mode: Number(mode) & 0o7777,
    size: Number(size),
    ino: Number(ino),
    dev: Number(dev),
    mtimeNs,
    ctimeNs,
  };
};

/** What reads no lock, asks no remote and speaks no language of a user's. */
const reading = { GIT_NO_LAZY_FETCH: '1', GIT_ALLOW_PROTOCOL: 'none', GIT_OPTIONAL_LOCKS: '0', LC_ALL: 'C' } as const;

/** @param cwd a folder of the repository. */
export const quick = (cwd: string, env: Environment): Quick => ({
  files: {
    stat,
    real: (path) => {
      try {
        return realpathSync.native(path);
      } catch {
        return undefined;
      }
    },
    readText: (path) => readFileSync(path, 'utf8'),
    list: (dir) => readdirSync(dir).sort(),
  },
  state: {
    replace: (path, bytes) => {
      const temporary = `${path}.${process.pid}.${process.hrtime.bigint()}.tmp`;
      writeFileSync(temporary, bytes, { mode: 0o600, flag: 'wx' });
      renameSync(temporary, path);
    },
    remove: (path) => rmSync(path, { force: true }),
  },
  git: (args, timeout) => {
    try {
      return execFileSync('git', args, {
        cwd,
        encoding: 'utf8',
        env: { ...cleanEnvironment(env), ...reading },
        stdio: ['ignore', 'pipe', 'ignore'],
        timeout: Math.max(1, Math.ceil(timeout)),
        killSignal: 'SIGKILL',
        maxBuffer: 1 << 28,
      });
    } catch {
      return undefined;
    }
  },
});
