/** What `registry.json` holds. Fields that this version does not know are kept, so other fields are allowed. */
import { type TSchema, Type } from '@sinclair/typebox';
import { targetStatuses } from '../domain/target.ts';
import { oneOf, text, texts } from './words.ts';

const optional = Type.Optional;
const orNull = (schema: TSchema): TSchema => Type.Union([schema, Type.Null()]);

const target = Type.Object(
  {
    name: text('what commands call it'),
    path: text('its folder, relative to the main worktree'),
    type: text('the integration type'),
    last_sync: optional(orNull(Type.String({ format: 'date-time', description: 'ISO 8601, UTC' }))),
    sync_version: optional(orNull(text('the version label'))),
    status: optional(oneOf(targetStatuses, 'how it stood at the last look')),
    python: optional(text('the Python that it runs')),
    checkout: optional(text('the clone that an editable install points to')),
    pipeline: optional(text('the pipeline that brings it in step; the one of its type when left out')),
    labels: optional(texts('groups that commands can choose')),
    wave: optional(Type.Integer({ description: 'targets of a lower wave go first' })),
    hold: optional(Type.Boolean({ description: 'left out of runs over all targets' })),
    sync_commit: optional(text('the commit of the last sync')),
    roots: optional(Type.Array(Type.String(), { description: 'where Lockstep may write, as shown when it was added' })),
    status_by_hand: optional(Type.Boolean({ description: 'the status was set by a person' })),
  },
  { description: 'one target' },
);

/** `registry.json`, version 1 (which may be left out). */
export const registrySchema: TSchema = Type.Object(
  { version: optional(Type.Literal(1)), targets: Type.Array(target) },
  { description: 'the targets of a main project' },
);
