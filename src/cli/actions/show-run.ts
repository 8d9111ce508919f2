/** `sync show`: what one run did to which target, why, and what to type next. */
import { type RunView, type ShownStep, type StepView, showRun, type TargetView } from '../../app/records/show.ts';
import type { Action } from '../../domain/plan.ts';
import type { Call } from '../call.ts';
import type { Paint } from '../render/colours.ts';
import { outcomeText, stateText } from '../render/outcomes.ts';
import { planLines } from '../render/plan-text.ts';
import { counted, duration, localTime } from '../render/times.ts';

/** Of a step with more, so many are shown to a person; a program gets all. */
const mostActions = 12;

const shortened = (actions: readonly Action[]): readonly Action[] =>
  actions.length <= mostActions
    ? actions
    : [
        ...actions.slice(0, mostActions - 1),
        { kind: 'note', sign: '=', text: `… and ${actions.length - mostActions + 1} more (--json shows all)` },
      ];

/** Warnings are told once, below. */
const planOf = ({ plan }: TargetView, paint: Paint): readonly string[] => {
  if (plan === null) return [];
  const step = (one: ShownStep) => ({ ...one, actions: shortened(one.actions), warnings: [], patch: {} });
  return planLines({ ...plan, steps: plan.steps.map(step) }, paint)
    .slice(1)
    .map((line) => ` ${line}`);
};

const stepLine = ({ step, outcome, cause, took, output }: StepView, paint: Paint): string => {
  const word =
    outcome === null
      ? paint.bad('did not end')
      : outcome === 'skipped'
        ? paint.dim('nothing to do')
        : outcomeText(outcome, paint);
  const why = cause === '' ? '' : `: ${cause}`;
  const more = [...(took === null ? [] : [duration(took)]), ...(output ? ['has output'] : [])];
  return `    ${step} ${cause === 'planned only' ? paint.dim(cause) : `${word}${why}`}${more.length === 0 ? '' : ` ${paint.dim(`(${more.join(', ')})`)}`}`;
};

const checkLines = ({ checks }: TargetView, paint: Paint): readonly string[] => {
  if (checks.length === 0) return [];
  const passed = checks.filter(({ outcome }) => outcome === 'passed').length;
  return [
    `  ${paint.dim('checks')}  ${passed} of ${checks.length} passed`,
    ...checks
      .filter(({ outcome }) => outcome !== 'passed')
      .map(
        ({ suite, check, outcome, cause }) =>
          `    ${suite} › ${check} ${paint.bad(outcome.replaceAll('-', ' '))}: ${cause}`,
      ),
  ];
};

const keyText = (key: string): string => {
  try {
    const path: unknown = JSON.parse(key);
    return Array.isArray(path) ? path.join('.') : key;
  } catch {
    return key;
  }
};

const decisionLines = ({ decisions }: TargetView, paint: Paint): readonly string[] =>
  decisions.length === 0
    ? []
    : [
        `  ${paint.dim('decisions')}  ${decisions.length}`,
        ...decisions.map(
          ({ path, key, choice, cause }) =>
            `    ${choice === 'kept' ? '=' : '~'} ${path}${key === undefined ? '' : `: ${keyText(key)}`} ${choice}: ${cause}`,
        ),
      ];

const targetLines = (view: TargetView, paint: Paint): readonly string[] => {
  const { error, warnings, backup, next } = view;
  return [
    '',
    `${paint.strong(view.target)}  ${outcomeText(view.outcome, paint)}${view.cause === '' ? '' : `  ${view.cause}`}`,
    ...(view.plan === null
      ? []
      : [`  ${paint.dim('plan')}  ${view.plan.base?.slice(0, 10) ?? 'first sync'} → ${view.plan.commit.slice(0, 10)}`]),
    ...planOf(view, paint),
    ...(view.steps.length === 0 ? [] : [`  ${paint.dim('steps')}`, ...view.steps.map((step) => stepLine(step, paint))]),
    ...checkLines(view, paint),
    ...decisionLines(view, paint),
    ...warnings.map((line) => `  ${paint.look('!')} ${line}`),
    ...(error == null
      ? []
      : [`  ${paint.bad('error')} ${error.message}`, ...(error.details ?? []).map((line) => `    ${line}`)]),
    ...(backup === null ? [] : [`  ${paint.dim('backup')}  ${backup}`]),
    ...next.map((line) => `  ${paint.dim('next')}  ${line}`),
  ];
};

const headLines = (view: RunView, paint: Paint): readonly string[] => {
  const state = stateText(view, paint);
  const times = `${localTime(view.started)}${view.finished === null ? '' : ` to ${localTime(view.finished)}`}`;
  return [
    `${paint.strong(view.run)}  ${times}${view.commit === null ? '' : `  main at ${view.commit.slice(0, 10)}`}`,
    ...(state === '' ? [] : [`  ${state}`]),
    ...(view.reason === null ? [] : [`  ${paint.dim('reason')}  ${view.reason}`]),
    ...(view.exit === null ? [] : [`  ${paint.dim('exit')}  ${view.exit}`]),
    ...(view.targets.length < 2 ? [] : [`  ${counted(view.targets.length, 'target')}`]),
    ...(view.dir === null
      ? [`  ${paint.dim('it left no record: nothing was to be done')}`]
      : [`  ${paint.dim(view.dir)}`]),
    ...view.damaged.map((file) => `  ${paint.look('!')} ${file} of its record cannot be read`),
  ];
};

/** @param word `last`, a run's id, or the beginning of one */
export const runShow = async (call: Call, word: string): Promise<number> => {
  const view = showRun(await call.main('dry-run'), word);
  const { paint } = call;
  call.answer({ kind: 'run', ...view }, [
    ...headLines(view, paint),
    ...view.targets.flatMap((target) => targetLines(target, paint)),
  ]);
  return 0;
};
