/** Turns plans into a file that holds digests and blob ids, no contents and no values; and reads such a file back. */
import {
  type ActionInPlan,
  type PlanFile,
  planFormat,
  planSchema,
  type StepInPlan,
  type TargetInPlan,
} from '../config/plan-schema.ts';
import { problemIn, problemsError } from '../config/problem.ts';
import { checkAgainst } from '../config/validate.ts';
import { digestOf } from '../domain/canonical-json.ts';
import { LockstepError } from '../domain/errors.ts';
import type { FileState } from '../domain/file-state.ts';
import type { Action, StepPlan } from '../domain/plan.ts';
import type { Project } from '../domain/project.ts';
import { plainPipeline } from '../pipeline/pipeline.ts';
import type { Files } from '../ports.ts';
import { mistakeAt, offsetAt } from '../store/json-position.ts';
import type { Job } from './sync/job.ts';
import type { Planned } from './sync/plan-target.ts';

export type { PlanFile, TargetInPlan } from '../config/plan-schema.ts';

/** Of all that `sync.config.yaml` says; where the main project lies does not count. */
export const configurationDigest = ({ root: _root, stateDir: _state, ...says }: Project): string => digestOf(says);

const plainState = (state: FileState): FileState => {
  switch (state.kind) {
    case 'file':
      return { kind: 'file', sha256: state.sha256, mode: state.mode, size: state.size };
    case 'link':
      return { kind: 'link', to: state.to };
    case 'dir':
      return { kind: 'dir', mode: state.mode };
    default:
      return { kind: state.kind };
  }
};

const plainAction = (action: Action, uses: string): ActionInPlan => {
  switch (action.kind) {
    case 'file': {
      const { kind, component, path, before, after, cause, blob, keys } = action;
      return {
        kind,
        component,
        path,
        before: plainState(before),
        after: plainState(after),
        cause,
        ...(blob === undefined ? {} : { blob }),
        ...(keys === undefined ? {} : { keys: keys.map(({ key, sign }) => ({ key: [...key], sign })) }),
      };
    }
    case 'ref': {
      const { kind, checkout, path = checkout, ref, before, after, cause } = action;
      return { kind, path, ref, before, after, cause };
    }
    case 'tag': {
      const { kind, path, ref, before, commit, cause } = action;
      return { kind, path, ref, before, commit, cause };
    }
    case 'note': {
      const { kind, sign, text } = action;
      // What a command is given may hold a secret.
      return { kind, sign, ...(uses === 'run' ? {} : { text }), digest: digestOf(text) };
    }
  }
};

const plainStep = ({ id, uses, skipped, actions, ...rest }: StepPlan): StepInPlan => ({
  id,
  uses,
  skipped,
  actions: actions.map((action) => plainAction(action, uses)),
  // Whatever else a plan comes to say: what is not compared could change unseen.
  digest: digestOf(rest),
});

/** The same with `<run>` for the run's id, which differs between planning and running. */
const withoutRun = <Value>(value: Value, run: string): Value =>
  JSON.parse(JSON.stringify(value).replaceAll(run, '<run>')) as Value;

/** One target's plan as a plan file holds it: equal for two plans that do and record the same from the same ground. */
export const targetInPlan = ({ prepared, plan }: Planned): TargetInPlan => {
  const { context, pipeline } = prepared;
  const steps = withoutRun(plan.steps, context.run.id).map(plainStep);
  return {
    target: plan.target,
    base: plan.base,
    full: plan.full,
    reason: plan.reason,
    pipeline: { name: pipeline.name, digest: digestOf(plainPipeline(pipeline)) },
    receipt: context.receipt === undefined ? null : digestOf(context.receipt),
    steps,
  };
};

/** The file for some planned targets of one run. */
export const planFileOf = ({ main, request, facts }: Job, targets: readonly TargetInPlan[]): PlanFile => ({
  format: planFormat,
  project: main.project.id,
  commit: facts.commit,
  created: main.ports.clock.now().toISOString(),
  configuration: configurationDigest(main.project),
  request: {
    full: request.full,
    reason: request.reason,
    only: request.steps?.only === undefined ? null : [...request.steps.only],
    skip: [...(request.steps?.skip ?? [])],
  },
  targets: [...targets],
});

export const planText = (plan: PlanFile): string => `${JSON.stringify(plan, undefined, 1)}\n`;

const remake = 'make it anew: lockstep sync plan --out <file>';

const parse = (name: string, text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new LockstepError('plan-invalid', `${name}:${mistakeAt(text)}: not valid JSON`, { cause, hint: remake });
  }
};

const refuseNewer = (name: string, value: unknown): void => {
  if (value === null || typeof value !== 'object' || !('format' in value)) return;
  const { format } = value;
  if (typeof format !== 'number' || !Number.isSafeInteger(format) || format <= planFormat) return;
  throw new LockstepError(
    'format-newer',
    `the plan ${name} was written by a newer Lockstep (format ${format}; this one knows ${planFormat})`,
    { hint: `update Lockstep here, or ${remake}` },
  );
};

/** Throws `plan-invalid` with file:line:column for what is damaged, `format-newer`. `name` is what complaints call the file. */
export const parsePlanFile = (name: string, json: string): PlanFile => {
  const text = json.replace(/^\ufeff/, '');
  const value = parse(name, text);
  refuseNewer(name, value);
  const source = { file: name, text };
  const problems = checkAgainst(planSchema, {
    ...source,
    value,
    readable: true,
    problems: [],
    at: (path) => [offsetAt(text, path), offsetAt(text, path) + 1],
    inside: (path) => [offsetAt(text, path), offsetAt(text, path) + 1],
    problem: (path, message) => {
      const offset = offsetAt(text, path);
      return problemIn(source, [offset, offset + 1], message);
    },
  });
  if (problems.length > 0) throw problemsError('plan-invalid', problems);
  const plan = value as PlanFile;
  const twice = plan.targets.find(
    ({ target }, index) => plan.targets.findIndex((one) => one.target === target) < index,
  );
  if (twice === undefined) return plan;
  throw new LockstepError('plan-invalid', `${name} holds two plans for ${twice.target}`, { hint: remake });
};

/** Reads a plan file. Throws `usage` when there is none, `plan-invalid`, `format-newer`. */
export const readPlanFile = (
  files: Pick<Files, 'stat' | 'readText' | 'real'>,
  { path, name }: { readonly path: string; readonly name: string },
): PlanFile => {
  const real = files.real(path);
  if (real === undefined || files.stat(real)?.kind !== 'file') {
    throw new LockstepError('usage', `there is no plan file ${name}`, { hint: `lockstep sync plan --out ${name}` });
  }
  return parsePlanFile(name, files.readText(real));
};
