/**
 * Which pushes pre-push let through, and which went past it: git starts no hook that could tell of `--no-verify`, but its
 * logs of remote branches say what was pushed.
 */
import { join, sep } from 'node:path';
import type { PushedRef } from '../domain/push.ts';
import type { Files, StateFiles } from '../ports.ts';
import type { StatePlaces } from './state-dir.ts';

/** More than these are not remembered; an older push has long been looked at. */
const most = 500;

/** More of a log than this is not read, in bytes. */
const tail = 65_536;

type LetThroughPlaces = Pick<StatePlaces, 'letThrough'>;

/** A commit that came to a ref of a remote. */
interface Pushed {
  readonly remote: string;
  readonly ref: string;
  readonly id: string;
}

const lineOf = ({ remote, ref, id }: Pushed): string => `${remote} ${ref} ${id}`;

const linesOf = (files: Pick<Files, 'stat' | 'readText'>, path: string): readonly string[] =>
  files.stat(path)?.kind === 'file'
    ? files
        .readText(path)
        .split('\n')
        .filter((line) => line !== '')
    : [];

/** Writes nothing for what it knows. Throws `disk`. */
export const noteLetThrough = (
  { files, state }: { readonly files: Pick<Files, 'stat' | 'readText'>; readonly state: Pick<StateFiles, 'replace'> },
  { letThrough }: LetThroughPlaces,
  { remote, refs }: { readonly remote: string; readonly refs: readonly PushedRef[] },
): void => {
  const known = linesOf(files, letThrough);
  const fresh = refs
    .flatMap(({ remoteRef: ref, localId: id }) => (id === null ? [] : [lineOf({ remote, ref, id })]))
    .filter((line) => !known.includes(line));
  if (fresh.length > 0) state.replace(letThrough, `${[...known, ...fresh].slice(-most).join('\n')}\n`);
};

const letThroughIn = (line: string): Pushed | undefined => {
  const [, remote, ref, id] = /^(.+) (\S+) ([0-9a-f]+)$/.exec(line) ?? [];
  return remote === undefined || ref === undefined || id === undefined ? undefined : { remote, ref, id };
};

/** What the hook's script puts on record: time, hook, remote, then git's own line: local ref, local id, remote ref, remote id. */
const bypassIn = (line: string): Pushed | undefined => {
  const [, , remote, , id, ref] = line.split(' ');
  return remote === undefined || ref === undefined || id === undefined ? undefined : { remote, ref, id };
};

/** A push that git logged and pre-push never saw. */
export interface PastPush extends Pushed {
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
  const known = [
    ...linesOf(files, letThrough).flatMap((line) => letThroughIn(line) ?? []),
    ...linesOf(files, bypasses).flatMap((line) => bypassIn(line) ?? []),
  ];
  const logOf = ({ remote, ref }: Pushed): string => join(logs, remote, ref.replace(/^refs\/heads\//, ''));
  // Some follow a remote's branches under other names: there, any branch of that remote explains a commit.
  const elsewhere = (one: Pushed, log: string): boolean =>
    one.ref.startsWith('refs/heads/') &&
    log.startsWith(join(logs, one.remote, sep)) &&
    files.stat(logOf(one)) === undefined;
  return recent.flatMap((path) => {
    const log = join(logs, path);
    const [remote = '', ...branch] = path.split('/');
    return pushesIn(files, log)
      .filter(({ id, seconds }) => {
        const same = known.filter((one) => one.id === id);
        // The script writes a dash for a remote's name that is not plain.
        const explained = same.some((one) => one.remote === '-' || logOf(one) === log || elsewhere(one, log));
        return seconds >= from && !explained;
      })
      .map((push) => ({ remote, ref: `refs/heads/${branch.join('/')}`, ...push }));
  });
};

/** In the columns of the hook's script, which does the same for `LOCKSTEP=0`; what nobody knows is a dash. Throws `disk`. */
export const recordPast = (
  state: Pick<StateFiles, 'append'>,
  { bypasses }: Pick<StatePlaces, 'bypasses'>,
  pushes: readonly PastPush[],
): void => {
  const lines = pushes.map(({ remote, ref, id, seconds }) => {
    const time = new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
    return `${time} pre-push ${remote} - ${id} ${ref} -\n`;
  });
  state.append(bypasses, lines.join(''));
};
