/** Leaves steps of a pipeline out, as `--only` and `--skip` say, and refuses what would take from a later step what it needs. */
import { LockstepError } from '../../domain/errors.ts';
import { nearestName } from '../../domain/nearest.ts';
import type { StepPlan } from '../../domain/plan.ts';
import type { Pipeline, PipelineStep } from '../../pipeline/pipeline.ts';
import { kindOf } from '../../pipeline/plan.ts';
import { stepKinds } from '../../steps/index.ts';
import { changesTarget } from '../../steps/step.ts';

/** Ids of steps, or names of step kinds. */
export interface StepChoice {
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
}

export interface ChosenSteps {
  /** The pipeline with the steps that are performed. */
  readonly pipeline: Pipeline;
  /** In place of the plans of those that are left out. */
  readonly left: readonly StepPlan[];
  /** Whether what is left out changes no target: the receipt may then say that it has the whole commit. */
  readonly complete: boolean;
}

const named = ({ id, uses }: PipelineStep, words: readonly string[]): boolean =>
  words.includes(id) || words.includes(uses);

const wordsOf = ({ steps }: Pipeline): readonly string[] => [...new Set(steps.flatMap(({ id, uses }) => [id, uses]))];

const unknown = (option: string, word: string, { name, known }: { name: string; known: readonly string[] }) => {
  const near = nearestName(word, known);
  return new LockstepError('usage', `${option}: the pipeline ${name} has no step ${word}, and none that uses it`, {
    hint: near === undefined ? `there are ${known.join(', ')}` : `did you mean ${near}?`,
  });
};

/**
 * Refuses a word that means no step: of `--only` in any of the pipelines, of `--skip` in all of them.
 * Throws `usage`, before anything is started.
 */
export const checkStepWords = (pipelines: readonly Pipeline[], { only = [], skip = [] }: StepChoice): void => {
  const [first] = pipelines;
  if (first === undefined) return;
  for (const pipeline of pipelines) {
    const known = wordsOf(pipeline);
    const word = only.find((one) => !known.includes(one));
    if (word !== undefined) throw unknown('--only', word, { name: pipeline.name, known });
  }
  const known = [...new Set(pipelines.flatMap(wordsOf))];
  const word = skip.find((one) => !known.includes(one));
  if (word !== undefined) throw unknown('--skip', word, { name: first.name, known });
};

const texts = (value: unknown): readonly string[] => {
  if (typeof value === 'string') return value.includes('${{') ? [value] : [];
  if (value === null || typeof value !== 'object') return [];
  return Object.values(value).flatMap(texts);
};

const reads = (step: PipelineStep, id: string): boolean => {
  const name = id.replace(/-/g, '\\-');
  const pattern = new RegExp(`\\bsteps\\s*(?:\\.\\s*${name}(?![\\w-])|\\[\\s*["']${name}["']\\s*\\])`);
  return [step.if?.source ?? '', ...texts(step.with), ...texts(step.env)].some((text) => pattern.test(text));
};

const changes = (step: PipelineStep): boolean => changesTarget(kindOf(stepKinds, step), step.with);

const refuseUnread = (
  kept: readonly PipelineStep[],
  { out, ends }: { out: readonly PipelineStep[]; ends: readonly PipelineStep[] },
): void => {
  for (const { id } of out) {
    const reader = [...kept, ...ends].find((step) => reads(step, id));
    if (reader === undefined) continue;
    throw new LockstepError('usage', `${id} cannot be left out: ${reader.id} reads what it gives`, {
      hint: `leave ${reader.id} out too, or keep ${id}`,
    });
  }
};

const refuseWithoutBackup = (all: Pipeline, kept: readonly PipelineStep[], choice: StepChoice): void => {
  const first = kept.findIndex(changes);
  if (first === -1 || kept.slice(0, first).some(({ uses }) => uses === 'backup')) return;
  const backup = all.steps.find(({ uses }) => uses === 'backup')?.id ?? 'backup';
  const changing = kept[first]?.id ?? '';
  throw new LockstepError(
    'usage',
    `${backup} cannot be left out: ${changing} changes the target, and nothing is lost`,
    {
      hint:
        choice.only === undefined
          ? `leave ${kept
              .filter(changes)
              .map(({ id }) => id)
              .join(', ')} out too, or keep ${backup}`
          : `--only ${[backup, ...choice.only].join(',')}`,
    },
  );
};

const idle = new Set(['detect', 'backup', 'verify', 'diagnose', 'rollback']);

const refuseIdle = (kept: readonly PipelineStep[]): void => {
  if (!kept.every(({ uses }) => idle.has(uses))) return;
  const rest = kept.map(({ id }) => id).join(', ');
  throw new LockstepError('usage', `nothing is left to sync: ${rest || 'no step'} alone changes nothing`, {
    hint: 'lockstep sync verify checks targets as they stand, lockstep sync detect shows what changed',
  });
};

/** The steps that are performed. Throws `usage` when what is left could not do its work without what is left out. */
export const chooseSteps = (pipeline: Pipeline, choice: StepChoice = {}): ChosenSteps => {
  const { only, skip = [] } = choice;
  const stays = (step: PipelineStep): boolean => (only === undefined || named(step, only)) && !named(step, skip);
  const kept = pipeline.steps.filter(stays);
  const out = pipeline.steps.filter((step) => !stays(step));
  if (out.length === 0) return { pipeline, left: [], complete: true };
  refuseIdle(kept);
  refuseWithoutBackup(pipeline, kept, choice);
  refuseUnread(kept, { out, ends: [...pipeline.onFailure, ...pipeline.always] });
  return {
    pipeline: { ...pipeline, steps: kept },
    left: out.map(({ id, uses, ...step }) => ({
      id,
      uses,
      actions: [],
      skipped: named({ id, uses, ...step }, skip) ? 'left out: --skip names it' : 'left out: --only does not name it',
      patch: {},
      warnings: [],
    })),
    // What a program of the team's own would have done is in nobody's receipt.
    complete: out.every((step) => !changes(step) && step.uses !== 'run'),
  };
};
