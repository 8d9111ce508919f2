/** Everything that is known of one run: what happened to which target, why, and what to type next. Reads only. */
import type { LockstepEvent, TargetResult } from '../../domain/events.ts';
import type { StepPlan, TargetPlan } from '../../domain/plan.ts';
import type { Decision } from '../../domain/receipt.ts';
import { listJournals } from '../../store/journal.ts';
import { listOutputs, readRun, type StoredRun } from '../../store/runs/read.ts';
import type { MainProject } from '../main-project.ts';
import { findRun } from './find.ts';
import { type RunSummary, summaryOf } from './list.ts';

/** A step's plan without what only the receipt needs. */
export type ShownStep = Omit<StepPlan, 'patch' | 'facts'>;

export interface StepView {
  readonly step: string;
  readonly uses: string;
  /** null for a step that did not end. */
  readonly outcome: string | null;
  readonly cause: string;
  /** Milliseconds. */
  readonly took: number | null;
  /** Whether something that it printed is kept. */
  readonly output: boolean;
}

export interface TargetView {
  readonly target: string;
  readonly outcome: string;
  readonly cause: string;
  readonly plan: (Omit<TargetPlan, 'steps'> & { readonly steps: readonly ShownStep[] }) | null;
  readonly steps: readonly StepView[];
  readonly checks: readonly {
    readonly suite: string;
    readonly check: string;
    readonly outcome: string;
    readonly cause: string;
  }[];
  readonly decisions: readonly Pick<Decision, 'path' | 'key' | 'choice' | 'cause'>[];
  readonly warnings: readonly string[];
  readonly counts: TargetResult['counts'] | null;
  readonly backup: string | null;
  readonly error: TargetResult['error'] | null;
  /** What to type next. */
  readonly next: readonly string[];
}

export interface RunView extends Omit<RunSummary, 'targets'> {
  /** The folder of its record; null for a run that only the log knows. */
  readonly dir: string | null;
  readonly targets: readonly TargetView[];
  /** Files of its record that cannot be read. */
  readonly damaged: readonly string[];
}

type Of<Kind extends LockstepEvent['kind']> = Extract<LockstepEvent, { readonly kind: Kind }>;

const ofKind = <Kind extends LockstepEvent['kind']>(
  events: readonly LockstepEvent[],
  kind: Kind,
  target: string,
): readonly Of<Kind>[] =>
  events.filter((event): event is Of<Kind> => event.kind === kind && 'target' in event && event.target === target);

const stepsOf = ({ events, id }: StoredRun, main: MainProject, target: string): readonly StepView[] => {
  const printed = listOutputs(main.ports, main.state, id).filter((one) => one.target === target);
  const finished = ofKind(events, 'step.finished', target);
  const started = ofKind(events, 'step.started', target);
  const views = started.map(({ step, uses }, index): StepView => {
    const again = started.slice(0, index).filter((other) => other.step === step).length;
    const end = finished.filter((other) => other.step === step)[again];
    return {
      step,
      uses,
      outcome: end?.outcome ?? null,
      cause: end?.cause ?? '',
      took: end?.took ?? null,
      output: printed.some((one) => one.step === step),
    };
  });
  // While a step is planned it may print, too, and then never start.
  const silent = printed.filter(({ step }) => !views.some((view) => view.step === step));
  return [
    ...views,
    ...silent.map(({ step }) => ({ step, uses: '', outcome: null, cause: 'planned only', took: null, output: true })),
  ];
};

const decisionsOf = (plan: TargetPlan | undefined): TargetView['decisions'] =>
  (plan?.steps ?? [])
    .flatMap((step) => step.patch.decisions ?? [])
    .map(({ path, key, choice, cause }) => ({ path, choice, cause, ...(key === undefined ? {} : { key }) }));

const shownPlan = (plan: TargetPlan): NonNullable<TargetView['plan']> => ({
  ...plan,
  steps: plan.steps.map(({ patch: _patch, facts: _facts, ...step }) => step),
});

const isResult = (value: unknown): value is TargetResult =>
  value !== null &&
  typeof value === 'object' &&
  'target' in value &&
  'counts' in value &&
  'warnings' in value &&
  Array.isArray(value.warnings);

const resultOf = ({ result, events }: StoredRun, target: string): TargetResult | undefined => {
  const all: unknown = result?.results;
  const told = (Array.isArray(all) ? all : []).find((one) => isResult(one) && one.target === target);
  const event = events.findLast((one) => one.kind === 'target.finished' && one.result.target === target);
  return isResult(told) ? told : event?.kind === 'target.finished' ? event.result : undefined;
};

const succeeded = new Set(['done', 'nothing-to-do', 'planned', 'running']);

const nextOf = (
  view: Omit<TargetView, 'next'>,
  { run, waiting }: { run: string; waiting: boolean },
): readonly string[] => {
  const { target, outcome, error, steps, decisions } = view;
  if (waiting) return ['lockstep sync recover'];
  if (succeeded.has(outcome)) {
    const kept = outcome === 'done' ? decisions.find(({ choice }) => choice === 'kept') : undefined;
    return kept === undefined ? [] : [`lockstep sync explain ${target} ${kept.path}`];
  }
  const failed = steps.find((step) => step.outcome === 'failed' && step.output) ?? steps.find((step) => step.output);
  return [
    ...(error?.hint === undefined ? [] : [error.hint]),
    ...(failed === undefined ? [] : [`lockstep sync logs ${run} --target ${target} --step ${failed.step}`]),
    `lockstep sync run --target ${target}`,
  ];
};

const viewOf = (
  main: MainProject,
  stored: StoredRun,
  { target, outcome, cause }: RunSummary['targets'][number],
): TargetView => {
  const plan = stored.plans[target];
  const result = resultOf(stored, target);
  const told = ofKind(stored.events, 'target.warning', target).map((event) => event.text);
  const left = ofKind(stored.events, 'target.recovered', target).flatMap((event) => event.left);
  const view = {
    target,
    outcome,
    cause,
    plan: plan === undefined ? null : shownPlan(plan),
    steps: stepsOf(stored, main, target),
    checks: ofKind(stored.events, 'check.finished', target).map(({ suite, check, outcome: verdict, cause: why }) => ({
      suite,
      check,
      outcome: verdict,
      cause: why,
    })),
    decisions: decisionsOf(plan),
    warnings: [
      ...new Set([
        ...(result?.warnings ?? plan?.steps.flatMap((step) => step.warnings) ?? []),
        ...told,
        ...left.map((line) => `left alone: ${line}`),
      ]),
    ],
    counts: result?.counts ?? null,
    backup: result?.backup ?? null,
    error: result?.error ?? null,
  };
  const waiting = listJournals(main.ports, main.state).some(
    (journal) => journal.run === stored.id && journal.target === target,
  );
  return { ...view, next: nextOf(view, { run: stored.id, waiting }) };
};

/** Throws `unknown-name`, `usage` for a word that means no run or several, `format-newer` naming the file. */
export const showRun = (main: MainProject, word: string): RunView => {
  const run = findRun(main, word);
  const summary = summaryOf(main, run);
  const stored = readRun(main.ports, main.state, run);
  const recorded = main.ports.files.stat(stored.dir) !== undefined;
  return {
    ...summary,
    dir: recorded ? stored.dir : null,
    damaged: stored.damaged,
    targets: summary.targets.map((target) => viewOf(main, stored, target)),
  };
};
