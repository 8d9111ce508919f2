/** What `sync.config.yaml` may say of how long records and backups are kept. */
import { type TSchema, Type } from '@sinclair/typebox';
import { closed } from './words.ts';

const optional = Type.Optional;

const keepRules = {
  keep_last: optional(Type.Integer({ minimum: 1, description: 'the newest ones that are kept, whatever their age' })),
  keep_within: optional(
    Type.String({
      pattern: '^[1-9][0-9]{0,6}(ms|s|m|h|d)$',
      description: 'how young one is kept, however many there are: a number and ms, s, m, h or d, such as 90d',
    }),
  ),
};

/** How long records of runs are kept. */
export const runs: TSchema = Type.Object(keepRules, {
  ...closed(
    'records of runs: one that neither rule keeps goes, unless something refers to it; 50 and 90d when left out',
  ),
  minProperties: 1,
});

/** How long backups are kept. */
export const backups: TSchema = Type.Object(
  {
    ...keepRules,
    targets: optional(
      Type.Record(
        Type.String({ minLength: 1 }),
        Type.Object(keepRules, { ...closed('the rules of one target, in place of the usual ones'), minProperties: 1 }),
        { description: 'rules of single targets, by name' },
      ),
    ),
  },
  {
    ...closed(
      'backups of each target: `backup prune` removes one that neither rule keeps, unless something needs it; 20 and 30d when left out',
    ),
    minProperties: 1,
  },
);
