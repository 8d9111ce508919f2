/** Plans the swap to the newest version that an index offers, pinned by name, version and sha256. */

import { LockstepError } from '../../domain/errors.ts';
import type { ReceiptPackage } from '../../domain/receipt.ts';
import type { TargetContext } from '../target-context.ts';
import { fetchPins, packageIndex, pinAgain, pinOf, pinUpgrade } from './index-pin.ts';
import { installedCopies, refuseLegacyCopies } from './installed.ts';
import { ownersPackage, planOwners, sayReplaced } from './owners-package.ts';
import { keptWords, type PackagePlan, type PackagePlanRequest, pinNote, versionStep } from './package-plan.ts';
import type { ReportedInstall } from './pip.ts';
import { pipForTarget, refuseManaged } from './pip-for-target.ts';
import { proveIntact, provenComponent } from './proof.ts';
import { stageWheels } from './stage.ts';
import { planSwap } from './swap-plan.ts';

const factsOf = (name: string, version: string, wheel: string | null): ReceiptPackage => ({ name, version, wheel });

/**
 * The plan for a package that comes from an index: pip resolves, the plan pins, the pins are fetched and staged.
 * Throws `python-unusable`, `package-install-failed`, `path-refused`, `conflict-refused`.
 */
export const planIndex = async (
  context: TargetContext,
  { place, python, policy }: PackagePlanRequest,
): Promise<PackagePlan> => {
  const { ports, project, receipt } = context;
  const { name } = project.package;
  refuseManaged(context, python);
  refuseLegacyCopies(ports.files, place, { name, executable: python.executable });
  const pip = await pipForTarget(context, python);
  let pins: readonly ReportedInstall[] = await pinUpgrade(context, pip);
  const newest = pinOf(pins, name);
  const found = ownersPackage(context, place);
  // The newest, from an index, is what main offers, whoever installed it.
  const owners = newest === undefined && found?.origin.kind === 'index' ? undefined : found;
  const main = newest?.sha256 ?? newest?.version ?? owners?.copy.version ?? '';
  if (owners !== undefined) {
    const offers = newest === undefined ? 'the same version of the index' : `${newest.version} of the index`;
    const kept = planOwners(context, owners, { policy, main, offers });
    if (kept !== undefined) return kept;
  }
  if (newest === undefined && owners !== undefined) pins = await pinAgain(context, pip);
  else if (newest === undefined) {
    const intact = proveIntact(context, place);
    if (intact.holds) {
      const facts = factsOf(name, intact.version, receipt?.components.package?.package?.wheel ?? null);
      return {
        actions: [],
        skipped: `${name} ${intact.version} is the newest that the index offers${keptWords(intact.kept)}`,
        patch: { components: { package: provenComponent(context, intact, facts) } },
        warnings: [],
      };
    }
    // pip looks at versions only, and at other folders too: what is damaged or lacks here is put in from that version.
    const [copy] = installedCopies(ports.files, place, name);
    pins = await pinAgain(context, pip, copy?.version);
  }
  const own = pinOf(pins, name);
  if (own === undefined) throw new LockstepError('package-install-failed', `the index offers no ${name}`);
  const fetched = await fetchPins(context, { pip, network: packageIndex(context), pins });
  const wheels = fetched.map((wheel) => ({ wheel, from: 'index' }) as const);
  const staged = await stageWheels(context, { pip, place, wheels });
  const swap = await planSwap(context, {
    place,
    staged,
    policy,
    facts: factsOf(name, own.version, own.sha256),
    notes: [
      {
        kind: 'note',
        sign: '~',
        text: `${name} ${versionStep(context, place, { name, to: own.version })} from the index (sha256 ${own.sha256?.slice(0, 12)})`,
      },
      ...pins.filter((pin) => pin !== own).map((pin) => pinNote(context, place, pin)),
    ],
    warnings: [],
  });
  const same = `${name} ${own.version} is installed as the index offers it`;
  const planned = { ...swap, skipped: swap.actions.length === 0 ? same : null };
  return owners === undefined ? planned : sayReplaced(planned, owners, main);
};
