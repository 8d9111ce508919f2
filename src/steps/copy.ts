/** `copy`: brings a target's file components as main has them, and leaves what the owner changed. */
import { type Static, Type } from '@sinclair/typebox';
import type { ResolvedComponent } from '../domain/components.ts';
import { LockstepError } from '../domain/errors.ts';
import { type FileVerdict, isWritten } from '../domain/file-compare.ts';
import { absent, type FileState } from '../domain/file-state.ts';
import { longestPointer, pointerWords } from '../domain/lfs-pointer.ts';
import { holdsNames } from '../domain/named-option.ts';
import { nearestName } from '../domain/nearest.ts';
import type { RootedPath } from '../domain/paths.ts';
import type { FileAction, StepPlan } from '../domain/plan.ts';
import type { Decision, ReceiptComponent } from '../domain/receipt.ts';
import { isNews } from '../domain/receipt-news.ts';
import { isWrites } from '../domain/write-globs.ts';
import { type ComparedComponent, compareComponents } from '../integrations/compare-components.ts';
import { componentFiles } from '../integrations/component-files.ts';
import { foldersOf } from '../integrations/component-folders.ts';
import type { PlanContext, StepKind } from './step.ts';

const options = Type.Object(
  {
    components: Type.Optional(
      Type.Array(Type.String(), {
        description: 'names of file components; all of them when left out',
        minItems: 1,
        ...holdsNames('file component'),
      }),
    ),
  },
  { additionalProperties: false },
);

/** Throws `unknown-name` for a component that the project lacks, `pipeline-invalid` for one that is not copied. */
const namesOf = (context: PlanContext, asked: readonly string[] | undefined): readonly string[] => {
  const known = context.project.components.map((spec) => spec.name);
  for (const name of asked ?? []) {
    if (known.includes(name)) continue;
    if (name === 'package' || name === 'config') {
      throw new LockstepError('pipeline-invalid', `${name} is not copied`, {
        hint: `use \`${name === 'package' ? 'reinstall' : 'merge-config'}\` for it`,
      });
    }
    const near = nearestName(name, known);
    throw new LockstepError('unknown-name', `there is no component ${name}`, {
      hint: near === undefined ? `there are ${known.join(', ') || 'none'}` : `did you mean ${near}?`,
    });
  }
  const { only } = context.run;
  return (asked ?? known).filter((name) => only === null || only.includes(name));
};

/** A replaced file keeps its mode, but for the bits that git knows. */
const modeOver = (actual: FileState, mode: number): number => {
  if (actual.kind !== 'file') return mode;
  return mode & 0o100 ? actual.mode | 0o100 | ((actual.mode & 0o444) >> 2) : actual.mode & ~0o111;
};

const actionOf = (context: PlanContext, component: string, found: FileVerdict): FileAction => {
  const { path, actual: before, desired, cause, verdict } = found;
  const shared = { kind: 'file', component, path, before, cause } as const;
  if (verdict === 'remove' || desired === undefined) return { ...shared, after: absent };
  const { blob, state } = desired;
  if (state.kind === 'link') return { ...shared, after: state, blob };
  context.provide(state.sha256, { from: 'blob', blob });
  return { ...shared, after: { ...state, mode: modeOver(before, state.mode) }, blob };
};

/** Once, how to get back what was deleted: files that only the owner deleted are no conflict, and easily forgotten. */
const deletedHint = (context: PlanContext, { component, verdicts }: ComparedComponent): readonly string[] => {
  const before = new Set((context.receipt?.decisions ?? []).map((decision) => `${decision.path}\0${decision.owner}`));
  const fresh = verdicts.filter(
    ({ verdict, actual, path }) =>
      verdict === 'owner-only' && actual.kind === 'absent' && !before.has(`${path}\0deleted`),
  );
  if (fresh.length === 0) return [];
  const what =
    fresh.length === 1
      ? `${fresh[0]?.path} was deleted here and stays so`
      : `${fresh.length} files of ${component.name} were deleted here and stay so`;
  const command = `lockstep sync docs ${context.target.name} --categories ${component.name} --complete`;
  return [`${what}; to bring back what is missing: ${command}`];
};

/** Files that the package brings are the package's: both writing one path would undo each other on every run. */
const refusePackageFiles = (context: PlanContext, components: readonly ResolvedComponent[]): void => {
  const owned = new Set(Object.keys(context.receipt?.components.package?.files ?? {}));
  for (const action of context.planned.flatMap((step) => step.actions)) {
    if (action.kind !== 'file' || action.component !== 'package') continue;
    if (action.after.kind === 'absent') owned.delete(action.path);
    else owned.add(action.path);
  }
  for (const { name, files } of components) {
    for (const [path, { mainPath }] of files) {
      if (!owned.has(path)) continue;
      throw new LockstepError('target-invalid', `${path} is claimed twice: by package and by ${name} (${mainPath})`, {
        hint: `the package installs that file itself: exclude it from ${name}, or give ${name} another \`into\``,
      });
    }
  }
};

/** Written files that stand for content which no commit holds. */
const pointersIn = async ({ main }: PlanContext, written: readonly FileAction[]): Promise<readonly string[]> => {
  const small = written.flatMap(({ path, after, blob }) =>
    blob !== undefined && after.kind === 'file' && after.size < longestPointer ? [{ path, blob }] : [],
  );
  const pointers = await main.lfsPointers(small.map(({ blob }) => blob));
  return pointerWords(small.filter(({ blob }) => pointers.has(blob)).map(({ path }) => path));
};

const orphans = ({ receipt, project }: PlanContext): readonly string[] =>
  Object.entries(receipt?.components ?? {})
    .filter(
      ([name]) =>
        name !== 'package' &&
        name !== 'config' &&
        !isWrites(name) &&
        !project.components.some((spec) => spec.name === name),
    )
    .map(
      ([name, { files }]) =>
        `${name} is no component any more: its ${Object.keys(files).length} files stay as they are`,
    );

const whyNothing = (compared: readonly ComparedComponent[], kept: number): string => {
  const idle = compared.filter(({ component }) => !component.applies).map(({ component }) => component.cause);
  const names = compared.filter(({ component }) => component.applies).map(({ component }) => component.name);
  const same =
    names.length === 0
      ? []
      : [`${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} as main has ${names.length === 1 ? 'it' : 'them'}`];
  return [
    ...same,
    ...idle,
    ...(kept === 0 ? [] : [`${kept} kept as the owner left ${kept === 1 ? 'it' : 'them'}`]),
  ].join('; ');
};

/** Throws `unknown-name`, `pipeline-invalid`, `path-refused`, `target-invalid`, `conflict-refused`, `object-missing`. */
const plan = async (context: PlanContext, given: Static<typeof options>, id: string): Promise<StepPlan> => {
  const names = namesOf(context, given.components);
  const nothing = { id, uses: 'copy', actions: [], patch: {}, warnings: [] };
  if (names.length === 0) return { ...nothing, skipped: 'no component was asked for' };
  const { components, warnings } = await componentFiles(context);
  refusePackageFiles(context, components);
  const { compared, standing } = await compareComponents({
    context,
    all: components,
    names: new Set(names),
    complete: context.run.complete,
  });
  const wanted = components.flatMap((component) => [...component.files.keys()]);
  const claimed = new Set<RootedPath>();
  const removals: FileAction[] = [];
  const emptied: FileAction[] = [];
  const written: FileAction[] = [];
  const records: Record<string, ReceiptComponent> = {};
  const decisions: Decision[] = [];
  for (const entry of compared) {
    const { component, verdicts } = entry;
    const { name } = component;
    for (const found of verdicts) {
      if (found.verdict === 'remove') removals.push(actionOf(context, name, found));
      if (!isWritten(found)) continue;
      const before = standing.at(found.path);
      written.push(actionOf(context, name, before.kind === 'dir' ? { ...found, actual: before } : found));
    }
    const folders = foldersOf(context, entry, { standing, wanted, claimed });
    emptied.push(...folders.actions);
    for (const folder of folders.dirs) claimed.add(folder);
    const files = Object.fromEntries(
      verdicts.flatMap(({ path, record }) => (record === undefined ? [] : [[path, record]])),
    );
    const record = { commit: context.run.commit, files, dirs: folders.dirs };
    const decided = verdicts.flatMap(({ decision }) => (decision === undefined ? [] : [decision]));
    const empty = verdicts.length === 0 && context.receipt?.components[name] === undefined;
    const looked = new Set(verdicts.map((found) => found.path));
    if (empty || !isNews(context.receipt, { name, record, decisions: decided, looked })) continue;
    records[name] = record;
    decisions.push(...decided);
  }
  const kept = compared.flatMap(({ verdicts }) =>
    verdicts.flatMap(({ path, verdict, cause }) =>
      verdict === 'kept' || verdict === 'kept-again' || verdict === 'owner-only' ? [{ path, verdict, cause }] : [],
    ),
  );
  const actions = [...removals, ...emptied, ...written];
  return {
    id,
    uses: 'copy',
    actions,
    skipped: actions.length > 0 ? null : whyNothing(compared, kept.length),
    patch: Object.keys(records).length === 0 ? {} : { components: records, decisions },
    warnings: [
      ...new Set([
        ...warnings,
        ...compared.flatMap(({ component }) => component.warnings),
        ...compared.flatMap(({ verdicts }) => verdicts.flatMap(({ warning }) => warning ?? [])),
        ...(await pointersIn(context, written)),
        ...compared.flatMap((entry) => deletedHint(context, entry)),
        ...orphans(context),
      ]),
    ],
    facts: { kept },
  };
};

export const copy: StepKind = {
  name: 'copy',
  summary:
    'Copies file components (documents, plans, …) from the run’s commit; files that the owner changed are kept, or handled as the component’s policy says.',
  with: options,
  mutates: true,
  idempotent: true,
  plan: (context, given, id) => plan(context, given as Static<typeof options>, id),
};
