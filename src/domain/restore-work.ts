/** What a restore works with: the request, what it covers, and what the receipt and the backup say. */
import type { BackupEntry, BackupManifest } from './backup.ts';
import { LockstepError } from './errors.ts';
import { type RootedPath, type Roots, toAbsolute } from './paths.ts';
import type { Receipt, ReceiptFile } from './receipt.ts';
import { type Covers, coversPaths, unknownPaths } from './restore-paths.ts';
import type { RestoreSight } from './restore-sight.ts';

export interface RestoreRequest {
  readonly manifest: BackupManifest;
  /** null for everything in the backup. */
  readonly components: readonly string[] | null;
  /** These paths of them alone, each with all below it; left out for all paths. */
  readonly paths?: readonly RootedPath[] | null;
  /** As it stands in the target now. */
  readonly receipt: Receipt | undefined;
  /** Where that stands, absolute: it is the last thing that its run wrote. */
  readonly receiptFile: string;
  readonly roots: Roots;
  readonly files: RestoreSight;
  readonly project: string;
  readonly run: string;
  /** ISO 8601 UTC. */
  readonly time: string;
  /** Where the clone of a `source` target stands now; left out, the clone is not moved. */
  readonly checkoutNow?: BackupManifest['checkout'];
}

export interface RestoreWork {
  readonly request: RestoreRequest;
  /** Whether a component is to be restored. */
  readonly scope: (component: string) => boolean;
  /** Whether a path is to be restored, of a component that is. */
  readonly covers: Covers;
  /** Components that are restored, whole or, where the request names paths, those paths of them. */
  readonly whole: readonly string[];
  readonly held: ReadonlyMap<RootedPath, BackupEntry>;
  /** What the present receipt says that Lockstep wrote. */
  readonly written: ReadonlyMap<RootedPath, ReceiptFile>;
  readonly absolute: (path: RootedPath) => string;
  readonly warnings: string[];
}

/** Throws `nothing-to-restore` for a component or a path that the backup does not hold. */
export const prepareRestore = (request: RestoreRequest): RestoreWork => {
  const { manifest, components, receipt, roots } = request;
  const missing = (components ?? []).filter((name) => !manifest.components.includes(name));
  if (missing.length > 0) {
    throw new LockstepError('nothing-to-restore', `backup ${manifest.id} holds no ${missing.join(', ')}`, {
      target: manifest.target,
      hint: `it holds ${manifest.components.join(', ')}; lockstep target backups ${manifest.target} lists the others`,
    });
  }
  const scope = (component: string): boolean => components === null || components.includes(component);
  const held = new Map(manifest.entries.map((entry) => [entry.path, entry]));
  const written = new Map(Object.values(receipt?.components ?? {}).flatMap(({ files }) => Object.entries(files)));
  const { paths = null } = request;
  const covers = coversPaths(paths);
  const touched = new Set(
    [
      ...manifest.entries,
      ...Object.entries(receipt?.components ?? {}).flatMap(([component, { files }]) =>
        Object.keys(files).map((path) => ({ component, path })),
      ),
    ].flatMap(({ component, path }) => (covers(path) ? [component] : [])),
  );
  const unknown = unknownPaths(
    paths ?? [],
    [...held.values()].filter(({ component }) => scope(component)).map(({ path }) => path),
  );
  const made = unknownPaths(unknown, written.keys());
  if (made.length > 0) {
    throw new LockstepError('nothing-to-restore', `backup ${manifest.id} holds no ${made.join(', ')}`, {
      target: manifest.target,
      hint: `paths are those that a dry run shows, such as ${manifest.entries[0]?.path ?? 'docs/a.md'}`,
    });
  }
  return {
    request,
    scope,
    covers,
    whole: manifest.components.filter((name) => scope(name) && (paths === null || touched.has(name))),
    held,
    written,
    absolute: (path) => toAbsolute(roots, path),
    warnings: [],
  };
};
