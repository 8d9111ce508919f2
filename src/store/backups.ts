/** Backups: content-addressed, deduplicated snapshots of components of one target. */
import { join } from 'node:path';
import type { BackupManifest } from '../domain/backup.ts';
import { LockstepError, messageOf } from '../domain/errors.ts';
import { nearestName } from '../domain/nearest.ts';
import { type Claim, claimPacks } from './backups/claims.ts';
import { type BackupRequest, type Made, prepareBackup } from './backups/make.ts';
import { manifestPath, readManifest } from './backups/manifest.ts';
import { openPacks, type Packs } from './backups/packs.ts';
import { fileNameOf } from './file-names.ts';
import type { LockPorts } from './lock.ts';
import type { StatePlaces } from './state-dir.ts';

export type { BackupEntry, BackupManifest } from '../domain/backup.ts';
export type { BackupRequest, Made } from './backups/make.ts';

export interface BackupStore {
  /** Writes, flushes, reads back, and only then answers. Throws `backup-failed`; nothing half-written stays visible. */
  create(request: BackupRequest): Promise<BackupManifest>;
  /** As `create`, but writes nothing and answers with the newest backup where that holds exactly this. */
  createUnlessSame(request: BackupRequest): Promise<Made>;
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
  const { files } = ports;
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

  const make = async (request: BackupRequest, when: 'always' | 'when it differs'): Promise<Made> => {
    try {
      const work = prepareBackup({ ports, places, packs: packs() }, request);
      const same = when === 'always' ? undefined : work.unchanged();
      if (same !== undefined) return { manifest: same, made: 'before' };
      return await using(`backup of ${request.target}`, async () => work.make(when));
    } catch (error) {
      throw failure(request.target, error);
    }
  };

  return {
    using,
    create: async (request) => (await make(request, 'always')).manifest,
    createUnlessSame: (request) => make(request, 'when it differs'),
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
        hint: 'use another backup, or bring back what is whole with --component or --path',
        details: needing(sha256).map((need) => `needed by ${need}`),
      });
    },
    damaged: (target) =>
      (target === undefined ? lookAll() : look(fileNameOf(target))).flatMap(({ id, cause }) =>
        cause === undefined ? [] : [{ id, cause }],
      ),
  };
};
