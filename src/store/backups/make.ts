/** Makes one backup: what stat data vouches for is taken as it is, the rest is captured, and the manifest comes last. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type BackupEntry, type BackupManifest, manifestFormat } from '../../domain/backup.ts';
import type { RootedPath } from '../../domain/paths.ts';
import type { Receipt } from '../../domain/receipt.ts';
import type { Ports, Stat } from '../../ports.ts';
import { compactTime, fileNameOf } from '../file-names.ts';
import type { StatePlaces } from '../state-dir.ts';
import { type Captured, capture, nothing, recognise } from './capture.ts';
import { keptObjects } from './kept-objects.ts';
import { manifestPath, manifestText } from './manifest.ts';
import type { Packs } from './packs.ts';
import { reachOf } from './reach.ts';
import { type BackupContent, sameAsNewest } from './same-backup.ts';
import { openSeen } from './seen.ts';

export interface BackupRequest {
  readonly target: string;
  readonly run: string | null;
  readonly occasion?: BackupManifest['occasion'];
  /** Components that the entries hold whole. */
  readonly components: readonly string[];
  /** A path where nothing stands is recorded as absent. */
  readonly entries: readonly {
    readonly path: RootedPath;
    readonly component: string;
    readonly absolute: string;
    /** As it was looked at a moment ago: it is not looked at again without need. */
    readonly stat?: Stat;
  }[];
  /** Paths that will be replaced or removed: an object that was stored before is read back for them, and stored anew when it is damaged. */
  readonly touched?: ReadonlySet<RootedPath>;
  readonly receipt: Receipt | null;
  readonly installed?: BackupManifest['installed'];
  readonly checkout: BackupManifest['checkout'];
  /** Called with each absolute path before it is read; what it throws ends the backup, of which nothing stays. */
  readonly meanwhile?: (absolute: string) => void;
}

export interface Made {
  readonly manifest: BackupManifest;
  /** `before`: nothing was written, for the newest backup holds exactly this. */
  readonly made: 'now' | 'before';
}

export interface BackupGround {
  readonly ports: Pick<Ports, 'files' | 'state' | 'clock'>;
  readonly places: StatePlaces;
  readonly packs: Packs;
}

export interface BackupWork {
  /** The newest backup, when it holds exactly what stands there now. Reads no file of the target, writes nothing. */
  unchanged(): BackupManifest | undefined;
  /** The caller holds the packs. Throws `backup-failed`; nothing half-written stays visible. */
  make(when: 'always' | 'when it differs'): Made;
}

/** The one moment at which a backup comes to exist. */
const commit = ({ ports, places }: BackupGround, facts: Omit<BackupManifest, 'id'>): BackupManifest => {
  for (;;) {
    const id = `${facts.target}-${compactTime(new Date(facts.time))}-${randomBytes(2).toString('hex')}`;
    const manifest: BackupManifest = { ...facts, id };
    const path = manifestPath(places, facts.target, id);
    if (ports.state.createExclusive(path, manifestText(manifest))) return manifest;
  }
};

const contentOf = (request: BackupRequest, entries: ReadonlyMap<RootedPath, BackupEntry>): BackupContent => ({
  target: request.target,
  components: request.components,
  entries: [...entries.values()].sort((a, b) => (a.path < b.path ? -1 : 1)),
  receipt: request.receipt,
  ...(request.installed === undefined ? {} : { installed: request.installed }),
  checkout: request.checkout,
});

/** Looks at everything once, without reading a file: nobody has to be kept from pruning for that. */
export const prepareBackup = (ground: BackupGround, request: BackupRequest): BackupWork => {
  const { ports, places, packs } = ground;
  const { files, clock } = ports;
  const now = clock.now();
  packs.refresh();
  const seen = openSeen(ports, join(places.seen, `${fileNameOf(request.target)}.json`), now);
  const isReached = reachOf(files);
  const entries = new Map<RootedPath, BackupEntry>();
  const open: BackupRequest['entries'][number][] = [];
  const known = { files, seen, has: (sha256: string) => packs.has(sha256) };
  const met = new Set<RootedPath>();
  for (const entry of request.entries) {
    const { path, component, absolute, stat } = entry;
    if (met.has(path)) continue;
    met.add(path);
    let stands: Captured | undefined;
    if (request.touched?.has(path) !== true)
      stands = isReached(path, absolute) ? recognise(known, absolute, stat) : nothing;
    if (stands === undefined) open.push(entry);
    else entries.set(path, { path, component, ...stands });
  }

  const captureRest = (): 'something new' | 'nothing new' => {
    const writer = packs.writer(`${compactTime(now)}-${randomBytes(8).toString('hex')}`);
    const within = { files, objects: keptObjects(packs, writer), writer, seen };
    try {
      for (const { path, component, absolute } of open) {
        request.meanwhile?.(absolute);
        const trust = request.touched?.has(path) === true ? 'read back' : 'by name';
        const stands = isReached(path, absolute) ? capture(within, absolute, trust) : nothing;
        entries.set(path, { path, component, ...stands });
      }
      writer.finish();
    } catch (error) {
      writer.discard();
      throw error;
    }
    return writer.size() > 0 ? 'something new' : 'nothing new';
  };

  return {
    unchanged: () => (open.length > 0 ? undefined : sameAsNewest(files, places, contentOf(request, entries))),
    make: (when) => {
      packs.refresh();
      for (const entry of request.entries) {
        const state = entries.get(entry.path)?.state;
        // Pruned between the look and the claim.
        if (state?.kind === 'file' && !packs.has(state.sha256) && entries.delete(entry.path)) open.push(entry);
      }
      const found = captureRest();
      packs.refresh();
      const content = contentOf(request, entries);
      const same = when === 'always' || found === 'something new' ? undefined : sameAsNewest(files, places, content);
      const { run, occasion, receipt } = request;
      const manifest =
        same ??
        commit(ground, {
          format: manifestFormat,
          time: now.toISOString(),
          run,
          ...(occasion === undefined ? {} : { occasion }),
          commit: receipt?.commit ?? null,
          version: receipt?.version ?? null,
          ...content,
        });
      seen.save();
      return { manifest, made: same === undefined ? 'now' : 'before' };
    },
  };
};
