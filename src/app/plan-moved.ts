/** Says what moved since a plan file was made: nothing of it is applied unless all of it still holds. Pure. */
import type { ActionInPlan, PlanFile, StepInPlan, TargetInPlan } from '../config/plan-schema.ts';
import { canonicalJson } from '../domain/canonical-json.ts';
import { LockstepError } from '../domain/errors.ts';
import { tagNameOf } from '../domain/plan.ts';

/** More differing paths of one target than this are counted. */
const listed = 10;

type Placed = Exclude<ActionInPlan, { readonly kind: 'note' }>;

const same = (a: unknown, b: unknown): boolean => canonicalJson(a) === canonicalJson(b);

const placeOf = (action: Placed): string => (action.kind === 'tag' ? `git tag ${tagNameOf(action)}` : action.path);

const afterOf = (action: Placed): unknown => (action.kind === 'tag' ? action.commit : action.after);

const placed = ({ steps }: TargetInPlan): ReadonlyMap<string, Placed> =>
  new Map(
    steps.flatMap((step) =>
      step.actions.flatMap((action) =>
        action.kind === 'note' ? [] : [[`${step.id}\0${action.kind}\0${placeOf(action)}`, action] as const],
      ),
    ),
  );

const pathLine = (then: Placed | undefined, now: Placed | undefined): string => {
  const known = then ?? now;
  const path = known === undefined ? '' : placeOf(known);
  if (now === undefined) return `${path}: nothing would be done to it any more`;
  if (then === undefined) return `${path}: something would be done to it, which the plan does not say`;
  if (!same(then.before, now.before)) return `${path}: it is not what it was`;
  return same(afterOf(then), afterOf(now))
    ? `${path}: it would be done for another cause`
    : `${path}: it would become something else`;
};

const pathLines = (then: TargetInPlan, now: TargetInPlan): readonly string[] => {
  const [old, fresh] = [placed(then), placed(now)];
  const lines = [...new Set([...old.keys(), ...fresh.keys()])]
    .filter((key) => !same(old.get(key) ?? null, fresh.get(key) ?? null))
    .map((key) => pathLine(old.get(key), fresh.get(key)));
  const shown = [...new Set(lines)].sort();
  return shown.length <= listed ? shown : [...shown.slice(0, listed), `and ${shown.length - listed} more paths`];
};

const words = (step: StepInPlan): readonly string[] =>
  step.skipped !== null
    ? [step.skipped]
    : step.actions.flatMap((action) => (action.kind === 'note' && action.text !== undefined ? [action.text] : []));

/** What is different in a step besides the paths that it changes. */
const stepLine = (then: StepInPlan | undefined, now: StepInPlan | undefined): readonly string[] => {
  if (same(then ?? null, now ?? null)) return [];
  if (then === undefined || now === undefined) {
    return [`step ${then?.id ?? now?.id}: it is ${now === undefined ? 'not there any more' : 'not in the plan'}`];
  }
  const [before, after] = [words(then), words(now)];
  if (!same(before, after)) {
    return [`step ${then.id}: it said "${before.join('; ')}", and now "${after.join('; ')}"`];
  }
  return [`step ${then.id}: what it would do or record is different`];
};

const stepLines = (then: TargetInPlan, now: TargetInPlan): readonly string[] => {
  const ids = [...new Set([...then.steps, ...now.steps].map(({ id }) => id))];
  const of = ({ steps }: TargetInPlan, id: string): StepInPlan | undefined => steps.find((step) => step.id === id);
  return ids.flatMap((id) => stepLine(of(then, id), of(now, id)));
};

/** What moved of one target; empty when the plan is still the truth. */
export const movedInTarget = (then: TargetInPlan, now: TargetInPlan): readonly string[] => {
  if (same(then, now)) return [];
  const roots = [
    ...(then.pipeline.digest === now.pipeline.digest && then.pipeline.name === now.pipeline.name
      ? []
      : [`the pipeline ${now.pipeline.name} is not the one that the plan was made with`]),
    ...(then.receipt === now.receipt ? [] : ['its receipt moved: another sync, rollback or tag went between']),
  ];
  // What follows from another pipeline or receipt would only bury it; so would steps beside their paths.
  if (roots.length > 0) return roots;
  const paths = pathLines(then, now);
  if (paths.length > 0) return paths;
  const steps = stepLines(then, now);
  return steps.length > 0 ? steps : ['what was asked for, or why, is different'];
};

/** More targets than this that say the same are counted. */
const named = 5;

const namesText = (names: readonly string[]): string =>
  names.length <= named
    ? names.join(', ')
    : `${names.slice(0, named - 1).join(', ')} and ${names.length - named + 1} more`;

/** What moved of all targets, said once where several say the same. */
export const movedLines = (
  all: readonly { readonly name: string; readonly moved: readonly string[] }[],
): readonly string[] => {
  const names = new Map<string, string[]>();
  for (const { name, moved } of all) for (const line of moved) names.set(line, [...(names.get(line) ?? []), name]);
  return [...names].map(([line, targets]) => `${namesText(targets)}: ${line}`);
};

/** What moved of the main project. */
export const movedInMain = (then: PlanFile, now: Pick<PlanFile, 'commit' | 'configuration'>): readonly string[] => [
  ...(then.commit === now.commit
    ? []
    : [`the commit: the plan is of ${then.commit.slice(0, 10)}, main is at ${now.commit.slice(0, 10)}`]),
  ...(then.configuration === now.configuration ? [] : ['the configuration: sync.config.yaml says something else']),
];

/** The refusal, with everything that moved. */
export const stale = (moved: readonly string[]): LockstepError =>
  new LockstepError('plan-stale', 'the plan does not hold any more; nothing of it was done', {
    details: moved,
    hint: 'look at what would be done now: lockstep sync plan --out <file>',
  });
