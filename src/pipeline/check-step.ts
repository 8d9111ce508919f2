/** Checks one step of a pipeline file by itself: every problem of it at its place, and the step when it has none. */
import type { KnownNames } from '../config/known-names.ts';
import { short, suggestion } from '../config/problem.ts';
import { checkAgainst } from '../config/validate.ts';
import { namePattern } from '../config/words.ts';
import type { YamlFile, YamlPath } from '../config/yaml-file.ts';
import { changesTarget, mayRepeat, type StepKind } from '../steps/step.ts';
import { checkRun, refuseRunKeys, runKeys } from './check-run.ts';
import { checkSettings, type Settings, settingKeys } from './check-settings.ts';
import {
  type Complaints,
  complain,
  isFull,
  isMap,
  problemsInside,
  refuseUnknownKeys,
  refuseUnknownNames,
  type YamlMap,
} from './complaints.ts';
import { compileCondition, conditionFaults } from './expressions.ts';
import { originOf } from './extend.ts';
import type { PipelineStep } from './pipeline.ts';
import type { OutputsScope } from './step-outputs.ts';
import { templateFaults } from './templates.ts';

export const stepKeys = ['id', 'uses', 'with', ...runKeys, 'if', ...settingKeys] as const;

const idShape = new RegExp(namePattern);

/** What is known around a step. */
export interface Around {
  readonly kinds: readonly StepKind[];
  readonly known?: KnownNames;
  /** Without it, `steps` is no name. Made for the kind, because not every kind may read what others gave. */
  readonly scopeFor?: (kind: StepKind) => OutputsScope;
  readonly defaults?: Settings;
}

export interface CheckedStep {
  readonly step: PipelineStep;
  readonly kind: StepKind;
  readonly file: YamlFile;
  readonly path: YamlPath;
}

const checkTemplates = (to: Complaints, at: { value: unknown; path: YamlPath }, scope?: OutputsScope): void => {
  const { value, path } = at;
  if (isFull(to)) return;
  if (typeof value === 'string') problemsInside(to, path, templateFaults(value, scope));
  else if (Array.isArray(value))
    value.forEach((entry, index) => void checkTemplates(to, { value: entry, path: [...path, index] }, scope));
  else if (isMap(value))
    for (const [key, entry] of Object.entries(value)) checkTemplates(to, { value: entry, path: [...path, key] }, scope);
};

/** The kind that a step is of; undefined when it cannot be told, which is a problem by then. */
const kindOf = (
  to: Complaints,
  map: YamlMap,
  { path, kinds }: { path: YamlPath; kinds: readonly StepKind[] },
): StepKind | undefined => {
  const { uses, run } = map;
  const names = kinds.flatMap(({ name }) => (name === 'run' ? [] : [name]));
  if (run !== undefined) {
    if (uses !== undefined) complain(to, [...path, 'uses'], 'a step either `uses` a kind or is a `run`', 'key');
    if (map.with !== undefined)
      complain(to, [...path, 'with'], '`with` belongs to `uses`: what a `run` takes stands beside it', 'key');
    return kinds.find(({ name }) => name === 'run');
  }
  refuseRunKeys(to, map, path);
  if (uses === undefined)
    complain(to, path, `this step says not what it \`uses\`, nor what to \`run\`; there are: ${names.join(', ')}`);
  else if (typeof uses !== 'string') complain(to, [...path, 'uses'], '`uses` must be the name of a step kind');
  else if (uses === 'run') complain(to, [...path, 'uses'], 'write `run: [program, argument]` itself, without `uses`');
  else if (!names.includes(uses))
    complain(to, [...path, 'uses'], `there is no step kind named \`${short(uses, 60)}\`${suggestion(uses, names)}`);
  else return kinds.find(({ name }) => name === uses);
  return undefined;
};

interface Of {
  readonly kind: StepKind;
  readonly path: YamlPath;
  readonly known: KnownNames | undefined;
  readonly scope: OutputsScope | undefined;
}

/** The options of a step, in the shape that its kind takes. */
const optionsOf = (to: Complaints, map: YamlMap, { kind, path, known, scope }: Of): YamlMap => {
  if (map.run !== undefined) return checkRun(to, map, { path, scope });
  const options = map.with === undefined || map.with === null ? {} : map.with;
  const at = [...path, 'with'];
  if (!isMap(options)) {
    complain(to, at, '`with` must be a map of options');
    return {};
  }
  const part: YamlFile = {
    ...to.file,
    value: options,
    problems: [],
    problem: (below, message, where) => to.file.problem([...at, ...below], `${kind.name}: ${message}`, where),
  };
  for (const problem of checkAgainst(kind.with, part)) if (!isFull(to)) to.problems.push(problem);
  checkTemplates(to, { value: options, path: at }, scope);
  if (known !== undefined) refuseUnknownNames(to, kind.with, { options, path: at, known });
  return options;
};

const conditionOf = (to: Complaints, map: YamlMap, { path, known, scope }: Of): PipelineStep['if'] => {
  const written = map.if;
  if (written === undefined) return undefined;
  if (typeof written !== 'string') {
    complain(to, [...path, 'if'], '`if` must be an expression in quotes, such as "changes.touches(\'docs\')"');
    return undefined;
  }
  const faults = conditionFaults(written, known, scope);
  problemsInside(to, [...path, 'if'], faults);
  return faults.length === 0 ? compileCondition(written, scope) : undefined;
};

const idOf = (to: Complaints, map: YamlMap, { kind, path }: Of): string => {
  const { id } = map;
  if (id === undefined) return kind.name;
  if (typeof id === 'string' && idShape.test(id)) return id;
  complain(to, [...path, 'id'], '`id` must be a letter, then letters, digits, dashes and underscores');
  return kind.name;
};

/** Whether a failure of the step must end the run: something would be half done, or undoing would have nothing to go by. */
const mustSucceed = (kind: StepKind, options: YamlMap): boolean =>
  changesTarget(kind, options) || kind.name === 'backup';

/** What the step says itself, then what the pipeline says for all, as far as its kind can have it. */
const settingsOf = (
  to: Complaints,
  map: YamlMap,
  { kind, path, scope, options, defaults }: Of & { readonly options: YamlMap; readonly defaults: Settings },
): Omit<Settings, 'continueOnError'> & { readonly continueOnError: boolean } => {
  const own = checkSettings(to, { map, path }, scope);
  if (map.env !== undefined && kind.takesEnv !== true)
    complain(to, [...path, 'env'], `${kind.name} starts no program of yours: \`env\` is for \`run\``, 'key');
  if (map.retry !== undefined && !mayRepeat(kind, options)) {
    const way = kind.name === 'run' ? '; say `idempotent: true` when it may run twice' : '';
    complain(
      to,
      [...path, 'retry'],
      `${kind.name} cannot be retried: a second attempt could do twice what the first did in part${way}`,
    );
  }
  if (own.continueOnError === true && mustSucceed(kind, options)) {
    complain(
      to,
      [...path, 'continue_on_error'],
      `${kind.name} must not fail unnoticed: \`continue_on_error\` is for steps that change nothing`,
    );
  }
  const timeout = own.timeout ?? defaults.timeout;
  const retry = own.retry ?? (mayRepeat(kind, options) ? defaults.retry : undefined);
  return {
    env: kind.takesEnv === true ? { ...defaults.env, ...own.env } : {},
    ...(timeout === undefined ? {} : { timeout }),
    ...(retry === undefined ? {} : { retry }),
    continueOnError: own.continueOnError ?? (!mustSucceed(kind, options) && defaults.continueOnError === true),
  };
};

/** The step at a path; undefined when too little of it is known to go on. Problems are added to `to`. */
export const checkStep = (
  to: Complaints,
  path: YamlPath,
  { value, kinds, known, scopeFor, defaults = { env: {} } }: Around & { readonly value: unknown },
): CheckedStep | undefined => {
  if (!isMap(value)) {
    complain(to, path, 'a step must be a map, such as { id: docs, uses: copy }');
    return undefined;
  }
  refuseUnknownKeys(to, { map: value, path }, stepKeys);
  const kind = kindOf(to, value, { path, kinds });
  if (kind === undefined) return undefined;
  const of: Of = { kind, path, known, scope: scopeFor?.(kind) };
  const options = optionsOf(to, value, of);
  const condition = conditionOf(to, value, of);
  const step: PipelineStep = {
    id: idOf(to, value, of),
    uses: kind.name,
    with: options,
    ...(condition === undefined ? {} : { if: condition }),
    ...settingsOf(to, value, { ...of, options, defaults }),
    origin: originOf({ file: to.file, path }, 'value'),
  };
  return { kind, file: to.file, path, step };
};
