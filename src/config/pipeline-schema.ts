/** What a file of `pipelines/` may say. */
import { type TSchema, Type } from '@sinclair/typebox';
import { stepKinds } from '../steps/index.ts';
import { closed, duration, namePattern, oneOf, text, texts, withByKind } from './words.ts';

export const pipelineVersion = 1;

const optional = Type.Optional;
const id = (description: string): TSchema =>
  Type.String({
    pattern: namePattern,
    description: `${description}: a letter, then letters, digits, dashes and underscores`,
  });

const excluded = (keys: readonly string[]): readonly object[] =>
  keys.flatMap((one, index) =>
    keys.slice(index + 1).map((other) => ({
      not: { required: [one, other] },
      $comment: `\`${one}\` and \`${other}\` cannot stand in one step`,
    })),
  );

const step = Type.Object(
  {
    id: optional(id('what other steps and reports call it')),
    uses: optional(oneOf(Object.fromEntries(stepKinds.map((kind) => [kind.name, kind.summary])), 'the step kind')),
    with: optional(Type.Object({}, { description: 'options of the step kind' })),
    run: optional(
      Type.Union(
        [
          text('a line for the shell'),
          Type.Array(Type.String(), { minItems: 1, description: 'program and arguments' }),
        ],
        {
          description: 'a program of the team: a list of arguments, or a shell line with `shell: true`',
        },
      ),
    ),
    shell: optional(Type.Boolean({ description: 'whether a shell reads `run`' })),
    env: optional(
      Type.Record(Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]*$' }), Type.String(), {
        description: 'variables of the program; `${{ }}` is filled in',
        additionalProperties: false,
      }),
    ),
    writes: optional(texts('globs of what `run` writes, relative to the target: backed up and undone')),
    if: optional(
      text('an expression over target, changes, steps, run and env; the step is skipped when it does not hold'),
    ),
    timeout: optional(duration('how long it may take')),
    retry: optional(
      Type.Object(
        {
          max: Type.Integer({ minimum: 0, maximum: 10, description: 'how many more times' }),
          backoff: optional(duration('how long to wait before the first')),
        },
        closed('tries again after a failure'),
      ),
    ),
    continue_on_error: optional(Type.Boolean({ description: 'whether the run goes on when it fails' })),
    before: optional(id('put it before this step of the extended pipeline')),
    after: optional(id('put it after this step of the extended pipeline')),
    replace: optional(id('put it in the place of this step of the extended pipeline')),
    remove: optional(id('take this step of the extended pipeline out')),
  },
  {
    ...closed('one step'),
    oneOf: [{ required: ['uses'] }, { required: ['run'] }, { required: ['remove'] }],
    allOf: [
      ...withByKind(stepKinds),
      ...excluded(['before', 'after', 'replace', 'remove']),
      {
        if: { properties: { run: { type: 'string' } }, required: ['run'] },
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
        then: {
          properties: { shell: { const: true } },
          required: ['shell'],
          $comment: 'a shell line needs `shell: true`; a list of arguments needs no shell',
        },
      },
    ],
    dependentRequired: { with: ['uses'], shell: ['run'], env: ['run'], writes: ['run'] },
  },
);

/** A pipeline, version 1 (which may be left out). */
export const pipelineSchema: TSchema = Type.Object(
  {
    version: optional(Type.Literal(pipelineVersion, { description: 'the version of this format' })),
    name: Type.String({
      pattern: namePattern,
      description: 'its name: a letter, then letters, digits, dashes and underscores',
    }),
    description: optional(text('what it is for')),
    extends: optional(id('the pipeline whose steps it starts from')),
    steps: optional(Type.Array(step, { description: 'in the order in which they run' })),
    on_failure: optional(
      Type.Array(step, { description: 'what runs when a step failed; undoes everything when left out' }),
    ),
  },
  {
    ...closed('which steps run for a target'),
    anyOf: [{ required: ['steps'] }, { required: ['extends'] }],
  },
);
