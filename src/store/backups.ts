/** Backups: content-addressed, deduplicated snapshots of components of one target. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type BackupEntry, type BackupManifest, manifestFormat } from '../domain/backup.ts';
import { LockstepError, messageOf } from '../domain/errors.ts';
import { nearestName } from '../domain/nearest.ts';
import type { RootedPath } from '../domain/paths.ts';
import type { Receipt } from '../domain/receipt.ts';
import { capture, nothing } from './backups/capture.ts';
import { type Claim, claimPacks } from './backups/claims.ts';
import { keptObjects } from './backups/kept-objects.ts';
import { manifestPath, manifestText, readManifest } from './backups/manifest.ts';
import { openPacks, type Packs } from './backups/packs.ts';
import { reachOf } from './backups/reach.ts';
import { openSeen } from './backups/seen.ts';
import { compactTime, fileNameOf } from './file-names.ts';
import type { LockPorts } from './lock.ts';
import type { StatePlaces } from './state-dir.ts';

export type { BackupEntry, BackupManifest } from '../domain/backup.ts';

export interface BackupRequest {
  readonly target: string;
  readonly run: string | null;
  readonly occasion?: BackupManifest['occasion'];
  /** Components that the entries hold whole. */
  readonly components: readonly string[];
  /** A path where nothing stands is recorded as absent. */
  readonly entries: readonly { readonly path: RootedPath; readonly component: string; readonly absolute: string }[];
  /** Paths that will be replaced or removed: an object that was stored before is read back for them, and stored anew when it is damaged. */
  readonly touched?: ReadonlySet<RootedPath>;
  readonly receipt: Receipt | null;
  readonly installed?: BackupManifest['installed'];
  readonly checkout: BackupManifest['checkout'];
  /** Called before each path is read; what it throws ends the backup, of which nothing stays. */
  readonly meanwhile?: () => void;
}

export interface BackupStore {
  /** Writes, flushes, reads back, and only then answers. Throws `backup-failed`; nothing half-written stays visible. */
  create(request: BackupRequest): Promise<BackupManifest>;
  /** Newest first. Damaged manifests are left out and named by `damaged`. */
  list(target?: string): readonly BackupManifest[];
  /** Throws `nothing-to-restore` with the ids there are, `backup-damaged`. */
  get(target: string, id: string): BackupManifest;
  /** Bytes by sha256, verified on reading. Throws `backup-damaged`, naming the files and backups that need them. */
  read(sha256: string): Buffer;
  /** What is read meanwhile is not pruned. Waits while somebody prunes. Throws `locked`, `disk`, and what the work throws. */
  using<T>(what: string, work: () => Promise<T>): Promise<T>;
  /** Ids of manifests that cannot be read, with the cause: of one target, or of all. */
  damaged(target?: string): readonly { readonly id: string; readonly cause: string }[];
}

export type BackupPorts = LockPorts;

const manifestEnd = '.json';
const isManifest = (name: string): boolean => name.endsWith(manifestEnd);

interface Found {
  readonly id: string;
  readonly manifest?: BackupManifest;
  readonly cause?: string;
}

const failure = (target: string, error: unknown): unknown =>
  error instanceof LockstepError && error.code !== 'locked'
    ? new LockstepError(
        'backup-failed',
        `no backup of ${target} could be made, so nothing was touched: ${error.message}`,
        {
          cause: error,
          details: error.details,
          hint: error.hint ?? 'make room where Lockstep keeps its state, or mend the disk',
        },
      )
    : error;

const newest = (a: BackupManifest, b: BackupManifest): number =>
  a.time === b.time ? (a.id < b.id ? 1 : -1) : a.time < b.time ? 1 : -1;

/** The backups of one main project, for all its targets. */
export const openBackups = (ports: BackupPorts, places: StatePlaces): BackupStore => {
  const { files, state, clock } = ports;
  let opened: Packs | undefined;
  const packs = (): Packs => {
    opened ??= openPacks(ports, places.packs);
    return opened;
  };

  const look = (folder: string): readonly Found[] =>
    files
      .list(join(places.backups, folder))
      .filter(isManifest)
      .map((name) => {
        const id = decodeURIComponent(name.slice(0, -manifestEnd.length));
        try {
          return { id, manifest: readManifest(files, join(places.backups, folder, name)) };
        } catch (error) {
          return { id, cause: messageOf(error) };
        }
      });
  const lookAll = (): readonly Found[] => files.list(places.backups).flatMap(look);

  /** The one moment at which a backup comes to exist. */
  const commit = (facts: Omit<BackupManifest, 'id'>): BackupManifest => {
    for (;;) {
      const id = `${facts.target}-${compactTime(new Date(facts.time))}-${randomBytes(2).toString('hex')}`;
      const manifest: BackupManifest = { ...facts, id };
      if (state.createExclusive(manifestPath(places, facts.target, id), manifestText(manifest))) return manifest;
    }
  };

  const create = (request: BackupRequest): BackupManifest => {
    const now = clock.now();
    packs().refresh();
    const writer = packs().writer(`${compactTime(now)}-${randomBytes(8).toString('hex')}`);
    const seen = openSeen(ports, join(places.seen, `${fileNameOf(request.target)}.json`), now);
    const objects = keptObjects(packs(), writer);
    const ground = { files, objects, writer, seen };
    const isReached = reachOf(files);
    try {
      const entries = new Map<RootedPath, BackupEntry>();
      for (const { path, component, absolute } of request.entries) {
        if (entries.has(path)) continue;
        request.meanwhile?.();
        const trust = request.touched?.has(path) === true ? 'read back' : 'by name';
        const stands = isReached(path, absolute) ? capture(ground, absolute, trust) : nothing;
        entries.set(path, { path, component, ...stands });
      }
      writer.finish();
      packs().refresh();
      const manifest = commit({
        format: manifestFormat,
        target: request.target,
        time: now.toISOString(),
        run: request.run,
        ...(request.occasion === undefined ? {} : { occasion: request.occasion }),
        commit: request.receipt?.commit ?? null,
        version: request.receipt?.version ?? null,
        components: request.components,
        entries: [...entries.values()].sort((a, b) => (a.path < b.path ? -1 : 1)),
        receipt: request.receipt,
        ...(request.installed === undefined ? {} : { installed: request.installed }),
        checkout: request.checkout,
      });
      seen.save();
      return manifest;
    } catch (error) {
      writer.discard();
      throw error;
    }
  };

  // One claim for all that this process does at a time: a second one would wait for the pruning that waits for the first.
  let shared: { readonly claim: Promise<Claim>; users: number } | undefined;
  const using: BackupStore['using'] = async (what, work) => {
    shared ??= { claim: claimPacks(ports, places, what), users: 0 };
    const mine = shared;
    mine.users += 1;
    try {
      await mine.claim;
      return await work();
    } finally {
      mine.users -= 1;
      if (mine.users === 0) {
        shared = undefined;
        await mine.claim.then(
          (claim) => claim.release(),
          // It was never had, and whoever waited for it was told.
          () => {},
        );
      }
    }
  };

  const needing = (sha256: string): readonly string[] =>
    lookAll().flatMap(({ manifest }) =>
      (manifest?.entries ?? [])
        .filter((entry) => entry.state.kind === 'file' && entry.state.sha256 === sha256)
        .map((entry) => `${entry.path} of ${manifest?.id}`),
    );

  return {
    using,
    create: async (request) => {
      try {
        return await using(`backup of ${request.target}`, async () => create(request));
      } catch (error) {
        throw failure(request.target, error);
      }
    },
    list: (target) =>
      (target === undefined ? lookAll() : look(fileNameOf(target)))
        .flatMap(({ manifest }) => manifest ?? [])
        .sort(newest),
    get: (target, id) => {
      const path = manifestPath(places, target, id);
      if (files.stat(path) !== undefined) return readManifest(files, path);
      const ids = look(fileNameOf(target)).map((found) => found.id);
      const near = nearestName(id, ids);
      const others = near === undefined ? `lockstep target backups ${target}` : `did you mean ${near}?`;
      throw new LockstepError('nothing-to-restore', `${target} has no backup ${id}`, {
        target,
        hint: ids.length === 0 ? `lockstep target backup ${target} makes one` : others,
        details: ids,
      });
    },
    read: (sha256) => {
      const bytes = packs().read(sha256);
      if (bytes !== undefined) return bytes;
      throw new LockstepError('backup-damaged', `the backup store no longer holds ${sha256} whole`, {
        hint: 'use another backup, or restore the other components one by one',
        details: needing(sha256).map((need) => `needed by ${need}`),
      });
    },
    damaged: (target) =>
      (target === undefined ? lookAll() : look(fileNameOf(target))).flatMap(({ id, cause }) =>
        cause === undefined ? [] : [{ id, cause }],
      ),
  };
};
