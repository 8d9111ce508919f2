/** Says where each file of a backed up package belongs in a fresh virtual environment. */
import { join, relative } from 'node:path';
import type { BackupEntry, BackupManifest } from '../../domain/backup.ts';
import { isInside, type RootedPath, type Roots, toAbsolute, toRooted } from '../../domain/paths.ts';
import type { Receipt } from '../../domain/receipt.ts';
import type { PythonFacts } from '../../domain/target.ts';
import type { PackagePlace } from '../../integrations/package/place.ts';

export interface FreshPlace {
  /** The environment, as the only root there is. */
  readonly roots: { readonly target: string };
  /** From an absolute path of the target's Python; undefined for one that lies elsewhere, such as in a clone. */
  readonly of: (absolute: string) => string | undefined;
}

/** The environment's own site-packages and scripts take the place of the target's; what else lies in its prefix goes along. */
export const freshPlace = (
  { site, scripts, prefix }: PackagePlace,
  venv: string,
  python: Pick<PythonFacts, 'purelib' | 'scripts'>,
): FreshPlace => {
  const pairs = [
    [site, python.purelib],
    [scripts, python.scripts],
    [prefix, venv],
  ] as const;
  return {
    roots: { target: venv },
    of: (absolute) => {
      for (const [from, to] of pairs) {
        if (from !== null && isInside(from, absolute)) return join(to, relative(from, absolute));
      }
      return undefined;
    },
  };
};

const movedReceipt = (
  receipt: Receipt | null,
  move: (path: RootedPath) => RootedPath | undefined,
): Receipt | undefined => {
  if (receipt === null) return undefined;
  const decisions = receipt.decisions.flatMap((decision) => {
    const path = decision.key === undefined ? move(decision.path) : undefined;
    return path === undefined ? [] : [{ ...decision, path }];
  });
  return { ...receipt, decisions };
};

export interface Moved {
  /** The package alone. */
  readonly manifest: BackupManifest;
  readonly receipt: Receipt | undefined;
}

/** The package of a backup as it lies in the environment. */
export const movedPackage = (manifest: BackupManifest, roots: Roots, place: FreshPlace): Moved => {
  const move = (path: RootedPath): RootedPath | undefined => {
    const to = place.of(toAbsolute(roots, path));
    return to === undefined ? undefined : toRooted(place.roots, to);
  };
  const entries = manifest.entries.flatMap((entry): readonly BackupEntry[] => {
    const path = entry.component === 'package' && entry.state.kind !== 'absent' ? move(entry.path) : undefined;
    return path === undefined ? [] : [{ ...entry, path }];
  });
  return {
    manifest: { ...manifest, components: ['package'], entries, receipt: null, checkout: null },
    receipt: movedReceipt(manifest.receipt, move),
  };
};
