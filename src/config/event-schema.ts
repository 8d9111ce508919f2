/** What one line of the event stream holds. Every kind and field of `domain/events.ts` is here, or this does not compile. */
import { type TObject, type TSchema, Type } from '@sinclair/typebox';
import { type EventBody, eventVersion, type SyncOptions, type TargetResult } from '../domain/events.ts';
import type { FileAction, KeyChange, NoteAction, RefAction, StepPlan, TargetPlan } from '../domain/plan.ts';
import { oneOf } from './words.ts';

type Kind = EventBody['kind'];
type Fields<T> = { readonly [Field in keyof T]-?: TSchema };
type Body<K extends Kind> = Omit<Extract<EventBody, { readonly kind: K }>, 'kind'>;

interface EventDoc<K extends Kind> {
  /** When it is told, in one sentence. */
  readonly says: string;
  readonly fields: Fields<Body<K>>;
}

const orNull = (schema: TSchema, description: string): TSchema => Type.Union([schema, Type.Null()], { description });
const optional = Type.Optional;
const string = (description: string): TSchema => Type.String({ description });
const flag = (description: string): TSchema => Type.Boolean({ description });
const count = (description: string): TSchema => Type.Integer({ minimum: 0, description });
const milliseconds = Type.Number({ minimum: 0, description: 'milliseconds' });
const lines = (description: string): TSchema => Type.Array(Type.String(), { description });
const target = string("the target's name");
const object = <T>(fields: Fields<T>, description: string): TObject => Type.Object(fields, { description });

const state = Type.Union(
  [
    Type.Object({ kind: Type.Literal('absent') }),
    Type.Object({ kind: Type.Literal('file'), sha256: Type.String(), mode: Type.Integer(), size: Type.Integer() }),
    Type.Object({ kind: Type.Literal('link'), to: Type.String() }),
    Type.Object({ kind: Type.Literal('dir'), mode: Type.Integer() }),
    Type.Object({ kind: Type.Literal('other') }),
  ],
  { description: 'what stands at a path' },
);

const key = object<KeyChange>(
  {
    key: Type.Array(Type.Union([Type.String(), Type.Integer()]), { description: 'the path of the key' }),
    sign: oneOf({ '+': 'added', '~': 'changed', '-': 'removed', '=': 'left as it is' }, 'what becomes of it'),
    old: orNull(Type.String(), 'the value in the target, masked when it is secret'),
    new: orNull(Type.String(), "main's value, masked when it is secret"),
    cause: string('why'),
  },
  'one key of a configuration file',
);

const fileAction = object<FileAction>(
  {
    kind: Type.Literal('file'),
    component: string('the component that it belongs to'),
    path: string("relative to the target's folder; `@python/…` and `@checkout/…` for its other roots"),
    before: state,
    after: state,
    cause: string('why'),
    keys: optional(Type.Array(key, { description: 'of a configuration file: what becomes of its keys' })),
    blob: optional(string("main's blob, when it is a copy of one")),
    mtimeNs: optional(string('the modification time that a restored file gets, in nanoseconds')),
  },
  'one path that changes',
);

const refAction = object<RefAction>(
  {
    kind: Type.Literal('ref'),
    component: Type.Literal('package'),
    checkout: string('the clone'),
    path: optional(string('the same, as a path of the target')),
    ref: string('the branch'),
    before: string('a commit'),
    after: string('a commit'),
    cause: string('why'),
  },
  'a branch of a clone that moves',
);

const noteAction = object<NoteAction>(
  {
    kind: Type.Literal('note'),
    sign: oneOf(['+', '~', '-', '=', '!', '?'], 'how it is shown'),
    text: string('what is done'),
  },
  "something that leaves no trace in the target's files",
);

const step = object<StepPlan>(
  {
    id: string("the step's id"),
    uses: string('its kind'),
    actions: Type.Array(Type.Union([fileAction, refAction, noteAction]), { description: 'what it will do' }),
    skipped: orNull(Type.String(), 'why it does nothing; null when it has something to do'),
    patch: Type.Object({}, { description: 'what the receipt gets: digests, no values' }),
    warnings: lines('kept by the owner, left out, could not be known'),
    deferred: optional(Type.Literal(true, { description: 'it reads what earlier steps give: see step.resolved' })),
    starts: optional(
      Type.Object(
        { writes: lines("globs of what it may write, relative to the target's folder") },
        { description: "the program of the team's own that it starts" },
      ),
    ),
    facts: optional(Type.Object({}, { description: 'what the kind of step needs to apply it' })),
  },
  'what one step will do',
);

const plan = object<TargetPlan>(
  {
    target,
    commit: string("the run's commit"),
    base: orNull(Type.String(), "the receipt's commit; null for a first sync"),
    full: flag('whether it is a full sync'),
    reason: orNull(Type.String(), 'why a full sync, or why this run at all'),
    steps: Type.Array(step, { description: 'in the order in which they run' }),
  },
  'everything that the run will do to the target; no contents, no secrets',
);

const outcomes = {
  planned: 'a dry run: it would be synced',
  done: 'in step, and the receipt says so',
  'nothing-to-do': 'it was in step already',
  failed: 'nothing was changed',
  undone: 'it failed, and everything was put back',
  unknown: 'it could not be looked at or verified; nothing of the run is left in it',
  interrupted: 'stopped by a signal; nothing of the run is left in it',
};

const result = object<TargetResult>(
  {
    target,
    outcome: oneOf(outcomes, 'what became of it'),
    cause: string('what made it so, in one line'),
    commit: string("the run's commit"),
    version: orNull(Type.String(), 'the version of that commit, from its tags'),
    counts: Type.Object(
      { added: count('files'), changed: count('files'), removed: count('files'), kept: count('files and keys') },
      { description: 'how much' },
    ),
    warnings: lines('what a person should hear of'),
    backup: orNull(Type.String(), 'the backup that was made before; null when none was'),
    took: milliseconds,
    error: optional(
      Type.Object(
        {
          code: string('from the table of error codes, or `bug`'),
          message: string('what happened'),
          hint: optional(string('what to type next')),
          details: optional(lines('more that helps')),
        },
        { description: 'what went wrong; left out when nothing did' },
      ),
    ),
  },
  'what became of one target',
);

const options = object<SyncOptions>(
  {
    full: flag('whether everything is synced, changed or not'),
    complete: flag('whether files that the owner deleted come back'),
    only: orNull(Type.Array(Type.String()), 'the steps that are done, by id or kind; null for all'),
    skip: lines('the steps that are left out, by id or kind'),
    part: orNull(
      Type.Object({ uses: lines('step kinds'), components: lines('components'), suites: lines('suites of checks') }),
      'the part of the pipelines that is done; null for all',
    ),
  },
  'what a sync was asked for besides its targets; left out by what is no sync',
);

/** Every kind of event, in the order in which a run tells them. */
export const eventDocs: { readonly [K in Kind]: EventDoc<K> } = {
  'run.started': {
    says: 'First of every run.',
    fields: {
      run: string("the run's id, such as `20261123T031530Z-4f2a`"),
      commit: string('the commit of main that it brings'),
      targets: lines('names of the targets, in their order'),
      dryRun: flag('whether nothing is written'),
      reason: optional(string('why it was started, when somebody said')),
      options: optional(options),
    },
  },
  'target.started': { says: 'A target is looked at.', fields: { target } },
  'target.planned': {
    says: 'What will be done to a target is known. Comes again when another run finished meanwhile: the last one holds.',
    fields: { target, plan },
  },
  'step.started': {
    says: 'A step begins.',
    fields: { target, step: string("the step's id"), uses: string('its kind') },
  },
  'step.resolved': {
    says: 'What a step that reads outputs of earlier ones will do, right before it does it.',
    fields: {
      target,
      step: string("the step's id"),
      runs: flag('whether its condition holds; true when it has none'),
      lines: lines('what it will do, or why it does nothing'),
    },
  },
  'step.output': {
    says: 'Programs of a step printed something: whole lines, secrets masked. May come while the step is planned, before it starts. In a record it is kept in `output/`, not among the events.',
    fields: { target, step: string("the step's id"), text: string('one or more lines') },
  },
  'check.finished': {
    says: 'One check of a suite ended.',
    fields: {
      target,
      suite: string("the suite's name"),
      check: string("the check's name"),
      outcome: oneOf(
        { passed: 'as expected', failed: 'not as expected', 'could-not-run': 'which is not passed' },
        'how it ended',
      ),
      cause: string('what made it so'),
    },
  },
  'step.finished': {
    says: 'A step ended.',
    fields: {
      target,
      step: string("the step's id"),
      outcome: oneOf(
        {
          done: 'it did its plan',
          skipped: 'it had nothing to do',
          failed: 'the target is undone',
          warned: 'it failed, and the run goes on',
        },
        'how it ended',
      ),
      cause: string('why; empty when it was done'),
      took: milliseconds,
    },
  },
  'target.warning': {
    says: 'Something that a person should hear of. Of `main` it is about the main project.',
    fields: { target, text: string('one line') },
  },
  'target.finished': { says: 'What became of a target.', fields: { result } },
  'target.recovered': {
    says: 'Only in the record of a run that was cut off, once a later command ended it.',
    fields: {
      target,
      outcome: oneOf(
        { undone: 'as before the run', committed: 'as after it', blocked: 'not all could be put back' },
        'what became of it',
      ),
      cause: string('what made it so'),
      restored: count('paths that were put back'),
      left: lines('`path: cause` of what was edited meanwhile, and of what could not be put back'),
    },
  },
  'plan.written': {
    says: 'After a dry run: its plans were written to a file, which a run can be held to.',
    fields: { file: string('the file'), targets: lines('the targets that it holds plans of') },
  },
  'run.finished': {
    says: 'Last of every run.',
    fields: {
      results: Type.Array(result, { description: 'of all targets, in their order' }),
      processes: Type.Record(Type.String(), Type.Integer(), {
        description: 'how many processes were started, by what for',
      }),
      exit: Type.Integer({ description: 'the exit code of the command' }),
    },
  },
};

/** What every event has besides its own fields. */
export const eventFrame = {
  v: Type.Literal(eventVersion, { description: 'the version of the stream' }),
  time: Type.String({ format: 'date-time', description: 'when it was told: ISO 8601, UTC' }),
  run: Type.String({ description: "the run's id; empty for what belongs to no run" }),
} as const;

/** One line of the stream, version 1. Readers pass over kinds and fields that they do not know. */
export const eventSchema: TSchema = Type.Union(
  Object.entries(eventDocs).map(([kind, { says, fields }]) =>
    Type.Object({ kind: Type.Literal(kind), ...eventFrame, ...fields }, { description: says }),
  ),
  { description: 'one event: a line of `--json` output, or of `runs/<id>/events.ndjson`' },
);
