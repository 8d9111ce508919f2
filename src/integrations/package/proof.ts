/** Proves from files alone that a target has the package of a commit: `direct_url.json` names the wheel, RECORD matches the disk. */
import { decisionDigest } from '../../domain/package-compare.ts';
import type { Decision, ReceiptComponent, ReceiptFile, ReceiptPackage } from '../../domain/receipt.ts';
import type { TargetContext } from '../target-context.ts';
import { cameAlong } from './came-along.ts';
import { type InstalledCopy, type InstalledFile, installedCopies } from './installed.ts';
import type { PackagePlace } from './place.ts';

type ProofContext = Pick<TargetContext, 'ports' | 'project' | 'receipt' | 'run' | 'target'>;

export interface Intact {
  readonly holds: true;
  readonly version: string;
  /** Files that are not main's because their owner edited them, as decided before. */
  readonly kept: number;
  readonly copy: InstalledCopy;
}

export interface NotProven {
  readonly holds: false;
  readonly cause: string;
}

const keptAsDecided = (decisions: readonly Decision[], file: InstalledFile, owner: string): boolean =>
  decisions.some(
    (decision) =>
      decision.path === file.path &&
      decision.key === undefined &&
      decision.choice === 'kept' &&
      decision.main === file.base &&
      decision.owner === owner,
  );

/** Whether one whole copy is installed whose files are what RECORD says, or what was decided about them. No process is started. */
export const proveIntact = (
  { ports, project, receipt, target }: ProofContext,
  place: PackagePlace,
): Intact | NotProven => {
  const { name } = project.package;
  const copies = installedCopies(ports.files, place, name);
  const [copy] = copies;
  if (copy === undefined) return { holds: false, cause: `${name} is not installed in ${target.name}` };
  if (copies.length > 1) {
    return { holds: false, cause: `${place.site} holds ${copies.length} dist-info folders of ${name}` };
  }
  if (!copy.files.some((file) => file.base !== null)) {
    return { holds: false, cause: `${copy.distInfo} has no RECORD to prove it by` };
  }
  let kept = 0;
  for (const file of copy.files) {
    const state = ports.files.state(file.absolute);
    if (state.kind === 'absent') return { holds: false, cause: `${file.path} is missing` };
    if (file.base === null || (state.kind === 'file' && state.sha256 === file.base)) continue;
    if (!keptAsDecided(receipt?.decisions ?? [], file, decisionDigest(state))) {
      return { holds: false, cause: `${file.path} is not what RECORD says` };
    }
    kept += 1;
  }
  return { holds: true, version: copy.version, kept, copy };
};

/** As `proveIntact`, and installed from one wheel. */
export const proveWheel = (context: ProofContext, place: PackagePlace, wheel: string): Intact | NotProven => {
  const intact = proveIntact(context, place);
  if (!intact.holds || intact.copy.wheel === wheel) return intact;
  return {
    holds: false,
    cause: `the installed ${context.project.package.name} ${intact.version} is not what main's commit builds`,
  };
};

/**
 * What the receipt says of a proven package: what it said before, of this commit; without a receipt, what RECORD says.
 * What came along with the package stays said.
 */
export const provenComponent = (
  context: ProofContext & Pick<TargetContext, 'layout'>,
  { copy }: Intact,
  facts: ReceiptPackage,
): ReceiptComponent => {
  const { ports, receipt, run } = context;
  const earlier = receipt?.components.package;
  // One that its owner had replaced meanwhile is claimed by nobody.
  const claimed = copy.files.some(({ path }) => earlier?.files[path] !== undefined);
  if (claimed && earlier?.package !== undefined && earlier.package.wheel === facts.wheel) {
    return { ...earlier, commit: run.commit, package: facts };
  }
  const own = new Set(copy.files.map((file) => file.path));
  const files: Record<string, ReceiptFile> = { ...cameAlong(context, (path) => own.has(path)) };
  for (const { path, absolute, base } of copy.files) {
    const state = ports.files.state(absolute);
    if (state.kind !== 'file') continue;
    // The owner's, kept as decided: claimed only where Lockstep had written it before.
    if (base !== null && state.sha256 !== base && earlier?.files[path] === undefined) continue;
    files[path] = { sha256: base ?? state.sha256, mode: state.mode };
  }
  const dirs = (earlier?.dirs ?? []).filter((dir) => Object.keys(files).some((path) => path.startsWith(`${dir}/`)));
  return { commit: run.commit, files, dirs, package: facts };
};
