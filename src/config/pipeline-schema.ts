/** What a file of `pipelines/` may say. */
import { type TSchema, Type } from '@sinclair/typebox';
import { stepKinds } from '../steps/index.ts';
import { closed, duration, namePattern, oneOf, text, withByKind } from './words.ts';

export const pipelineVersion = 1;

const optional = Type.Optional;
const id = (description: string): TSchema =>
  Type.String({
    pattern: namePattern,
    description: `${description}: a letter, then letters, digits, dashes and underscores`,
  });

const step = Type.Object(
  {
    id: optional(id('what other steps and reports call it')),
    uses: optional(oneOf(Object.fromEntries(stepKinds.map((kind) => [kind.name, kind.summary])), 'the step kind')),
    with: optional(Type.Object({}, { description: 'options of the step kind' })),
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
  },
  {
    ...closed('one step'),
    required: ['uses'],
    allOf: withByKind(stepKinds),
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
    steps: Type.Array(step, { description: 'in the order in which they run' }),
    on_failure: optional(
      Type.Array(step, { description: 'what runs when a step failed; undoes everything when left out' }),
    ),
  },
  closed('which steps run for a target'),
);
