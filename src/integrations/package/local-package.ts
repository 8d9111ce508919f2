/** Plans the swap to the wheel that the run's commit builds; plans nothing, and starts no process, where that is proven to be there. */
import { normaliseName } from '../../domain/distributions.ts';
import { longestPointer, pointerWords } from '../../domain/lfs-pointer.ts';
import type { ReceiptPackage } from '../../domain/receipt.ts';
import type { PythonFacts } from '../../domain/target.ts';
import type { StoredWheel } from '../../store/wheels.ts';
import type { TargetContext } from '../target-context.ts';
import { builtWheel, leftOut, storedWheel } from './build-wheel.ts';
import { checkDependencies } from './dependencies.ts';
import { fetchPins } from './index-pin.ts';
import { refuseLegacyCopies } from './installed.ts';
import { ownersPackage, planOwners, sayReplaced } from './owners-package.ts';
import { keptWords, type PackagePlan, type PackagePlanRequest, pinNote, versionStep } from './package-plan.ts';
import { networkOf, type Pip, type ReportedInstall } from './pip.ts';
import { pipForTarget, refuseManaged } from './pip-for-target.ts';
import { type Intact, type NotProven, provenComponent, proveWheel } from './proof.ts';
import { checkTargetPython, readSourceProject, type SourceProject, sourceKey } from './source-project.ts';
import { type StagedDistribution, stageWheels } from './stage.ts';
import { planSwap } from './swap-plan.ts';

export interface LocalPlanRequest extends PackagePlanRequest {
  /** The package's folder in main. */
  readonly path: string;
}

const factsOf = (name: string, version: string, source: string, wheel: string): ReceiptPackage => ({
  name,
  version,
  source,
  wheel,
});

const nothingToDo = (
  context: TargetContext,
  intact: Intact,
  what: { readonly source: string; readonly wheel: string; readonly cause: string },
): PackagePlan => {
  const facts = factsOf(context.project.package.name, intact.version, what.source, what.wheel);
  return {
    actions: [],
    skipped: what.cause + keptWords(intact.kept),
    patch: { components: { package: provenComponent(context, intact, facts) } },
    warnings: [],
  };
};

/** Whether the target has what the run's commit builds, from files, the receipt and the wheel store alone. */
export const proveLocal = async (
  context: TargetContext,
  request: Pick<LocalPlanRequest, 'place' | 'path'> & { readonly python: PythonFacts | null },
): Promise<{ readonly source: string; readonly wheel: string | null; readonly proof: Intact | NotProven }> => {
  const { receipt, project } = context;
  const source = await sourceKey(context, request.path);
  const last = receipt?.components.package?.package;
  const stored = request.python === null ? context.wheels.find(source) : storedWheel(context, source, request.python);
  const wheel = (last?.source === source ? last.wheel : null) ?? stored?.sha256 ?? null;
  if (wheel !== null) return { source, wheel, proof: proveWheel(context, request.place, wheel) };
  const cause =
    last?.source === undefined
      ? `${project.package.name} was never synced here`
      : `${request.path} changed in main since the last sync`;
  return { source, wheel, proof: { holds: false, cause } };
};

const pointersIn = async ({ main }: TargetContext, { entries }: SourceProject): Promise<readonly string[]> => {
  const small = entries.filter(({ mode, size }) => mode.startsWith('100') && size !== null && size < longestPointer);
  const pointers = await main.lfsPointers(small.map(({ blob }) => blob));
  return pointerWords(small.filter(({ blob }) => pointers.has(blob)).map(({ path }) => path));
};

interface Gathered {
  readonly staged: readonly StagedDistribution[];
  readonly extra: readonly ReportedInstall[];
  readonly warnings: readonly string[];
}

/** Stages the wheel, then, where an index may be asked, what it needs and the target lacks. */
const gather = async (
  context: TargetContext,
  { place, python }: LocalPlanRequest,
  { pip, wheel }: { readonly pip: Pip; readonly wheel: StoredWheel },
): Promise<Gathered> => {
  const own = { wheel, from: 'local' } as const;
  const staged = await stageWheels(context, { pip, place, wheels: [own] });
  const requires = staged.flatMap((distribution) => distribution.requires);
  const { missing, warnings } = await checkDependencies(context, { pip, python, wheel, requires });
  if (missing.length === 0) return { staged, extra: [], warnings };
  const fetched = await fetchPins(context, { pip, network: networkOf(context), pins: missing });
  const extra = fetched.map((wheel) => ({ wheel, from: 'index' }) as const);
  return { staged: await stageWheels(context, { pip, place, wheels: [own, ...extra] }), extra: missing, warnings };
};

/**
 * The plan for a package that main holds itself.
 * Throws `python-unusable`, `package-build-failed`, `package-install-failed`, `path-refused`, `conflict-refused`.
 */
export const planLocal = async (context: TargetContext, request: LocalPlanRequest): Promise<PackagePlan> => {
  const { place, python, path, policy } = request;
  const { run, ports } = context;
  const { name } = context.project.package;
  const known = await proveLocal(context, request);
  if (known.proof.holds && known.wheel !== null) {
    const cause = `${name} ${known.proof.version} is what main's commit builds`;
    return nothingToDo(context, known.proof, { source: known.source, wheel: known.wheel, cause });
  }
  const owners = ownersPackage(context, place);
  const offers = `what ${path} holds`;
  const kept = owners === undefined ? undefined : planOwners(context, owners, { policy, main: known.source, offers });
  if (kept !== undefined) return kept;
  refuseManaged(context, python);
  const source = await readSourceProject(context, path);
  checkTargetPython(context, python, source);
  const wheel = await builtWheel(context, python, { source, key: known.source });
  const proof = proveWheel(context, place, wheel.sha256);
  if (proof.holds) {
    const cause = `${name} ${proof.version} is what main's commit builds (the same wheel as before)`;
    return nothingToDo(context, proof, { source: known.source, wheel: wheel.sha256, cause });
  }
  refuseLegacyCopies(ports.files, place, { name, executable: python.executable });
  const pip = await pipForTarget(context, python);
  const { staged, extra, warnings } = await gather(context, request, { pip, wheel });
  const version = staged.find((one) => normaliseName(one.name) === normaliseName(name))?.version ?? wheel.version;
  const digest = wheel.sha256.slice(0, 12);
  const origin = `wheel ${digest}, built from ${path} @ ${run.commit.slice(0, 10)}`;
  const omitted = [
    ...(await leftOut(context, source)).map((one) => `${one} is left out of the build: it leads out of ${path}`),
    ...source.unnamed.map((one) => `"${one}" is left out of the build: its name is not UTF-8`),
    ...(await pointersIn(context, source)),
  ];
  const swap = await planSwap(context, {
    place,
    staged,
    policy,
    facts: factsOf(name, version, known.source, wheel.sha256),
    notes: [
      { kind: 'note', sign: '~', text: `${name} ${versionStep(context, place, { name, to: version })} (${origin})` },
      ...extra.map((pin) => pinNote(context, place, pin)),
    ],
    warnings: [...omitted, ...warnings],
  });
  const same = `${name} ${version} is installed as main's commit builds it`;
  const planned = { ...swap, skipped: swap.actions.length === 0 ? same : null };
  return owners === undefined ? planned : sayReplaced(planned, owners, known.source);
};
