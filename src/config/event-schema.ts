/** What one line of the event stream holds. Every kind and field of `domain/events.ts` is here, or this does not compile. */
import { type TSchema, Type } from '@sinclair/typebox';
import { type EventBody, eventVersion } from '../domain/events.ts';
import { count, type Fields, flag, lines, milliseconds, options, plan, result, string, target } from './event-parts.ts';
import { oneOf } from './words.ts';

type Kind = EventBody['kind'];
type Body<K extends Kind> = Omit<Extract<EventBody, { readonly kind: K }>, 'kind'>;

interface EventDoc<K extends Kind> {
  /** When it is told, in one sentence. */
  readonly says: string;
  readonly fields: Fields<Body<K>>;
}

const optional = Type.Optional;

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
