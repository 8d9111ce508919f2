/** Brings a backup back into empty folders of scratch, by the very plan and transaction that a real restore uses. */
import { dirname, join } from 'node:path';
import type { BackupEntry, BackupManifest } from '../../domain/backup.ts';
import { diffEntries } from '../../domain/backup-diff.ts';
import { type FileState, sameFolderMode } from '../../domain/file-state.ts';
import { type RootedPath, type RootName, type Roots, toAbsolute, toRooted } from '../../domain/paths.ts';
import { planRestore } from '../../domain/restore.ts';
import { openTransaction } from '../../pipeline/transaction.ts';
import type { Files } from '../../ports.ts';
import { lockstepFolder, receiptPath } from '../../store/receipts.ts';
import type { MainProject } from '../main-project.ts';

export interface ScratchRestore {
  readonly manifest: BackupManifest;
  /** Folder of scratch that is there: all that is written lies below it. */
  readonly scratch: string;
  /** Below it, and there too. */
  readonly roots: Roots;
  readonly run: string;
  /** Whether other files may stand there, such as those of an environment. */
  readonly others: 'none' | 'expected';
}

/** Folders for every root that a backup names, made empty below a folder of scratch. */
export const emptyRoots = (main: MainProject, scratch: string, { entries }: Pick<BackupManifest, 'entries'>): Roots => {
  const tree = main.ports.openTree({ roots: [scratch] });
  const others = (['python', 'checkout'] as const).filter((name) =>
    entries.some(({ path }) => path.startsWith(`@${name}/`)),
  );
  const made = (['target', ...others] as const satisfies readonly RootName[]).map((name) => {
    const dir = join(scratch, name);
    tree.mkdir(dir, 0o755);
    return [name, dir] as const;
  });
  return { target: join(scratch, 'target'), ...Object.fromEntries(made) };
};

/** What stands at the paths of a backup, below other roots. */
export const standingAt = (files: Files, roots: Roots, entries: readonly BackupEntry[]): readonly BackupEntry[] =>
  entries.map(({ path, component }): BackupEntry => {
    const absolute = toAbsolute(roots, path);
    return { path, component, state: files.state(absolute), mtimeNs: String(files.stat(absolute)?.mtimeNs ?? 0n) };
  });

const sameAsFolder = (a: FileState, b: FileState): boolean =>
  a.kind === 'dir' && b.kind === 'dir' && sameFolderMode(a, b);

/** Paths that nobody asked for: neither in the backup, nor a folder above what is. */
const strays = (files: Files, roots: Roots, entries: readonly BackupEntry[]): readonly RootedPath[] => {
  const wanted = new Set<string>(Object.values(roots));
  for (const { path, state } of entries) {
    if (state.kind === 'absent') continue;
    for (let at = toAbsolute(roots, path); !wanted.has(at); at = dirname(at)) wanted.add(at);
  }
  return Object.values(roots).flatMap((root) =>
    files
      .walk(root, (path) => path === lockstepFolder)
      .map(({ path }) => join(root, path))
      .filter((absolute) => !wanted.has(absolute))
      .map((absolute) => toRooted(roots, absolute)),
  );
};

/**
 * Restores, and answers with all that is then not as the backup says, one line each.
 * Throws `backup-damaged`, `disk`, `path-refused`.
 */
export const restoreInScratch = async (
  main: MainProject,
  { manifest, scratch, roots, run, others }: ScratchRestore,
): Promise<readonly string[]> => {
  const { ports, project, backups } = main;
  const planned = planRestore({
    // A branch cannot be moved where there is no repository.
    manifest: { ...manifest, checkout: null },
    components: null,
    receipt: undefined,
    receiptFile: receiptPath(roots.target, project.id),
    roots,
    files: ports.files,
    project: project.id,
    run,
    time: ports.clock.now().toISOString(),
  });
  const transaction = openTransaction({
    ports,
    roots,
    target: manifest.target,
    run,
    projectId: project.id,
    state: { journal: join(scratch, 'journal') },
  });
  await transaction.stage(planned.actions, async (digest) => backups.read(digest));
  await transaction.swap(planned.actions);
  await transaction.commit(planned.receipt);
  const changes = diffEntries(manifest.entries, standingAt(ports.files, roots, manifest.entries)).filter(
    // Bits that a folder inherits from the one around it are not the backup's to bring back.
    ({ before, after, differs }) => differs.some((one) => one !== 'mode') || !sameAsFolder(before, after),
  );
  return [
    ...planned.warnings,
    ...changes.map(({ path, differs }) => `${path}: its ${differs.join(' and ')} came back otherwise`),
    ...(others === 'expected' ? [] : strays(ports.files, roots, manifest.entries)).map(
      (path) => `${path}: is not in the backup`,
    ),
  ];
};
