/** `tag`: writes into the receipt which version of main the target has. */
import { type Static, Type } from '@sinclair/typebox';
import type { StepKind } from './step.ts';

const options = Type.Object(
  {
    version: Type.Optional(
      Type.String({ minLength: 1, description: "what `git describe --tags` says of the run's commit when left out" }),
    ),
  },
  { additionalProperties: false },
);

export const tag: StepKind = {
  name: 'tag',
  summary: 'Records the version that the target was brought to.',
  with: options,
  mutates: false,
  idempotent: true,
  plan: async ({ run, receipt, fill }, given, id) => {
    const asked = (given as Static<typeof options>).version;
    const version = (asked === undefined ? null : fill(asked)) ?? run.version;
    const nothing = { id, uses: 'tag', actions: [], patch: {}, warnings: [] };
    if (version === null || version === '') return { ...nothing, skipped: "no tag of main reaches the run's commit" };
    const before = receipt?.version ?? null;
    if (before === version) return { ...nothing, skipped: `it is tagged ${version} already` };
    const text = before === null ? `tag ${version}` : `tag ${version} (was ${before})`;
    return {
      ...nothing,
      actions: [{ kind: 'note', sign: before === null ? '+' : '~', text }],
      skipped: null,
      patch: { version },
    };
  },
  // The tag is part of the receipt, which is committed last.
  apply: async (context, plan) => {
    context.outputs.set(plan.id, { version: plan.patch.version ?? null });
  },
};
