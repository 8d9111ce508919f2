/** A plan as lines: every action of every step, the same whether it is about to happen or only shown. */
import { type Action, type KeyChange, type StepPlan, signOf, type TargetPlan } from '../../domain/plan.ts';
import { type Paint, paintSign } from './colours.ts';
import { bytes } from './times.ts';

const keyText = (key: KeyChange['key']): string => key.map(String).join('.');

/** One key of a configuration file: what becomes of it, and why. */
export const keyLine = (change: KeyChange, paint: Paint): string => {
  const value =
    change.sign === '~'
      ? `${change.old} → ${change.new}`
      : change.sign === '-'
        ? `${change.old}`
        : `${change.new ?? change.old}`;
  return `        ${paintSign(paint, change.sign)} ${keyText(change.key)} = ${value}  ${paint.dim(change.cause)}`;
};

const actionLines = (action: Action, paint: Paint): string[] => {
  switch (action.kind) {
    case 'note':
      return [`      ${paintSign(paint, action.sign)} ${action.text}`];
    case 'ref':
      return [
        `      ${paintSign(paint, '~')} ${action.checkout} ${action.ref} ${action.before.slice(0, 10)} → ${action.after.slice(0, 10)}  ${paint.dim(action.cause)}`,
      ];
    case 'file': {
      const size = action.after.kind === 'file' ? `  ${paint.dim(bytes(action.after.size))}` : '';
      const folder = action.before.kind === 'dir' || action.after.kind === 'dir' ? '/' : '';
      return [
        `      ${paintSign(paint, signOf(action))} ${action.path}${folder}${size}  ${paint.dim(action.cause)}`,
        ...(action.keys ?? []).map((change) => keyLine(change, paint)),
      ];
    }
  }
};

const stepLines = (step: StepPlan, paint: Paint): string[] => [
  `   ${paint.strong(step.id)}${step.skipped === null ? '' : paint.dim(`  nothing to do: ${step.skipped}`)}`,
  ...(step.skipped === null ? step.actions.flatMap((action) => actionLines(action, paint)) : []),
  ...step.warnings.map((warning) => `      ${paint.look('!')} ${warning}`),
];

/** The whole plan of one target. */
export const planLines = (plan: TargetPlan, paint: Paint): string[] => [
  `${paint.strong(plan.target)}  ${plan.base?.slice(0, 10) ?? 'first sync'} → ${plan.commit.slice(0, 10)}${plan.reason === null ? '' : `  full sync: ${plan.reason}`}`,
  ...plan.steps.flatMap((step) => stepLines(step, paint)),
];
