/** What differs between two states of the same components: path by path, and in what. Pure. */
import type { BackupEntry } from './backup.ts';
import { absent, type FileState, sameTime } from './file-state.ts';
import type { RootedPath } from './paths.ts';

/** `time` alone makes no other state: it is told, and counted apart. */
export type Difference = 'kind' | 'content' | 'mode' | 'time';

export interface BackupChange {
  readonly path: RootedPath;
  readonly component: string;
  readonly change: 'added' | 'removed' | 'changed' | 'touched';
  readonly differs: readonly Difference[];
  readonly before: FileState;
  readonly after: FileState;
}

const modeOf = (state: FileState): number | undefined => ('mode' in state ? state.mode : undefined);

const contentOf = (state: FileState): string =>
  state.kind === 'file' ? state.sha256 : state.kind === 'link' ? state.to : '';

const differences = (a: BackupEntry, b: BackupEntry): readonly Difference[] => {
  if (a.state.kind !== b.state.kind) return ['kind'];
  const timed = a.state.kind === 'file' || a.state.kind === 'link';
  return [
    ...(contentOf(a.state) === contentOf(b.state) ? [] : (['content'] as const)),
    ...(modeOf(a.state) === modeOf(b.state) ? [] : (['mode'] as const)),
    ...(timed && !sameTime(BigInt(a.mtimeNs), BigInt(b.mtimeNs)) ? (['time'] as const) : []),
  ];
};

const changeOf = ({ state: a }: BackupEntry, { state: b }: BackupEntry, differs: readonly Difference[]) => {
  if (a.kind === 'absent') return 'added';
  if (b.kind === 'absent') return 'removed';
  return differs.some((one) => one !== 'time') ? 'changed' : 'touched';
};

/** From `before` to `after`, sorted by path; what is equal in both is left out. */
export const diffEntries = (before: readonly BackupEntry[], after: readonly BackupEntry[]): readonly BackupChange[] => {
  const then = new Map(before.map((entry) => [entry.path, entry]));
  const now = new Map(after.map((entry) => [entry.path, entry]));
  const paths = [...new Set([...then.keys(), ...now.keys()])].sort();
  return paths.flatMap((path): readonly BackupChange[] => {
    const component = (now.get(path) ?? then.get(path))?.component ?? '';
    const nothing: BackupEntry = { path, component, state: absent, mtimeNs: '0' };
    const [a, b] = [then.get(path) ?? nothing, now.get(path) ?? nothing];
    const differs = differences(a, b);
    if (differs.length === 0) return [];
    return [{ path, component, change: changeOf(a, b, differs), differs, before: a.state, after: b.state }];
  });
};
