/** The package as an editable install from a clone of main, which is fast-forwarded to the run's commit. */
import { join } from 'node:path';
import { LockstepError, messageOf } from '../domain/errors.ts';
import { type RootedPath, rootOf } from '../domain/paths.ts';
import type { NoteAction, StepPlan } from '../domain/plan.ts';
import type { ReceiptComponent, ReceiptFile, ReceiptPackage } from '../domain/receipt.ts';
import type { TreeEntry } from '../ports.ts';
import { type Clone, cloneStep, readClone } from './checkout/clone.ts';
import { isEditableOf, stageEditable } from './checkout/editable.ts';
import { planFastForward } from './checkout/fast-forward.ts';
import { type PackageMetadata, packageMetadata } from './checkout/metadata.ts';
import { trackedFiles } from './checkout/tracked.ts';
import type { Assessment, Integration, PackageOptions } from './integration.ts';
import { installedCopies, refuseLegacyCopies } from './package/installed.ts';
import { versionStep } from './package/package-plan.ts';
import { refuseManaged, usablePython } from './package/pip-for-target.ts';
import { type PackagePlace, packagePlace } from './package/place.ts';
import { proveIntact } from './package/proof.ts';
import { checkTargetPython, readSourceProject } from './package/source-project.ts';
import { planSwap } from './package/swap-plan.ts';
import type { TargetContext } from './target-context.ts';

export const linkedCause = 'linked to the main root: not restorable, only verified';

const short = (commit: string): string => commit.slice(0, 10);

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

interface Standing {
  readonly clone: Clone;
  /** The run's commit. */
  readonly now: readonly TreeEntry[];
  readonly metadata: PackageMetadata | undefined;
}

/** Why the editable install has to be made anew; undefined when it holds. Files and git only. */
const staleInstall = async (
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

const look = async (context: TargetContext): Promise<Standing> => {
  const { main, project } = context;
  const clone = await readClone(context);
  const now = await main.under('');
  const { path } = project.package;
  return { clone, now, metadata: path === null ? undefined : await packageMetadata(context, now, path) };
};

const assess = async (context: TargetContext): Promise<Assessment> => {
  if (context.layout.linkedToMain) return { state: 'linked', cause: linkedCause };
  try {
    const standing = await look(context);
    const { head } = standing.clone;
    if (head !== context.run.commit) return { state: 'behind', cause: cloneStep(head, context.run.commit) };
    const stale = await staleInstall(context, standing);
    if (stale !== undefined) return { state: 'behind', cause: stale };
    return { state: 'in-step', cause: `clone at ${short(head)}` };
  } catch (error) {
    if (!(error instanceof LockstepError)) throw error;
    return { state: 'unknown', cause: messageOf(error) };
  }
};

type InstallPlan = Pick<StepPlan, 'actions' | 'patch' | 'warnings'> & { readonly version: string };

/** The editable install anew, or nothing with what is installed as receipt. */
const planInstall = async (
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
    text: `${name} ${versionStep(context, place, staged.version)} (editable from ${root} @ ${short(run.commit)}: ${stale})`,
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
const standingInstall = (
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

const plan = async (context: TargetContext, options: PackageOptions): Promise<Omit<StepPlan, 'id' | 'uses'>> => {
  const { run, receipt, project } = context;
  const standing = await look(context);
  const { clone, now, metadata } = standing;
  const earlier = receipt?.components.package;
  const stale = await staleInstall(context, standing);
  const moves = clone.head !== run.commit;
  const forward = moves ? await planFastForward(context, clone, now) : undefined;
  const installed =
    stale === undefined ? undefined : await planInstall(context, { standing, stale, policy: options.onConflict });
  const actions = [...(forward?.actions ?? []), ...(installed?.actions ?? []), ...(forward?.last ?? [])];
  const unchanged = actions.length === 0 && earlier?.package?.checkout === run.commit;
  const before = installed === undefined ? standingInstall(context) : undefined;
  const facts: ReceiptPackage = {
    name: project.package.name,
    version: installed?.version ?? before?.version ?? '',
    wheel: null,
    checkout: run.commit,
    ...(metadata === undefined ? {} : { source: metadata.digest }),
  };
  const staged = installed?.patch.components?.package;
  const files = unchanged
    ? earlier.files
    : {
        ...trackedFiles(context, { clone, now, earlier, actions }),
        ...(staged?.files ?? before?.files),
      };
  const dirs = new Set([...(earlier?.dirs ?? []), ...(staged?.dirs ?? []), ...(forward?.dirs ?? [])]);
  const needed = (dir: string): boolean => Object.keys(files).some((path) => path.startsWith(`${dir}/`));
  const component: ReceiptComponent = {
    commit: run.commit,
    files,
    dirs: [...dirs].filter(needed).sort(),
    package: facts,
  };
  return {
    actions,
    skipped: actions.length === 0 ? `clone at ${short(clone.head)}` : null,
    patch: {
      components: { package: component },
      ...(installed?.patch.decisions === undefined ? {} : { decisions: installed.patch.decisions }),
    },
    warnings: installed?.warnings ?? [],
  };
};

const planPackage = async (context: TargetContext, stepId: string, options: PackageOptions = {}): Promise<StepPlan> => {
  const step = { id: stepId, uses: 'reinstall' } as const;
  if (context.layout.linkedToMain) return { ...step, actions: [], skipped: linkedCause, patch: {}, warnings: [] };
  return { ...step, ...(await plan(context, options)) };
};

/** The clone's tracked files and its index; none of a clone that Lockstep would not move. */
const cloneFiles = async (context: TargetContext): Promise<readonly string[]> => {
  try {
    const clone = await readClone(context);
    if (rootOf(context.layout.roots, clone.gitDir) === undefined) return [];
    const tracked = await context.ports.git.open(clone.root).tree(clone.head);
    return [
      ...tracked.filter(({ mode }) => mode !== '160000').map(({ path }) => join(clone.root, path)),
      join(clone.gitDir, 'index'),
    ];
  } catch (error) {
    // No clone is there: what is installed can be backed up all the same.
    if (error instanceof LockstepError && error.code === 'checkout-refused') return [];
    throw error;
  }
};

/** What is installed, every tracked file of the clone, and its index: a restore moves the branch back, and they have to fit. */
const packageFiles = async (context: TargetContext): Promise<readonly string[]> => {
  if (context.layout.linkedToMain) return [];
  const { files } = context.ports;
  const place = packagePlace(context);
  const copies = place === undefined ? [] : installedCopies(files, place, context.project.package.name);
  const installed = copies.flatMap((copy) => copy.files).map(({ absolute }) => absolute);
  const paths = [...new Set([...installed, ...(await cloneFiles(context))])].sort();
  return paths.filter((path) => ['file', 'link'].includes(files.stat(path)?.kind ?? ''));
};

/** An editable install from a clone; one from the main root itself is linked, and only verified. */
export const source: Integration = {
  name: 'source',
  summary: 'The package is installed editable from a clone of main, which is fast-forwarded.',
  matches: (layout) => layout.checkout !== null || layout.installations[0]?.editable !== undefined,
  assess,
  planPackage,
  packageFiles,
};
