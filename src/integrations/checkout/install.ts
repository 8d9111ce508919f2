/** Keeps the editable install of a clone in step: says when it has to be made anew, and plans that. */
import { join } from 'node:path';
import { LockstepError } from '../../domain/errors.ts';
import type { RootedPath } from '../../domain/paths.ts';
import type { NoteAction, StepPlan } from '../../domain/plan.ts';
import type { ReceiptFile } from '../../domain/receipt.ts';
import type { TreeEntry } from '../../ports.ts';
import type { PackageOptions } from '../integration.ts';
import { installedCopies, refuseLegacyCopies } from '../package/installed.ts';
import { versionStep } from '../package/package-plan.ts';
import { refuseManaged, usablePython } from '../package/pip-for-target.ts';
import { type PackagePlace, packagePlace } from '../package/place.ts';
import { proveIntact } from '../package/proof.ts';
import { checkTargetPython, readSourceProject } from '../package/source-project.ts';
import { planSwap } from '../package/swap-plan.ts';
import type { TargetContext } from '../target-context.ts';
import type { Clone } from './clone.ts';
import { isEditableOf, stageEditable } from './editable.ts';
import { type PackageMetadata, packageMetadata } from './metadata.ts';

const folderIn = (clone: Pick<Clone, 'root'>, path: string): string =>
  join(clone.root, path.replace(/^\.\/?/, '').replace(/\/+$/, ''));

const siteOf = (context: TargetContext): PackagePlace => {
  const place = packagePlace(context);
  if (place !== undefined) return place;
  const { name } = context.target;
  throw new LockstepError('package-install-failed', `${name} has no site-packages folder to install into`, {
    hint: `lockstep target show ${name}`,
  });
};

/** The clone as it stands, beside what the run's commit holds. */
export interface Standing {
  readonly clone: Clone;
  /** The run's commit. */
  readonly now: readonly TreeEntry[];
  readonly metadata: PackageMetadata | undefined;
}

/** Why the editable install has to be made anew; undefined when it holds. Files and git only. */
export const staleInstall = async (
  context: TargetContext,
  { clone, metadata, now }: Standing,
): Promise<string | undefined> => {
  const { project, receipt, main, target } = context;
  const { name, path } = project.package;
  if (path === null) return undefined;
  const place = siteOf(context);
  if (!isEditableOf(context, place, folderIn(clone, path))) {
    return `${name} is not installed editable from ${clone.root} in ${target.name}`;
  }
  const proof = proveIntact(context, place);
  if (!proof.holds) return proof.cause;
  // No pyproject.toml or setup.py to read: the install says what is wrong.
  if (metadata === undefined) return `the metadata of ${path} cannot be read`;
  if (metadata.version !== null && sameVersion(metadata.version, proof.version) === 'differs') {
    return `${name} ${proof.version} is installed, main has ${metadata.version}`;
  }
  const last = receipt?.components.package?.package;
  if (last?.wheel === null && last.source !== undefined) {
    return last.source === metadata.digest ? undefined : `the metadata of ${name} changed in main`;
  }
  if (clone.head === main.commit) return undefined;
  const before = (await main.repo.commit(clone.head)) === undefined ? now : await main.repo.tree(clone.head);
  const old = await packageMetadata(context, before, path);
  return old?.digest === metadata.digest ? undefined : `the metadata of ${name} changed in main`;
};

/** pip writes `1.2` for `1.2` and `1.0.dev1` for `1.0-dev1`: only a plain release can be told to differ. */
const sameVersion = (declared: string, installed: string): 'same' | 'differs' =>
  declared === installed || !/^\d+(?:\.\d+)*$/.test(declared) ? 'same' : 'differs';

type InstallPlan = Pick<StepPlan, 'actions' | 'patch' | 'warnings'> & { readonly version: string };

/** The editable install anew. Throws `python-unusable`, `package-build-failed`, `package-install-failed`, `conflict-refused`. */
export const planInstall = async (
  context: TargetContext,
  {
    standing,
    stale,
    policy,
  }: { readonly standing: Standing; readonly stale: string; readonly policy: PackageOptions['onConflict'] },
): Promise<InstallPlan> => {
  const { project, run, ports } = context;
  const { name } = project.package;
  const path = project.package.path ?? '';
  const python = usablePython(context);
  const place = siteOf(context);
  refuseManaged(context, python);
  const source = await readSourceProject(context, path);
  checkTargetPython(context, python, source);
  refuseLegacyCopies(ports.files, place, { name, executable: python.executable });
  const { root } = standing.clone;
  const { staged, warnings } = await stageEditable(context, {
    place,
    python,
    source,
    root,
    folder: folderIn(standing.clone, path),
  });
  const note: NoteAction = {
    kind: 'note',
    sign: '~',
    text: `${name} ${versionStep(context, place, { name, to: staged.version })} (editable from ${root} @ ${run.commit.slice(0, 10)}: ${stale})`,
  };
  const facts = { name, version: staged.version, wheel: null };
  const swap = await planSwap(context, {
    place,
    staged: [staged],
    policy: policy ?? 'keep',
    facts,
    notes: [note],
    warnings,
  });
  return { ...swap, version: staged.version };
};

/** What stands installed, as the receipt says it. */
export const standingInstall = (
  context: TargetContext,
): { readonly files: Record<RootedPath, ReceiptFile>; readonly version: string } => {
  const files: Record<RootedPath, ReceiptFile> = {};
  const place = packagePlace(context);
  if (place === undefined) return { files, version: '' };
  const [copy] = installedCopies(context.ports.files, place, context.project.package.name);
  for (const { path, absolute, base } of copy?.files ?? []) {
    const state = context.ports.files.state(absolute);
    if (state.kind === 'file') files[path] = { sha256: base ?? state.sha256, mode: state.mode };
  }
  return { files, version: copy?.version ?? '' };
};
