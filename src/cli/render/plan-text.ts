/** A plan as lines: every action of every step, the same whether it is about to happen or only shown. */
import { countActions } from '../../domain/events.ts';
import {
  type Action,
  type FileAction,
  fileActions,
  isNoObject,
  type KeyChange,
  keptPaths,
  type RefAction,
  type StepPlan,
  signOf,
  sizeOf,
  type TargetPlan,
  tagNameOf,
} from '../../domain/plan.ts';
import type { Decision } from '../../domain/receipt.ts';
import { type Paint, paintSign } from './colours.ts';
import { bytes } from './times.ts';

const keyText = (key: KeyChange['key']): string => key.map(String).join('.');

/** Which values stand on which side; a kept key shows both, the target's first, so that neither is taken for the other. */
const valueText = ({ sign, old, new: main }: KeyChange): string => {
  switch (sign) {
    case '~':
      return ` = ${old} → ${main}`;
    case '+':
      return ` = ${main}`;
    case '-':
      return ` = ${old}`;
    case '=':
      if (old === null) return ` is not in the target; main has ${main}`;
      return main === null ? ` = ${old} stays; main has none` : ` = ${old} stays; main has ${main}`;
  }
};

/** One key of a configuration file: what becomes of it, and why. */
export const keyLine = (change: KeyChange, paint: Paint): string =>
  `        ${paintSign(paint, change.sign)} ${keyText(change.key)}${valueText(change)}  ${paint.dim(change.cause)}`;

/** `vendor/main main 0123456789 → abcdef0123`: where the clone lies, its branch, both commits. */
const refText = ({ checkout, path = checkout, ref, before, after }: RefAction): string => {
  const place = path === '' ? '.' : path.replace(/^(@[a-z]+)\/$/, '$1');
  return `${place} branch ${ref.replace(/^refs\/heads\//, '')} ${before.slice(0, 10)} → ${after.slice(0, 10)}`;
};

const arrow = (from: string, to: string): string => (from === to ? to : `${from} → ${to}`);

/** The bytes that come, go, or stand there before and after. */
const sizeText = ({ before, after }: FileAction): string => {
  if (before.kind === 'file' && after.kind === 'file') return arrow(bytes(before.size), bytes(after.size));
  if (after.kind === 'file') return bytes(after.size);
  return before.kind === 'file' && after.kind === 'absent' ? bytes(before.size) : '';
};

const actionLines = (action: Action, paint: Paint): string[] => {
  switch (action.kind) {
    case 'note':
      return [`      ${paintSign(paint, action.sign)} ${action.text}`];
    case 'tag':
      return [
        `      ${paintSign(paint, isNoObject(action.before) ? '+' : '~')} git tag ${tagNameOf(action)} at ${action.commit.slice(0, 10)}  ${paint.dim(action.cause)}`,
      ];
    case 'ref':
      return [`      ${paintSign(paint, '~')} ${refText(action)}  ${paint.dim(action.cause)}`];
    case 'file': {
      const size = sizeText(action);
      const folder = action.before.kind === 'dir' || action.after.kind === 'dir' ? '/' : '';
      const shown = size === '' ? '' : `  ${paint.dim(size)}`;
      return [
        `      ${paintSign(paint, signOf(action))} ${action.path}${folder}${shown}  ${paint.dim(action.cause)}`,
        ...(action.keys ?? []).map((change) => keyLine(change, paint)),
      ];
    }
  }
};

const decisionText = ({ path, key, choice, cause }: Decision, paint: Paint): string => {
  const [sign, word] = choice === 'kept' ? ['=', 'stays as its owner has it'] : ['~', "main's takes its place"];
  const where = key === undefined ? path : `${path}: ${keyText(JSON.parse(key) as KeyChange['key'])}`;
  return `      ${paintSign(paint, sign)} ${where}  ${word}  ${paint.dim(cause)}`;
};

/** What stays though main has it otherwise, and how every conflict is decided; not what the actions have said already. */
const conflictLines = (step: StepPlan, paint: Paint): string[] => {
  const kept = keptPaths(step);
  const told = new Set([
    ...kept.map(({ path }) => path),
    ...fileActions({ steps: [step] }).flatMap(({ path, keys = [] }) =>
      keys.map(({ key }) => `${path}\0${JSON.stringify(key)}`),
    ),
  ]);
  const notes = step.actions.flatMap((action) => (action.kind === 'note' ? [action.text] : []));
  const untold = (step.patch.decisions ?? []).filter(
    ({ path, key }) =>
      !told.has(key === undefined ? path : `${path}\0${key}`) && !notes.some((text) => text.startsWith(`${path}: `)),
  );
  return [
    ...kept.map(({ path, cause }) => `      ${paintSign(paint, '=')} ${path}  ${paint.dim(cause)}`),
    ...untold.map((decision) => decisionText(decision, paint)),
  ];
};

const stepLines = (step: StepPlan, paint: Paint): string[] => [
  `   ${paint.strong(step.id)}${step.skipped === null ? '' : paint.dim(`  nothing to do: ${step.skipped}`)}`,
  ...(step.skipped === null ? step.actions.flatMap((action) => actionLines(action, paint)) : []),
  ...conflictLines(step, paint),
  ...step.warnings.map((warning) => `      ${paint.look('!')} ${warning}`),
];

/** Files and bytes of the whole plan; none for one that changes no file. */
const sumLines = (plan: TargetPlan, paint: Paint): string[] => {
  const actions = fileActions(plan);
  if (actions.length === 0) return [];
  const { added, changed, removed } = countActions(plan.steps);
  const written = actions.reduce((sum, { after }) => sum + sizeOf(after), 0);
  const gone = actions.reduce((sum, { before, after }) => sum + (after.kind === 'absent' ? sizeOf(before) : 0), 0);
  const kept = plan.steps.reduce((sum, step) => sum + keptPaths(step).length, 0);
  const stays = kept === 0 ? '' : ` =${kept}`;
  const removing = gone === 0 ? '' : `, ${bytes(gone)} to remove`;
  return [paint.dim(`   in all +${added} ~${changed} -${removed}${stays}, ${bytes(written)} to write${removing}`)];
};

/** `full sync: …`, or why the run was started; null when neither is to be told. */
export const reasonText = ({ full, reason }: Pick<TargetPlan, 'full' | 'reason'>): string | null => {
  if (full) return reason === null ? 'full sync' : `full sync: ${reason}`;
  return reason === null ? null : `reason: ${reason}`;
};

/** The whole plan of one target. */
export const planLines = (plan: TargetPlan, paint: Paint): string[] => {
  const why = reasonText(plan);
  const range = `${plan.base?.slice(0, 10) ?? 'first sync'} → ${plan.commit.slice(0, 10)}`;
  return [
    `${paint.strong(plan.target)}  ${range}${why === null ? '' : `  ${why}`}`,
    ...plan.steps.flatMap((step) => stepLines(step, paint)),
    ...sumLines(plan, paint),
  ];
};
