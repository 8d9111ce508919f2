/** What was accepted before: the file that lets the hook's script pass a push without starting node, gone before anything that could change the answer. */
import { dirname } from 'node:path';
import { pushOkHeader } from '../domain/hooks/script/push-ok.ts';
import type { Files, Ports, StateFiles } from '../ports.ts';
import type { StatePlaces } from './state-dir.ts';

interface OkPorts {
  readonly files: Pick<Files, 'stat' | 'real' | 'readText'>;
  readonly state: Pick<StateFiles, 'replace' | 'remove'>;
}
type OkPlaces = Pick<StatePlaces, 'dir' | 'pushOk'>;

/** One ref of an accepted push. */
export interface AcceptedRef {
  readonly remote: string;
  readonly url: string;
  readonly remoteRef: string;
  readonly id: string;
}

export interface Acceptance {
  /** Absolute paths whose change could change the answer. */
  readonly watched: readonly string[];
  readonly accepted: readonly AcceptedRef[];
  /** When the looking began, in nanoseconds since the epoch: what is younger may not have been seen. */
  readonly since: bigint;
}

/** The clock that file times are taken from may be behind by one of its ticks. */
export const tick = 20_000_000n;

/** More is nobody's usual push. */
const mostRefs = 64;

/** No space, no control character, nothing that a shell's comparison could take for more than itself. */
const isPlain = (word: string): boolean => /^[\x21-\x7e]+$/.test(word);

const isPlainPath = (path: string): boolean => path.startsWith('/') && !/[\p{Cc}]/u.test(path) && path.trim() === path;

const refLine = ({ remote, url, remoteRef, id }: AcceptedRef): string | undefined => {
  const whole = /^[0-9a-f]+$/.test(id) && !/^0+$/.test(id) && [40, 64].includes(id.length);
  const branch = /^refs\/heads\/./.test(remoteRef);
  return whole && branch && [remote, url, remoteRef].every(isPlain)
    ? `ok ${remote} ${url} ${remoteRef} ${id}`
    : undefined;
};

/** As the script compares them: a path and the folder that it lies in, both older. The state's own folder changes all the time. */
const isOlder = (
  files: OkPorts['files'],
  { path, than, stateDir }: { readonly path: string; readonly than: bigint; readonly stateDir: string },
): boolean => {
  const own = files.stat(path);
  if (own === undefined || own.kind === 'link' || own.mtimeNs >= than) return false;
  const folder = dirname(path);
  const beside = files.stat(folder);
  return files.real(folder) === files.real(stateDir) || (beside !== undefined && beside.mtimeNs < than);
};

/** Lines of an earlier file that still hold: nothing that it watches is younger, and it watches the same. */
const keptLines = ({ files }: OkPorts, places: OkPlaces, watch: readonly string[]): readonly string[] => {
  const stat = files.stat(places.pushOk);
  if (stat?.kind !== 'file') return [];
  const [header, ...lines] = files
    .readText(places.pushOk)
    .split('\n')
    .filter((line) => line !== '');
  const before = lines.filter((line) => line.startsWith('watch '));
  if (header !== pushOkHeader || before.join('\n') !== watch.join('\n')) return [];
  const holds = before.every((line) =>
    isOlder(files, { path: line.slice('watch '.length), than: stat.mtimeNs, stateDir: places.dir }),
  );
  return holds ? lines.filter((line) => line.startsWith('ok ')) : [];
};

/**
 * Writes the file, unless a value is odd, a path is not what it seems, or anything watched changed since the looking
 * began; then there is none. Throws `disk`.
 */
export const writePushOk = (ports: OkPorts, places: OkPlaces, { watched, accepted, since }: Acceptance): void => {
  const { files, state } = ports;
  const lines = accepted.map(refLine);
  const paths = [...new Set(watched)].sort();
  const real = paths.every((path) => isPlainPath(path) && files.real(path) === path);
  if (lines.length === 0 || lines.includes(undefined) || !real) {
    withdrawPushOk(ports, places);
    return;
  }
  const watch = paths.map((path) => `watch ${path}`);
  const all = [...new Set([...lines, ...keptLines(ports, places, watch)])].slice(0, mostRefs);
  state.replace(places.pushOk, [pushOkHeader, ...watch, ...all, ''].join('\n'));
  // Afterwards: what changes from now on is younger than the file, and what changed before is seen here.
  const settled = paths.every((path) => isOlder(files, { path, than: since - tick, stateDir: places.dir }));
  if (!settled) withdrawPushOk(ports, places);
};

/** Removes it; nothing when there is none. Throws `disk`. */
export const withdrawPushOk = ({ files, state }: OkPorts, places: OkPlaces): void => {
  if (files.stat(places.pushOk) !== undefined) state.remove(places.pushOk);
};

/** State whose every write takes back what was accepted first: registry, journals, backups, receipts by way of their journal. */
export const withdrawing = (ports: Pick<Ports, 'files' | 'state'>, places: OkPlaces): StateFiles => {
  const { state } = ports;
  const first =
    <Args extends readonly unknown[], Result>(write: (...args: Args) => Result) =>
    (...args: Args): Result => {
      withdrawPushOk(ports, places);
      return write(...args);
    };
  return {
    ...state,
    replace: first(state.replace),
    append: first(state.append),
    createExclusive: first(state.createExclusive),
    openNew: first(state.openNew),
    remove: first(state.remove),
    makeDir: first(state.makeDir),
  };
};
