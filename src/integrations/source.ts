/** The package as an editable install from a clone of main, which is fast-forwarded to the run's commit. */
import { join } from 'node:path';
import { LockstepError, messageOf } from '../domain/errors.ts';
import { rootOf, toRooted } from '../domain/paths.ts';
import type { StepPlan } from '../domain/plan.ts';
import type { Decision, ReceiptComponent, ReceiptPackage } from '../domain/receipt.ts';
import type { TreeEntry } from '../ports.ts';
import { type Clone, cloneStep, readClone } from './checkout/clone.ts';
import { editDecisions, editWords, packageEdits } from './checkout/edits.ts';
import { planFastForward } from './checkout/fast-forward.ts';
import { planInstall, type Standing, staleInstall, standingInstall } from './checkout/install.ts';
import { packageMetadata } from './checkout/metadata.ts';
import { trackedFiles } from './checkout/tracked.ts';
import type { Assessment, Integration, PackageOptions } from './integration.ts';
import { recordedFiles } from './package/installed.ts';
import { packagePlace } from './package/place.ts';
import type { FilesContext, TargetContext } from './target-context.ts';

/** What is said of a target whose checkout is the main root. */
export const linkedCause = 'linked to the main root: not restorable, only verified';

const short = (commit: string): string => commit.slice(0, 10);

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
    const edits = await packageEdits(context, standing.clone, standing.now);
    const said = edits.length === 0 ? {} : { besides: editWords(standing.clone, edits) };
    return { state: 'in-step', cause: `clone at ${short(head)}`, ...said };
  } catch (error) {
    if (!(error instanceof LockstepError)) throw error;
    return { state: 'unknown', cause: messageOf(error) };
  }
};

const refuseEdits = (clone: Clone, edits: readonly string[]): never => {
  throw new LockstepError(
    'conflict-refused',
    `${clone.root} has changes that are not committed: ${edits.slice(0, 5).join(', ')}`,
    {
      hint: `commit or stash them (git -C ${clone.root} stash), or set on_conflict of the reinstall step to keep`,
      details: edits.length > 5 ? edits : [],
    },
  );
};

interface Decided {
  readonly clone: Clone;
  readonly now: readonly TreeEntry[];
  readonly kept: readonly Decision[];
  readonly installed: readonly Decision[] | undefined;
}

/** Those of the clone as they are now, beside those of what is installed; undefined where nothing is to be said anew. */
const decisionsOf = (
  context: TargetContext,
  { clone, now, kept, installed }: Decided,
): readonly Decision[] | undefined => {
  const { receipt, layout } = context;
  const tracked = new Set(now.map(({ path }) => toRooted(layout.roots, join(clone.root, ...path.split('/')))));
  const earlier = (receipt?.decisions ?? []).filter(({ key }) => key === undefined);
  const ofClone = earlier.some(({ path }) => tracked.has(path));
  if (kept.length === 0 && !ofClone) return installed;
  // Saying something of one file of the component says it of all: what stays as it was has to be said again.
  const files = receipt?.components.package?.files ?? {};
  const others = installed ?? earlier.filter(({ path }) => !tracked.has(path) && files[path] !== undefined);
  return [...others, ...kept];
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
  const edits = moves ? [] : await packageEdits(context, clone, now);
  if (edits.length > 0 && options.onConflict === 'fail') refuseEdits(clone, edits);
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
        ...trackedFiles(context, { clone, now, earlier, actions, edits }),
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
  const kept = editDecisions(context, { clone, edits, now });
  const decisions = decisionsOf(context, { clone, now, kept, installed: installed?.patch.decisions });
  return {
    actions,
    skipped: actions.length === 0 ? `clone at ${short(clone.head)}` : null,
    patch: {
      components: { package: component },
      ...(decisions === undefined ? {} : { decisions }),
    },
    warnings: [...(installed?.warnings ?? []), ...(edits.length === 0 ? [] : [editWords(clone, edits)])],
  };
};

const planPackage = async (context: TargetContext, stepId: string, options: PackageOptions = {}): Promise<StepPlan> => {
  const step = { id: stepId, uses: 'reinstall' } as const;
  if (context.layout.linkedToMain) return { ...step, actions: [], skipped: linkedCause, patch: {}, warnings: [] };
  return { ...step, ...(await plan(context, options)) };
};

/** The clone's tracked files and its index; none of a clone that Lockstep would not move. */
const cloneFiles = async (context: FilesContext): Promise<readonly string[]> => {
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
const packageFiles = async (context: FilesContext, changing: readonly string[] = []): Promise<readonly string[]> => {
  if (context.layout.linkedToMain) return [];
  const { files } = context.ports;
  const place = packagePlace(context);
  const installed = place === undefined ? [] : recordedFiles(context, place, changing);
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
