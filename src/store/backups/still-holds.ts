/** Tells whether a backup holds exactly what stands at some paths now; reads only, and no file that stat data vouches for. */
import { join } from 'node:path';
import type { BackupManifest } from '../../domain/backup.ts';
import type { FileState } from '../../domain/file-state.ts';
import type { RootedPath } from '../../domain/paths.ts';
import type { Ports } from '../../ports.ts';
import { fileNameOf } from '../file-names.ts';
import type { StatePlaces } from '../state-dir.ts';
import { openSeen, type Seen } from './seen.ts';

type HoldPorts = Pick<Ports, 'files' | 'state' | 'clock'>;

/** What stands in a target now, and has to be in a backup whole. */
export interface PresentState extends Pick<BackupManifest, 'components' | 'receipt' | 'checkout'> {
  readonly entries: readonly { readonly path: RootedPath; readonly absolute: string }[];
}

export interface HoldRequest {
  readonly manifest: BackupManifest;
  readonly now: PresentState;
  /** Called before each file that has to be read; what it throws ends the looking. */
  readonly meanwhile: () => void;
}

interface Look {
  readonly files: Ports['files'];
  readonly seen: Seen;
  readonly meanwhile: () => void;
}

const digestAt = ({ files, meanwhile }: Look, path: string): string | undefined => {
  meanwhile();
  const state = files.state(path);
  return state.kind === 'file' ? state.sha256 : undefined;
};

const stands = (look: Look, absolute: string, state: FileState): boolean => {
  const { files, seen } = look;
  const stat = files.stat(absolute);
  if (stat === undefined || stat.kind !== state.kind) return stat === undefined && state.kind === 'absent';
  switch (state.kind) {
    case 'file':
      if (stat.size !== state.size || stat.mode !== state.mode) return false;
      return (seen.find(absolute, stat) ?? digestAt(look, absolute)) === state.sha256;
    case 'dir':
      return stat.mode === state.mode;
    case 'link':
      return files.readLink(absolute) === state.to;
    default:
      return false;
  }
};

/** Throws `object-missing` for a file that cannot be read. */
export const stillHolds = (
  ports: HoldPorts,
  places: Pick<StatePlaces, 'seen'>,
  { manifest, now, meanwhile }: HoldRequest,
): boolean => {
  if ((manifest.receipt?.run ?? null) !== (now.receipt?.run ?? null)) return false;
  if ((manifest.checkout?.commit ?? null) !== (now.checkout?.commit ?? null)) return false;
  if (!now.components.every((name) => manifest.components.includes(name))) return false;
  const kept = new Map(manifest.entries.map((entry) => [entry.path, entry.state]));
  const wanted = new Set(now.entries.map(({ path }) => path));
  // What stood then and is gone now has no entry any more.
  if ([...kept].some(([path, state]) => state.kind !== 'absent' && !wanted.has(path))) return false;
  const { files } = ports;
  const seen = openSeen(ports, join(places.seen, `${fileNameOf(manifest.target)}.json`), ports.clock.now());
  return now.entries.every(({ path, absolute }) => {
    const state = kept.get(path);
    return state !== undefined && stands({ files, seen, meanwhile }, absolute, state);
  });
};
