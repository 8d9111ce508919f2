/** Checks the steps of a whole pipeline together: order, ids, what stands where it must not, and what each may read of others. */
import type { KnownNames } from '../config/known-names.ts';
import { stepKinds } from '../steps/index.ts';
import { changesTarget, type StepKind } from '../steps/step.ts';
import type { Settings } from './check-settings.ts';
import { type CheckedStep, checkStep } from './check-step.ts';
import { type Complaints, complain, inFile, isFull } from './complaints.ts';
import { type Effective, type Entry, idOfEntry, mostSteps } from './extend.ts';
import type { DeclaredOutputs, OutputsScope } from './step-outputs.ts';

export interface CheckedLists {
  readonly steps: readonly CheckedStep[];
  /** undefined when the pipeline says nothing of it. */
  readonly onFailure: readonly CheckedStep[] | undefined;
  readonly always: readonly CheckedStep[];
}

export interface ListFacts {
  readonly known: KnownNames | undefined;
  readonly defaults: Settings;
}

/** Kinds that make sense only after a failure: `rollback` amid the steps would undo them and call that done. */
const onlyAfterFailure: ReadonlySet<string> = new Set(['rollback', 'diagnose']);

const outputsOf = ({ kind, step }: CheckedStep): DeclaredOutputs =>
  step.with.outputs === 'json' ? 'json' : (kind.outputs ?? {});

/** Kinds whose plan must be exact before anything runs. */
const plannedWhole = (kind: StepKind): boolean => kind.mutates || kind.name === 'backup';

const plannedWholeWhy = ({ name }: StepKind): string =>
  `\`${name}\` is planned before anything runs: it may use only what is known then, not \`steps\``;

interface List {
  readonly entries: readonly Entry[];
  /** What steps before the whole list give. */
  readonly before: ReadonlyMap<string, DeclaredOutputs>;
}

const checkList = (
  to: Complaints,
  { entries, before }: List,
  { known, defaults }: ListFacts,
): readonly CheckedStep[] => {
  const earlier = new Map(before);
  const ids = entries.map(idOfEntry);
  return entries.slice(0, mostSteps).flatMap((entry, index) => {
    if (isFull(to)) return [];
    const later = new Set(ids.slice(index).flatMap((id) => id ?? []));
    const scopeFor = (kind: StepKind): OutputsScope => ({
      earlier: new Map(earlier),
      later,
      ...(known === undefined ? {} : { known }),
      ...(plannedWhole(kind) ? { refused: plannedWholeWhy(kind) } : {}),
    });
    const around = { kinds: stepKinds, scopeFor, defaults, ...(known === undefined ? {} : { known }) };
    const checked = checkStep(inFile(to, entry.file), entry.path, { ...around, value: entry.value });
    if (checked === undefined) return [];
    if (!earlier.has(checked.step.id)) earlier.set(checked.step.id, outputsOf(checked));
    return [checked];
  });
};

/** At a key of a step, in the file that it stands in. */
const complainAt = (to: Complaints, { file, path, step }: CheckedStep, key: string, message: string): void => {
  const shown = key === 'uses' && step.uses === 'run' ? 'run' : key;
  complain(inFile(to, file), [...path, shown], message, shown === 'run' ? 'key' : 'value');
};

const uniqueIds = (to: Complaints, steps: readonly CheckedStep[], taken: ReadonlySet<string> = new Set()): void => {
  const seen = new Set(taken);
  for (const one of steps) {
    const { id } = one.step;
    if (seen.has(id))
      complainAt(to, one, 'id', `there are two steps with the id \`${id}\`: give this one an \`id\` of its own`);
    seen.add(id);
  }
};

const checkOrder = (to: Complaints, steps: readonly CheckedStep[], { complete, removed }: Effective): void => {
  const gone = [...removed.values()].find(({ uses }) => uses === 'backup')?.by;
  const taken = gone === undefined ? '' : ` (it was removed at ${gone.file}:${gone.line})`;
  let backedUp = !complete;
  for (const one of steps) {
    const { step, kind } = one;
    if (onlyAfterFailure.has(kind.name)) complainAt(to, one, 'uses', `\`${kind.name}\` belongs under \`on_failure\``);
    if (kind.name === 'backup') {
      if (step.if !== undefined)
        complainAt(to, one, 'if', '`backup` takes no `if`: what follows must not run without it');
      backedUp = true;
    } else if (changesTarget(kind, step.with) && !backedUp) {
      complainAt(to, one, 'uses', `\`${step.id}\` changes the target and no \`backup\` stands before it${taken}`);
    }
  }
};

const checkOnFailure = (to: Complaints, steps: readonly CheckedStep[]): void => {
  for (const one of steps) {
    const { step, kind } = one;
    if (changesTarget(kind, step.with) || kind.name === 'backup')
      complainAt(to, one, 'uses', `\`${kind.name}\` is refused under \`on_failure\`: nothing new is begun there`);
    if (kind.name === 'rollback' && step.if !== undefined)
      complainAt(to, one, 'if', '`rollback` takes no `if`: a run that failed is always undone');
  }
};

/** Kinds that only make sense while the run is under way. */
const tooLate: Readonly<Record<string, string>> = {
  backup: 'nothing is changed any more',
  tag: 'the receipt is written by then',
  rollback: 'it belongs under `on_failure`',
};

const checkAlways = (to: Complaints, steps: readonly CheckedStep[]): void => {
  for (const one of steps) {
    const { kind, step } = one;
    const why = changesTarget(kind, step.with) ? 'the verdict is given by then' : tooLate[kind.name];
    if (why !== undefined) complainAt(to, one, 'uses', `\`${kind.name}\` is refused under \`always\`: ${why}`);
  }
};

/** All lists of a pipeline. Problems are added to `to`, each in the file where it stands. */
export const checkLists = (to: Complaints, effective: Effective, facts: ListFacts): CheckedLists => {
  const none: ReadonlyMap<string, DeclaredOutputs> = new Map();
  const steps = checkList(to, { entries: effective.steps ?? [], before: none }, facts);
  const given = new Map(steps.map((one) => [one.step.id, outputsOf(one)]));
  const onFailure =
    effective.onFailure === undefined
      ? undefined
      : checkList(to, { entries: effective.onFailure, before: given }, facts);
  const always = checkList(to, { entries: effective.always ?? [], before: given }, facts);
  uniqueIds(to, steps);
  uniqueIds(to, onFailure ?? []);
  uniqueIds(to, always, new Set(given.keys()));
  checkOrder(to, steps, effective);
  checkOnFailure(to, onFailure ?? []);
  checkAlways(to, always);
  return { steps, onFailure, always };
};
