/** The step that brings the package of a target in step with main, in the way of its integration type. */
import { Type } from '@sinclair/typebox';
import { integrationOf } from '../integrations/index.ts';
import type { StepKind } from './step.ts';

const policies = ['keep', 'replace', 'fail'] as const;

export const reinstall: StepKind = {
  name: 'reinstall',
  summary: "Installs the main project's package as the run's commit builds it.",
  with: Type.Object(
    {
      on_conflict: Type.Optional(
        Type.Union(
          policies.map((policy) => Type.Literal(policy)),
          {
            default: 'keep',
            description:
              'What happens to a file of the package that its owner edited and main changed too, and to a whole package that its owner replaced.',
          },
        ),
      ),
    },
    { additionalProperties: false },
  ),
  mutates: true,
  executes: ({ package: { from, path } }) => from === 'index' || path !== null,
  idempotent: true,
  plan: (context, options, id) => {
    const policy = policies.find((one) => one === options.on_conflict);
    return integrationOf(context.layout.type).planPackage(
      context,
      id,
      policy === undefined ? {} : { onConflict: policy },
    );
  },
};
