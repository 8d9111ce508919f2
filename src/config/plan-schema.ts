/** What a plan file holds. Strict: a field that is not known here could ask for something that nobody checks. */
import { type Static, type TSchema, Type } from '@sinclair/typebox';

export const planFormat = 1;

const optional = Type.Optional;
const strict = { additionalProperties: false };
const text = (description: string) => Type.String({ description });
const digest = (description: string) => Type.String({ description, pattern: '^[0-9a-f]{64}$' });
const orNull = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);
const [plus, changed, minus, same] = [Type.Literal('+'), Type.Literal('~'), Type.Literal('-'), Type.Literal('=')];
const [look, unknown] = [Type.Literal('!'), Type.Literal('?')];
const mode = Type.Integer({ minimum: 0, description: 'permission bits' });

const state = Type.Union(
  [
    Type.Object({ kind: Type.Literal('absent') }, strict),
    Type.Object(
      {
        kind: Type.Literal('file'),
        sha256: digest('of its content'),
        mode,
        size: Type.Integer({ minimum: 0, description: 'bytes' }),
      },
      strict,
    ),
    Type.Object({ kind: Type.Literal('link'), to: text("a symbolic link's text") }, strict),
    Type.Object({ kind: Type.Literal('dir'), mode }, strict),
    Type.Object({ kind: Type.Literal('other') }, strict),
  ],
  { description: 'what stands at a path' },
);

const key = Type.Object(
  {
    key: Type.Array(Type.Union([Type.String(), Type.Number()]), { description: 'key path; its values are left out' }),
    sign: Type.Union([plus, changed, minus, same], { description: 'what becomes of it' }),
  },
  strict,
);

const file = Type.Object(
  {
    kind: Type.Literal('file'),
    component: Type.String(),
    path: text('as receipts name places'),
    before: state,
    after: state,
    cause: Type.String(),
    blob: optional(text("main's blob, when it is a copy of one")),
    keys: optional(Type.Array(key)),
  },
  strict,
);

const ref = Type.Object(
  {
    kind: Type.Literal('ref'),
    path: text('the clone'),
    ref: Type.String(),
    before: text('a commit'),
    after: text('a commit'),
    cause: Type.String(),
  },
  strict,
);

const tag = Type.Object(
  {
    kind: Type.Literal('tag'),
    path: text('the repository'),
    ref: Type.String(),
    before: text('the object that it stands at; zeros when there is none'),
    commit: text('the commit that it will name'),
    cause: Type.String(),
  },
  strict,
);

const note = Type.Object(
  {
    kind: Type.Literal('note'),
    sign: Type.Union([plus, changed, minus, same, look, unknown], { description: 'what it means' }),
    text: optional(text('what is done; left out where a command could hold a secret')),
    digest: digest('of the text'),
  },
  strict,
);

const step = Type.Object(
  {
    id: Type.String(),
    uses: text('the step kind'),
    skipped: orNull(text('why it does nothing')),
    actions: Type.Array(Type.Union([file, ref, tag, note])),
    digest: digest('of all else that the step does and records'),
  },
  strict,
);

const target = Type.Object(
  {
    target: text('its name'),
    base: orNull(text("the receipt's commit")),
    full: Type.Boolean(),
    reason: orNull(Type.String()),
    pipeline: Type.Object({ name: Type.String(), digest: digest('of all that it says') }, strict),
    receipt: orNull(digest('of the receipt; null when there was none')),
    steps: Type.Array(step),
  },
  strict,
);

const names = Type.Array(Type.String());

/** A plan file, format 1. */
export const planSchema = Type.Object(
  {
    $schema: optional(Type.String()),
    format: Type.Literal(planFormat),
    project: text('the main project'),
    commit: text('the commit of main that the plan brings'),
    created: Type.String({ format: 'date-time', description: 'ISO 8601, UTC' }),
    configuration: digest('of what sync.config.yaml says'),
    request: Type.Object(
      {
        full: Type.Boolean(),
        reason: orNull(Type.String()),
        only: orNull(names),
        skip: names,
      },
      { ...strict, description: 'what was asked for' },
    ),
    targets: Type.Array(target, { minItems: 1 }),
  },
  { ...strict, description: 'what a run would do: digests and blob ids, no contents' },
);

export type PlanFile = Static<typeof planSchema>;
export type TargetInPlan = PlanFile['targets'][number];
export type StepInPlan = TargetInPlan['steps'][number];
export type ActionInPlan = StepInPlan['actions'][number];
