/** What a receipt holds. Readers pass over fields that they do not know, so other fields are allowed. */
import { type TSchema, Type } from '@sinclair/typebox';
import { receiptFormat } from '../domain/receipt.ts';
import { oneOf, text } from './words.ts';

const optional = Type.Optional;
const orNull = (schema: TSchema): TSchema => Type.Union([schema, Type.Null()]);
const map = (value: TSchema, description: string): TSchema => Type.Record(Type.String(), value, { description });

const file = Type.Object({
  sha256: Type.String(),
  mode: Type.Integer({ minimum: 0, description: 'permission bits' }),
  blob: optional(Type.String({ description: 'the blob of main that it was written from' })),
  link: optional(Type.String({ description: "a symbolic link's text" })),
});

const installed = Type.Object({
  name: Type.String(),
  version: Type.String(),
  source: optional(Type.String({ description: 'digest of what the wheel was built from' })),
  wheel: orNull(Type.String({ description: 'sha256 of the wheel' })),
  checkout: optional(Type.String({ description: 'the commit that the checkout stood at' })),
});

const component = Type.Object({
  commit: Type.String({ description: 'the commit that it was last in step with' }),
  files: map(file, 'by path in the target'),
  dirs: Type.Array(Type.String(), { description: 'folders that Lockstep made' }),
  package: optional(installed),
});

const config = Type.Object({
  from: Type.String(),
  blob: Type.String(),
  salt: Type.String(),
  keys: map(Type.String(), "key path to a salted digest of main's value"),
});

const decision = Type.Object({
  path: Type.String(),
  key: optional(Type.String({ description: 'key path, as a JSON list' })),
  component: optional(Type.String({ description: 'the component that is decided about as a whole' })),
  choice: oneOf(['kept', 'replaced'], 'whose side was taken'),
  cause: Type.String(),
  main: Type.String({ description: 'what main offered' }),
  owner: Type.String({ description: 'what the owner had' }),
});

/** A receipt, format 1. */
export const receiptSchema: TSchema = Type.Object(
  {
    format: Type.Literal(receiptFormat),
    project: text('the main project'),
    target: Type.String(),
    commit: orNull(Type.String({ description: 'the commit of the last complete sync' })),
    version: orNull(Type.String({ description: 'the version label' })),
    run: Type.String(),
    time: Type.String({ format: 'date-time', description: 'ISO 8601, UTC' }),
    components: map(component, 'by name'),
    config: map(config, 'by path in the target'),
    decisions: Type.Array(decision),
    restored: optional(
      map(
        Type.Object({ backup: Type.String(), time: Type.String({ description: 'when it was made' }) }),
        'the backups that components were brought back to since their last sync, by component',
      ),
    ),
    restoredPaths: optional(
      map(
        Type.Object({
          component: Type.String(),
          backup: Type.String(),
          time: Type.String({ description: 'when it was made' }),
        }),
        'the same where only some paths were brought back, by path',
      ),
    ),
    quarantine: optional(
      Type.Array(
        Type.Object({
          component: Type.String(),
          commit: Type.String(),
          backup: Type.String({ description: 'the backup that it was brought back to' }),
          time: Type.String({ description: 'when it was brought back' }),
        }),
        { description: 'commits that a rollback took back: they do not come again unasked' },
      ),
    ),
    steps: optional(map(Type.String(), 'digests of what steps that start programs did, by step id')),
  },
  { description: 'what was last synced into a target' },
);
