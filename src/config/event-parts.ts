/** The schemas of what events are made of: plans, results, options. Every field of the types is here, or this does not compile. */
import { type TObject, type TSchema, Type } from '@sinclair/typebox';
import type { SyncOptions, TargetResult } from '../domain/events.ts';
import type { FileAction, KeyChange, NoteAction, RefAction, StepPlan, TagAction, TargetPlan } from '../domain/plan.ts';
import { oneOf } from './words.ts';

/** A schema for each field of a type. */
export type Fields<T> = { readonly [Field in keyof T]-?: TSchema };

const optional = Type.Optional;
/** A value, or null. */
export const orNull = (schema: TSchema, description: string): TSchema =>
  Type.Union([schema, Type.Null()], { description });
/** Text. */
export const string = (description: string): TSchema => Type.String({ description });
/** Yes or no. */
export const flag = (description: string): TSchema => Type.Boolean({ description });
/** A whole number from 0 on. */
export const count = (description: string): TSchema => Type.Integer({ minimum: 0, description });
/** A span of time. */
export const milliseconds = Type.Number({ minimum: 0, description: 'milliseconds' });
/** A list of texts. */
export const lines = (description: string): TSchema => Type.Array(Type.String(), { description });
/** A target's name. */
export const target = string("the target's name");
/** An object whose fields are those of a type, or it does not compile. */
export const object = <T>(fields: Fields<T>, description: string): TObject => Type.Object(fields, { description });

const state = Type.Union(
  [
    Type.Object({ kind: Type.Literal('absent') }),
    Type.Object({ kind: Type.Literal('file'), sha256: Type.String(), mode: Type.Integer(), size: Type.Integer() }),
    Type.Object({ kind: Type.Literal('link'), to: Type.String() }),
    Type.Object({ kind: Type.Literal('dir'), mode: Type.Integer() }),
    Type.Object({ kind: Type.Literal('other') }),
  ],
  {
    description:
      'what stands there: `{kind: absent}`, `{kind: file, sha256, mode, size}`, `{kind: link, to}`, `{kind: dir, mode}` or `{kind: other}`',
  },
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

const tagAction = object<TagAction>(
  {
    kind: Type.Literal('tag'),
    repository: string('the work tree of the repository'),
    path: string('the same, as a path of the target'),
    ref: string('the tag'),
    before: string('the object that it stands at; zeros when there is none'),
    commit: string('the commit that it will name'),
    message: string('what it says'),
    cause: string('why'),
  },
  "an annotated tag in a target's own repository",
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
    actions: Type.Array(Type.Union([fileAction, refAction, tagAction, noteAction]), { description: 'what it will do' }),
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

/** A plan, as `target.planned` and `plan.json` have it. */
export const plan = object<TargetPlan>(
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

/** A result, as `target.finished` and `result.json` have it. */
export const result = object<TargetResult>(
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
    warned: optional(lines('ids of steps that failed and were passed over; left out when none did')),
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

/** Options of a sync. */
export const options = object<SyncOptions>(
  {
    full: flag('everything again, changed or not'),
    complete: flag('files that the owner deleted come back'),
    only: orNull(Type.Array(Type.String()), 'steps by id or kind; null for all'),
    skip: lines('steps by id or kind'),
    part: orNull(
      Type.Object({
        uses: lines('kinds of steps'),
        components: lines('components'),
        suites: lines('suites'),
      }),
      'a part of the pipelines, such as `sync docs`; null for all',
    ),
  },
  'what a sync was asked for besides its targets; left out by commands that are no sync',
);
