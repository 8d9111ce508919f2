/**
 * Which pushes pre-push let through, and which went past it: git starts no hook that could tell of `--no-verify`, but its
 * logs of remote branches say what was pushed.
 */
import { join } from 'node:path';
import type { Files, StateFiles } from '../ports.ts';
import type { StatePlaces } from './state-dir.ts';

/** More commits than these are not remembered; an older push has long been looked at. */
const most = 500;

/** More of a log than this is not read, in bytes. */
const tail = 65_536;

type LetThroughPlaces = Pick<StatePlaces, 'letThrough'>;

const readIds = (files: Pick<Files, 'stat' | 'readText'>, path: string): readonly string[] =>
  files.stat(path)?.kind === 'file' ? (files.readText(path).match(/\b[0-9a-f]{40,64}\b/g) ?? []) : [];

/** Writes nothing for commits that it knows. Throws `disk`. */
export const noteLetThrough = (
  { files, state }: { readonly files: Pick<Files, 'stat' | 'readText'>; readonly state: Pick<StateFiles, 'replace'> },
  { letThrough }: LetThroughPlaces,
  ids: readonly string[],
): void => {
  const known = readIds(files, letThrough);
  const fresh = ids.filter((id) => !known.includes(id));
  if (fresh.length > 0) state.replace(letThrough, `${[...known, ...fresh].slice(-most).join('\n')}\n`);
};

/** A push that git logged and pre-push never saw. */
export interface PastPush {
  readonly remote: string;
  readonly branch: string;
  readonly id: string;
  /** Seconds since the epoch. */
  readonly seconds: number;
}

type LogFiles = Pick<Files, 'stat' | 'list' | 'readText' | 'readRange'>;

/** All files below a folder, as paths relative to it; none where there is no folder. */
const filesBelow = (files: LogFiles, dir: string, at = ''): readonly string[] =>
  files.stat(join(dir, at))?.kind !== 'dir'
    ? []
    : files.list(join(dir, at)).flatMap((name) => {
        const path = at === '' ? name : `${at}/${name}`;
        return files.stat(join(dir, path))?.kind === 'dir' ? filesBelow(files, dir, path) : [path];
      });

const pushesIn = (files: LogFiles, path: string): readonly { readonly id: string; readonly seconds: number }[] => {
  const size = files.stat(path)?.size ?? 0;
  const start = Math.max(0, size - tail);
  const text = files.readRange(path, start, size - start).toString('utf8');
  return [...text.matchAll(/^[0-9a-f]+ ([0-9a-f]+) .*> (\d+) [+-]\d+\tupdate by push$/gm)].map(
    ([, id = '', seconds]) => ({ id, seconds: Number(seconds) }),
  );
};

export interface PastFrom {
  /** git's folder that work trees share. */
  readonly commonDir: string;
  /** Pushes before this time do not count: seconds since the epoch. */
  readonly seconds: number;
}

/** Not those that are on record already, of whatever kind. Reads only. */
export const pushedPast = (
  files: LogFiles,
  { letThrough, bypasses }: LetThroughPlaces & Pick<StatePlaces, 'bypasses'>,
  { commonDir, seconds: from }: PastFrom,
): readonly PastPush[] => {
  const logs = join(commonDir, 'logs', 'refs', 'remotes');
  const recent = filesBelow(files, logs).filter((path) => {
    const stat = files.stat(join(logs, path));
    return stat?.kind === 'file' && stat.mtimeNs >= BigInt(from) * 1_000_000_000n;
  });
  if (recent.length === 0) return [];
  const known = new Set([...readIds(files, letThrough), ...readIds(files, bypasses)]);
  return recent.flatMap((path) => {
    const [remote = '', ...branch] = path.split('/');
    return pushesIn(files, join(logs, path))
      .filter(({ id, seconds }) => seconds >= from && !known.has(id))
      .map((push) => ({ remote, branch: branch.join('/'), ...push }));
  });
};

/** In the columns of the hook's script, which does the same for `LOCKSTEP=0`; what nobody knows is a dash. Throws `disk`. */
export const recordPast = (
  state: Pick<StateFiles, 'append'>,
  { bypasses }: Pick<StatePlaces, 'bypasses'>,
  pushes: readonly PastPush[],
): void => {
  const lines = pushes.map(({ remote, branch, id, seconds }) => {
    const time = new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
    return `${time} pre-push ${remote} - ${id} refs/heads/${branch} -\n`;
  });
  state.append(bypasses, lines.join(''));
};
