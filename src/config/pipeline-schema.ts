/** What a file of `pipelines/` may say. */
import { type TSchema, Type } from '@sinclair/typebox';
import { stepKinds } from '../steps/index.ts';
import { conditionWords } from './facts.ts';
import { closed, duration, namePattern, oneOf, text, texts, withByKind } from './words.ts';

export const pipelineVersion = 1;

const optional = Type.Optional;
const id = (description: string): TSchema =>
  Type.String({
    pattern: namePattern,
    description: `${description}: a letter, then letters, digits, dashes and underscores`,
  });

/** `run` is written as a key of its own. */
const named = stepKinds.filter(({ name }) => name !== 'run');
const runSummary = stepKinds.find(({ name }) => name === 'run')?.summary ?? '';

const env = Type.Record(Type.String({ pattern: '^(?!LOCKSTEP_)[A-Za-z_][A-Za-z0-9_]*$' }), Type.String(), {
  additionalProperties: false,
  description: 'variables for what a `run` starts; a value is a template and stays one value whatever it holds',
});
const settings = {
  env: optional(env),
  timeout: optional(duration('how long it may take')),
  retry: optional(
    Type.Object(
      {
        max: Type.Integer({ minimum: 0, maximum: 10, description: 'how many more times' }),
        backoff: optional(duration('how long to wait before the first')),
      },
      closed('tries again after a failure; for a `run` only with `idempotent: true`'),
    ),
  ),
  continue_on_error: optional(
    Type.Boolean({
      description: 'whether the run goes on when it fails, with a warning; not for what changes the target',
    }),
  ),
};

const run = Type.Union(
  [
    Type.Array(Type.String(), { description: 'the program and its arguments, each a template', minItems: 1 }),
    text('text for a shell; needs `shell: true`, and holds no `${{ }}`'),
  ],
  { description: runSummary },
);

const step = {
  id: optional(id('what other steps and reports call it')),
  uses: optional(oneOf(Object.fromEntries(named.map((kind) => [kind.name, kind.summary])), 'the step kind')),
  with: optional(Type.Object({}, { description: 'options of the step kind' })),
  run: optional(run),
  shell: optional(Type.Boolean({ description: 'whether `run` is text for a shell' })),
  writes: optional(
    texts("globs of what the `run` writes, relative to the target's folder: backed up, and undone with the rest"),
  ),
  outputs: optional(
    Type.Literal('json', {
      description: 'the `run` prints one JSON object; later steps read it as steps.<id>.outputs.<key>',
    }),
  ),
  idempotent: optional(Type.Boolean({ description: 'whether the `run` may be started again after a failure' })),
  if: optional(
    text(`a CEL expression that is true or false; the step is skipped when it is false. It may use ${conditionWords}`),
  ),
  ...settings,
};

const patch = {
  before: optional(id('puts this step before the one with that id')),
  after: optional(id('puts this step behind the one with that id')),
  replace: optional(id('puts this step in the place of the one with that id, whose id it keeps')),
  remove: optional(id('takes the step with that id out')),
};

const work = [{ required: ['uses'] }, { required: ['run'] }];
/** What means nothing without another key. */
const belongings = { with: ['uses'], shell: ['run'], writes: ['run'], outputs: ['run'], idempotent: ['run'] };
const entry = (keys: Record<string, TSchema>, needs: readonly object[], description: string): TSchema =>
  Type.Object(keys, { ...closed(description), oneOf: needs, dependentRequired: belongings, allOf: withByKind(named) });

/** Written once in the file, however often it is referred to. */
const defs = {
  step: entry(step, work, 'one step'),
  patch: entry(
    { ...patch, ...step },
    [...work, { required: ['remove'] }],
    'one step, or a change of the pipeline that is extended',
  ),
};
const listOf = (def: keyof typeof defs, description: string): TSchema =>
  Type.Array(Type.Unsafe({ $ref: `#/$defs/${def}` }), { description });

/** A pipeline, version 1 (which may be left out). */
export const pipelineSchema: TSchema = Type.Object(
  {
    version: optional(Type.Literal(pipelineVersion, { description: 'the version of this format' })),
    name: id('its name, which is that of its file'),
    description: optional(text('what it is for')),
    extends: optional(
      text('the pipeline that this one changes: a name, or a path that begins with ./ and is relative to this file'),
    ),
    defaults: optional(Type.Object(settings, closed('for every step that does not say it itself'))),
    steps: optional(
      Type.Array(Type.Object({}), {
        description: 'in the order in which they run; with `extends`, changes of the steps that are extended',
      }),
    ),
    on_failure: optional(listOf('step', 'what runs when a step failed; undoes everything when left out')),
    always: optional(listOf('step', 'what runs last, whether the run was done or undone; a failure here is a warning')),
  },
  {
    ...closed('which steps run for a target'),
    if: { required: ['extends'] },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
    then: { properties: { steps: listOf('patch', 'changes of the steps that are extended') } },
    else: { required: ['steps'], properties: { steps: listOf('step', 'in the order in which they run') } },
    $defs: defs,
  },
);
