/** Sees to it that a package which somebody else put in place since the last sync is never replaced without a word. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { LockstepError } from '../../domain/errors.ts';
import type { ConflictPolicy } from '../../domain/project.ts';
import type { Decision, ReceiptComponent } from '../../domain/receipt.ts';
import { importPath } from '../../domain/sites.ts';
import type { TargetContext } from '../target-context.ts';
import { cameAlong } from './came-along.ts';
import { type InstalledCopy, installedCopies } from './installed.ts';
import { type Origin, originOf } from './origin.ts';
import type { PackagePlan } from './package-plan.ts';
import type { PackagePlace } from './place.ts';

type OwnerContext = Pick<TargetContext, 'ports' | 'project' | 'receipt' | 'run' | 'target' | 'layout'>;

export interface OwnersPackage {
  /** `opencode-ai 9.0.0 (editable, from /home/ada/opencode)`. */
  readonly what: string;
  /** What makes it the owner's. */
  readonly cause: string;
  readonly origin: Origin;
  readonly copy: InstalledCopy;
  /** Where it stands, as a decision about all of it names it. */
  readonly path: string;
  /** Another one for another package. */
  readonly owner: string;
}

const whole = 'package';

const whatOf = (name: string, { version }: InstalledCopy, origin: Origin): string => {
  if (origin.kind === 'editable')
    return `${name} ${version} (editable${origin.from === null ? '' : `, from ${origin.from}`})`;
  return `${name} ${version}`;
};

/** Why it is not what the last sync put there; undefined when it is, or when that cannot be told: then it is damaged. */
const causeOf = ({ receipt }: OwnerContext, copy: InstalledCopy, origin: Origin): string | undefined => {
  const last = receipt?.components.package?.package;
  if (origin.kind === 'unknown' || origin.kind === 'lockstep') return undefined;
  // An editable install that Lockstep made itself, when the target was of another type.
  if (origin.kind === 'editable')
    return last?.checkout === undefined ? 'is an editable install of its owner' : undefined;
  // Without a receipt, what stands there is an older state of the same thing, as everywhere else.
  if (last === undefined) return undefined;
  // Lockstep takes from an index only what it does not build: another target of this Python was synced meanwhile.
  if (last.source === undefined && origin.kind === 'index' && origin.staged) return undefined;
  const otherVersion = copy.version !== last.version;
  const otherWheel =
    last.source === undefined ? origin.kind !== 'index' : origin.kind !== 'wheel' || origin.sha256 !== last.wheel;
  if (!otherVersion && !otherWheel) return undefined;
  return otherVersion
    ? `was installed by its owner, where the last sync had put ${last.version}`
    : `was installed by its owner, not from the wheel of the last sync`;
};

/** What the owner put in place of what the last sync installed; undefined when nobody did. Files only. */
export const ownersPackage = (context: OwnerContext, place: PackagePlace): OwnersPackage | undefined => {
  const { ports, project } = context;
  const { name } = project.package;
  const [copy, second] = installedCopies(ports.files, place, name);
  // Two at once are an installation that was cut off, and are mended.
  if (copy === undefined || second !== undefined) return undefined;
  const origin = originOf(ports.files, copy);
  const cause = causeOf(context, copy, origin);
  if (cause === undefined) return undefined;
  return {
    what: whatOf(name, copy, origin),
    cause,
    origin,
    copy,
    path: place.rooted(join(place.site, importPath(project.package.import))),
    owner: createHash('sha256')
      .update(JSON.stringify([copy.version, origin]))
      .digest('hex'),
  };
};

const decisionOf = (
  { path, owner, cause, what }: OwnersPackage,
  { choice, main }: { readonly choice: Decision['choice']; readonly main: string },
): Decision => ({ path, component: whole, choice, cause: `${what} ${cause}`, main, owner });

const isDecided = ({ receipt }: Pick<OwnerContext, 'receipt'>, wanted: Decision, main: 'same' | 'any'): boolean =>
  (receipt?.decisions ?? []).some(
    ({ component, choice, owner, main: then }) =>
      component === wanted.component &&
      choice === wanted.choice &&
      owner === wanted.owner &&
      (main === 'any' || then === wanted.main),
  );

const keptText = ({ what }: OwnersPackage): string => `${what} is kept as its owner installed it`;

/**
 * What status says of it: kept by a decision of a sync, or waiting for one. `main` is what main has; null when files
 * alone cannot tell it, and any decision about this package counts.
 */
export const standingOfOwners = (
  context: OwnerContext,
  owners: OwnersPackage,
  main: string | null,
): { readonly kept: string } | { readonly undecided: string } => {
  const wanted = decisionOf(owners, { choice: 'kept', main: main ?? '' });
  return isDecided(context, wanted, main === null ? 'any' : 'same')
    ? { kept: keptText(owners) }
    : { undecided: `${owners.what} ${owners.cause}` };
};

/** The component while the owner's package stands: what Lockstep wrote and nobody wrote since, such as dependencies. */
const componentOf = (context: OwnerContext, { copy }: OwnersPackage): ReceiptComponent => {
  const earlier = context.receipt?.components.package;
  const own = new Set(copy.files.map(({ path }) => path));
  const files = cameAlong(context, (path) => own.has(path));
  const dirs = (earlier?.dirs ?? []).filter((dir) => Object.keys(files).some((path) => path.startsWith(`${dir}/`)));
  return {
    commit: context.run.commit,
    files,
    dirs,
    ...(earlier?.package === undefined ? {} : { package: earlier.package }),
  };
};

export interface OwnersRequest {
  readonly policy: ConflictPolicy;
  /** What main offers in its place, as a digest: a decision holds for that alone. */
  readonly main: string;
  /** The same in words. */
  readonly offers: string;
}

/**
 * The plan that keeps it; undefined when it is to be replaced.
 * Throws `conflict-refused` under policy `fail`.
 */
export const planOwners = (
  context: OwnerContext,
  owners: OwnersPackage,
  { policy, main, offers }: OwnersRequest,
): PackagePlan | undefined => {
  const { what, cause, path } = owners;
  if (policy === 'replace') return undefined;
  if (policy === 'fail') {
    throw new LockstepError('conflict-refused', `${what} ${cause}; main has ${offers}`, {
      hint: 'settle it by hand, or set on_conflict of the reinstall step to keep or replace',
    });
  }
  const decision = decisionOf(owners, { choice: 'kept', main });
  const said = `${what} ${cause}; kept as it is, main has ${offers}`;
  return {
    actions: [],
    skipped: `${keptText(owners)}; main has ${offers}`,
    patch: { components: { [whole]: componentOf(context, owners) }, decisions: [decision] },
    warnings: isDecided(context, decision, 'same') ? [] : [said],
    facts: { kept: [{ path, cause: `${what} ${cause}` }] },
  };
};

/** A plan that replaces it, saying so. */
export const sayReplaced = <Plan extends Pick<PackagePlan, 'patch' | 'warnings'>>(
  plan: Plan,
  owners: OwnersPackage,
  main: string,
): Plan => ({
  ...plan,
  patch: {
    ...plan.patch,
    decisions: [...(plan.patch.decisions ?? []), decisionOf(owners, { choice: 'replaced', main })],
  },
  warnings: [...plan.warnings, `${owners.what} ${owners.cause}; replaced, it is in the backup`],
});
