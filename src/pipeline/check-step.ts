/** Checks one step of a pipeline file by itself: every problem of it at its place, and the step when it has none. */
import { type Problem, problemIn, short, suggestion } from '../config/problem.ts';
import { checkAgainst } from '../config/validate.ts';
import { namePattern } from '../config/words.ts';
import type { YamlFile, YamlPath } from '../config/yaml-file.ts';
import { formatDuration, parseDuration } from '../domain/duration.ts';
import { messageOf } from '../domain/errors.ts';
import type { StepKind } from '../steps/step.ts';
import { compileCondition, conditionProblem } from './expressions.ts';
import type { PipelineStep } from './pipeline.ts';
import { templateFaults } from './templates.ts';

export const stepKeys = ['id', 'uses', 'with', 'if', 'timeout', 'retry', 'continue_on_error'] as const;

/** Longer waits overflow the timer, which would then fire at once. */
const longestTimeout = parseDuration('24d');
const longestBackoff = parseDuration('1h');
const mostRetries = 10;
const idShape = new RegExp(namePattern);

export type YamlMap = Readonly<Record<string, unknown>>;

export const isMap = (value: unknown): value is YamlMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Collects the problems of one file. */
export interface Complaints {
  readonly file: YamlFile;
  readonly problems: Problem[];
}

export const complain = ({ file, problems }: Complaints, path: YamlPath, message: string): void => {
  problems.push(file.problem(path, message));
};

/** Refuses keys that nothing reads: a typing error must not turn a setting off. */
export const refuseUnknownKeys = (
  to: Complaints,
  at: { readonly map: YamlMap; readonly path: YamlPath },
  known: readonly string[],
): void => {
  for (const key of Object.keys(at.map)) {
    if (known.includes(key)) continue;
    const path = [...at.path, key];
    to.problems.push(to.file.problem(path, `unknown key \`${short(key, 60)}\`${suggestion(key, known)}`, 'key'));
  }
};

const inside = (
  to: Complaints,
  path: YamlPath,
  fault: { readonly message: string; readonly range: readonly [number, number] },
): void => {
  to.problems.push(problemIn(to.file, to.file.inside(path, fault.range), fault.message));
};

const checkTemplates = (to: Complaints, value: unknown, path: YamlPath): void => {
  if (typeof value === 'string') for (const fault of templateFaults(value)) inside(to, path, fault);
  else if (Array.isArray(value)) value.forEach((entry, index) => void checkTemplates(to, entry, [...path, index]));
  else if (isMap(value)) for (const [key, entry] of Object.entries(value)) checkTemplates(to, entry, [...path, key]);
};

const checkWith = (to: Complaints, kind: StepKind, at: { readonly value: YamlMap; readonly path: YamlPath }): void => {
  const part: YamlFile = {
    ...to.file,
    value: at.value,
    problems: [],
    problem: (path, message, where) => to.file.problem([...at.path, ...path], `${kind.name}: ${message}`, where),
  };
  to.problems.push(...checkAgainst(kind.with, part));
  checkTemplates(to, at.value, at.path);
};

const duration = (
  to: Complaints,
  at: { readonly value: unknown; readonly path: YamlPath; readonly most: number },
): number | undefined => {
  const key = at.path.at(-1);
  if (typeof at.value !== 'string') {
    complain(to, at.path, `\`${key}\` must be a number and one of ms, s, m, h, d, such as 5m`);
    return undefined;
  }
  try {
    const parsed = parseDuration(at.value);
    if (parsed <= at.most) return parsed;
    complain(to, at.path, `\`${key}\` is longer than ${formatDuration(at.most)}`);
  } catch (error) {
    complain(to, at.path, `\`${key}\`: ${messageOf(error)}: write a number and one of ms, s, m, h, d, such as 5m`);
  }
  return undefined;
};

const retryOf = (
  to: Complaints,
  kind: StepKind,
  at: { readonly value: unknown; readonly path: YamlPath },
): PipelineStep['retry'] => {
  const { value, path } = at;
  if (!kind.idempotent)
    complain(to, path, `${kind.name} cannot be retried: a second attempt could do twice what the first did in part`);
  if (!isMap(value)) {
    complain(to, path, '`retry` must be a map with `max` and `backoff`, such as { max: 2, backoff: 5s }');
    return undefined;
  }
  refuseUnknownKeys(to, { map: value, path }, ['max', 'backoff']);
  const { max } = value;
  const whole = typeof max === 'number' && Number.isInteger(max) && max >= 0 && max <= mostRetries;
  if (!whole) complain(to, [...path, 'max'], `\`retry.max\` must be a whole number from 0 to ${mostRetries}`);
  const backoff =
    value.backoff === undefined
      ? 0
      : duration(to, { value: value.backoff, path: [...path, 'backoff'], most: longestBackoff });
  return whole && backoff !== undefined ? { max, backoff } : undefined;
};

export interface CheckedStep {
  readonly step: PipelineStep;
  readonly kind: StepKind;
  readonly path: YamlPath;
}

const idOf = (to: Complaints, map: YamlMap, path: YamlPath): string => {
  const { id, uses } = map;
  if (id === undefined) return String(uses);
  if (typeof id === 'string' && idShape.test(id)) return id;
  complain(to, [...path, 'id'], '`id` must be a letter, then letters, digits, dashes and underscores');
  return String(uses);
};

/** The step at a path; undefined when too little of it is known to go on. Problems are added to `to`. */
export const checkStep = (
  to: Complaints,
  path: YamlPath,
  at: { readonly value: unknown; readonly kinds: readonly StepKind[] },
): CheckedStep | undefined => {
  const { value, kinds } = at;
  if (!isMap(value)) {
    complain(to, path, 'a step must be a map, such as { id: docs, uses: copy }');
    return undefined;
  }
  refuseUnknownKeys(to, { map: value, path }, stepKeys);
  const names = kinds.map((candidate) => candidate.name);
  const kind = kinds.find((candidate) => candidate.name === value.uses);
  if (kind === undefined) {
    if (value.uses === undefined)
      complain(to, path, `this step says not what it \`uses\`; there are: ${names.join(', ')}`);
    else if (typeof value.uses !== 'string') complain(to, [...path, 'uses'], '`uses` must be the name of a step kind');
    else
      complain(
        to,
        [...path, 'uses'],
        `there is no step kind named \`${short(value.uses, 60)}\`${suggestion(value.uses, names)}`,
      );
    return undefined;
  }
  const options = value.with === undefined || value.with === null ? {} : value.with;
  if (isMap(options)) checkWith(to, kind, { value: options, path: [...path, 'with'] });
  else complain(to, [...path, 'with'], '`with` must be a map of options');
  const condition = value.if;
  let compiled: PipelineStep['if'];
  if (typeof condition === 'string') {
    const fault = conditionProblem(condition);
    if (fault === undefined) compiled = compileCondition(condition);
    else inside(to, [...path, 'if'], fault);
  } else if (condition !== undefined)
    complain(to, [...path, 'if'], '`if` must be an expression in quotes, such as "changes.touches(\'docs\')"');
  const timeout =
    value.timeout === undefined
      ? undefined
      : duration(to, { value: value.timeout, path: [...path, 'timeout'], most: longestTimeout });
  if (timeout === 0)
    complain(
      to,
      [...path, 'timeout'],
      '`timeout` of nothing would stop the step before it starts; leave it out for no limit',
    );
  const retry =
    value.retry === undefined ? undefined : retryOf(to, kind, { value: value.retry, path: [...path, 'retry'] });
  const goesOn = value.continue_on_error ?? false;
  if (typeof goesOn !== 'boolean')
    complain(to, [...path, 'continue_on_error'], '`continue_on_error` must be true or false');
  else if (goesOn && (kind.mutates || kind.name === 'backup')) {
    complain(
      to,
      [...path, 'continue_on_error'],
      `${kind.name} must not fail unnoticed: \`continue_on_error\` is for steps that change nothing`,
    );
  }
  return {
    kind,
    path,
    step: {
      id: idOf(to, value, path),
      uses: kind.name,
      with: isMap(options) ? options : {},
      ...(compiled === undefined ? {} : { if: compiled }),
      ...(timeout === undefined ? {} : { timeout }),
      ...(retry === undefined ? {} : { retry }),
      continueOnError: goesOn === true,
    },
  };
};
