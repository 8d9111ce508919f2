/** What planning a package's swap asks for and answers, and how plans word it. */
import type { NoteAction, StepPlan } from '../../domain/plan.ts';
import type { ConflictPolicy } from '../../domain/project.ts';
import type { PythonFacts } from '../../domain/target.ts';
import type { TargetContext } from '../target-context.ts';
import { installedCopies } from './installed.ts';
import type { ReportedInstall } from './pip.ts';
import type { PackagePlace } from './place.ts';

export type PackagePlan = Omit<StepPlan, 'id' | 'uses'>;

export interface PackagePlanRequest {
  readonly place: PackagePlace;
  readonly python: PythonFacts;
  readonly policy: ConflictPolicy;
}

/** How many files the owner's edits hold back, as words for a cause. */
export const keptWords = (kept: number): string =>
  kept === 0
    ? ''
    : `; ${kept} ${kept === 1 ? 'file is' : 'files are'} kept as the owner edited ${kept === 1 ? 'it' : 'them'}`;

/** `1.2.0 → 1.3.0`, or `1.3.0` where none was installed or the version stays. */
export const versionStep = (
  context: TargetContext,
  place: PackagePlace,
  { name, to }: { readonly name: string; readonly to: string },
): string => {
  const before = installedCopies(context.ports.files, place, name).map(({ version }) => version);
  const from = before.filter((version) => version !== to).join(', ');
  return from === '' ? to : `${from} → ${to}`;
};

/** `~ name 1.2 → 1.3 from the index (sha256 …)`, or `+` for one that is not there yet: a distribution that comes along. */
export const pinNote = (context: TargetContext, place: PackagePlace, pin: ReportedInstall): NoteAction => {
  const { name, version, sha256 } = pin;
  return {
    kind: 'note',
    sign: installedCopies(context.ports.files, place, name).length === 0 ? '+' : '~',
    text: `${name} ${versionStep(context, place, { name, to: version })} from the index (sha256 ${sha256?.slice(0, 12)})`,
  };
};
