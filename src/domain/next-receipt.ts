/** The receipt that a plan leads to, computed before anything is done. Pure. */
import type { StepPlan, TargetPlan } from './plan.ts';
import { type Decision, type Receipt, type ReceiptComponent, receiptFormat } from './receipt.ts';
import { isWrites, writesOf } from './write-globs.ts';

export interface NextReceiptFacts {
  readonly current: Receipt | undefined;
  readonly plan: TargetPlan;
  readonly project: string;
  readonly run: string;
  /** ISO 8601 UTC. */
  readonly time: string;
  /** Whether every step of the pipeline was planned; a partial run leaves the receipt's commit where it was. */
  readonly complete: boolean;
}

const decisionKey = (decision: Decision): string => `${decision.path}\0${decision.key ?? ''}`;

/** Decisions of the paths that a step looked at are replaced by what it says now. */
const mergeDecisions = (current: readonly Decision[], steps: readonly StepPlan[]): readonly Decision[] => {
  const spoken = steps.filter((step) => step.patch.decisions !== undefined);
  const looked = new Set(
    spoken.flatMap((step) => [
      ...(step.patch.decisions ?? []).map((decision) => decision.path),
      ...Object.values(step.patch.components ?? {}).flatMap((component) => Object.keys(component.files)),
      ...Object.keys(step.patch.config ?? {}),
      ...step.actions.flatMap((action) => (action.kind === 'file' ? [action.path] : [])),
    ]),
  );
  // That a component was left to its owner is said anew whenever a step speaks of it.
  const components = new Set(steps.flatMap(({ patch }) => Object.keys(patch.components ?? {})));
  const isOver = ({ component, choice }: Decision): boolean =>
    component !== undefined && choice === 'kept' && components.has(component);
  const kept = current.filter((decision) => !looked.has(decision.path) && !isOver(decision));
  const all = new Map(
    [...kept, ...spoken.flatMap((step) => step.patch.decisions ?? [])].map((d) => [decisionKey(d), d]),
  );
  return [...all.values()].sort((a, b) => (decisionKey(a) < decisionKey(b) ? -1 : 1));
};

/** Steps that the pipeline no longer has are forgotten, once all of it was planned. */
const stepsOf = ({ current, plan, complete }: NextReceiptFacts): Pick<Receipt, 'steps'> => {
  const ids = new Set(plan.steps.map(({ id }) => id));
  const kept = Object.entries(current?.steps ?? {}).filter(([id]) => !complete || ids.has(id));
  const steps = Object.assign(Object.fromEntries(kept), ...plan.steps.map(({ patch }) => patch.steps ?? {}));
  return Object.keys(steps).length === 0 ? {} : { steps };
};

/**
 * A sync is where a rollback starts from anew: what it brought forward is at no backup any more, and what was taken back
 * from it is in quarantine no longer.
 */
const restoredOf = ({
  current,
  plan,
  complete,
}: NextReceiptFacts): Pick<Receipt, 'restored' | 'restoredPaths' | 'quarantine'> => {
  const synced = new Set(
    plan.steps.flatMap(({ patch }) => [
      ...Object.keys(patch.components ?? {}),
      ...(patch.config === undefined ? [] : ['config']),
    ]),
  );
  const stays = (name: string): boolean => !complete && !synced.has(name);
  const kept = Object.entries(current?.restored ?? {}).filter(([name]) => stays(name));
  const paths = Object.entries(current?.restoredPaths ?? {}).filter(([, { component }]) => stays(component));
  const quarantine = (current?.quarantine ?? []).filter(({ component }) => stays(component));
  return {
    ...(kept.length === 0 ? {} : { restored: Object.fromEntries(kept) }),
    ...(paths.length === 0 ? {} : { restoredPaths: Object.fromEntries(paths) }),
    ...(quarantine.length === 0 ? {} : { quarantine }),
  };
};

/** The same receipt without the word that a step was done: the next sync does it again. */
export const withoutStep = (receipt: Receipt, id: string): Receipt => {
  const { steps, ...rest } = receipt;
  const others = Object.entries(steps ?? {}).filter(([known]) => known !== id);
  return others.length === 0 ? rest : { ...rest, steps: Object.fromEntries(others) };
};

/**
 * Merges every step's patch into the current receipt. Components that no step patched are in step with the commit too,
 * but for those that were at another commit than the rest (rolled back alone): nobody looked at them.
 */
export const nextReceipt = (facts: NextReceiptFacts): Receipt => {
  const { current, plan, project, run, time, complete } = facts;
  const components: Record<string, ReceiptComponent> = {};
  const programs = new Set(plan.steps.map(({ id }) => writesOf(id)));
  for (const [name, component] of Object.entries(current?.components ?? {})) {
    // What a program wrote whose step is gone is the owner's from now on.
    if (complete && isWrites(name) && !programs.has(name)) continue;
    const along = complete && component.commit === current?.commit;
    components[name] = along ? { ...component, commit: plan.commit } : component;
  }
  const config = { ...current?.config };
  let version = current?.version ?? null;
  for (const { patch } of plan.steps) {
    Object.assign(components, patch.components);
    Object.assign(config, patch.config);
    version = patch.version ?? version;
  }
  return {
    format: receiptFormat,
    project,
    target: plan.target,
    commit: complete ? plan.commit : (current?.commit ?? null),
    version,
    run,
    time,
    components,
    config,
    decisions: mergeDecisions(current?.decisions ?? [], plan.steps),
    ...stepsOf(facts),
    ...restoredOf(facts),
  };
};

const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );

/** Whether two receipts say the same, whichever run wrote them and when. */
export const sameReceipt = (a: Receipt | undefined, b: Receipt): boolean =>
  a !== undefined && canonical({ ...a, run: '', time: '' }) === canonical({ ...b, run: '', time: '' });

export type PlanNeed = 'nothing' | 'receipt' | 'files';

/** What a plan asks for: nothing at all, only a new receipt, or changes in the target. */
export const needOf = (plan: TargetPlan, current: Receipt | undefined, next: Receipt): PlanNeed => {
  const touches = plan.steps.some(
    (step) => step.starts !== undefined || step.actions.some((action) => action.kind !== 'note'),
  );
  if (touches) return 'files';
  return sameReceipt(current, next) ? 'nothing' : 'receipt';
};
