/** `rollback`: puts everything back that this run changed in the target. */
import { Type } from '@sinclair/typebox';
import type { StepKind } from './step.ts';

export const rollback: StepKind = {
  name: 'rollback',
  summary: 'For on_failure: undoes everything that the run did to the target.',
  with: Type.Object({}, { additionalProperties: false }),
  // It changes nothing that the transaction did not change before, so it needs no backup of its own.
  mutates: false,
  idempotent: true,
  plan: async (_context, _options, id) => ({
    id,
    uses: 'rollback',
    actions: [{ kind: 'note', sign: '~', text: 'put everything back that this run changed' }],
    skipped: null,
    patch: {},
    warnings: [],
  }),
  apply: (context) => context.undo(),
};
