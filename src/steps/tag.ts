/** `tag`: writes into the receipt which version of main the target has, and tags a target that is a git repository itself. */
import { type Static, Type } from '@sinclair/typebox';
import { LockstepError } from '../domain/errors.ts';
import type { RefAction, StepPlan, TagAction } from '../domain/plan.ts';
import { isRelease } from '../domain/tag-name.ts';
import { makeTag } from '../integrations/repository-tag/object.ts';
import { tagOf } from '../integrations/repository-tag/wish.ts';
import { planRepositoryTag, type TagGround } from '../integrations/repository-tag.ts';
import type { TargetContext } from '../integrations/target-context.ts';
import type { PlanContext, StepKind } from './step.ts';

const options = Type.Object(
  {
    version: Type.Optional(
      Type.String({ minLength: 1, description: "what `git describe --tags` says of the run's commit when left out" }),
    ),
  },
  { additionalProperties: false },
);

const groundOf = ({ ports, layout, signal }: TargetContext): TagGround => ({ ports, roots: layout.roots, signal });

const placed = ({ planned }: PlanContext) => planned.flatMap(({ actions }) => actions);

interface InRepository {
  readonly actions: readonly TagAction[];
  readonly warnings: readonly string[];
}

/** A commit between two releases that brought nothing else is not worth a tag in the owner's repository. */
const worthATag = (context: PlanContext, version: string): boolean =>
  isRelease(version) || placed(context).some(({ kind }) => kind === 'file' || kind === 'ref');

const inRepository = async (context: PlanContext, version: string): Promise<InRepository> => {
  const wish = tagOf(context.project, { target: context.target.name, version, commit: context.run.commit });
  if (wish === null || !worthATag(context, version)) return { actions: [], warnings: [] };
  const moves = placed(context).filter((action): action is RefAction => action.kind === 'ref');
  const outlook = await planRepositoryTag(groundOf(context), { ...wish, moves, existing: 'stays' });
  switch (outlook.kind) {
    case 'tag':
      return { actions: [outlook.action], warnings: [] };
    case 'cannot':
      return { actions: [], warnings: [`the git tag ${wish.name} is left out: ${outlook.why}`] };
    case 'elsewhere': {
      const at = outlook.at.slice(0, 10);
      const text = `the git tag ${wish.name} stays where it is, at ${at}; to move it: lockstep target tag ${context.target.name} --version ${version} --force`;
      return { actions: [], warnings: [text] };
    }
    default:
      return { actions: [], warnings: [] };
  }
};

export const tag: StepKind = {
  name: 'tag',
  summary: 'Records the version that the target was brought to, and tags a target that is a git repository.',
  with: options,
  mutates: false,
  idempotent: true,
  // The tag names the commit that the run leaves there, and depends on whether the run brings anything.
  plansLate: true,
  plan: async (context, given, id): Promise<StepPlan> => {
    const { run, receipt, fill } = context;
    const asked = (given as Static<typeof options>).version;
    const version = (asked === undefined ? null : fill(asked)) ?? run.version;
    const nothing = { id, uses: 'tag', actions: [], patch: {}, warnings: [] };
    if (version === null || version === '') return { ...nothing, skipped: "no tag of main reaches the run's commit" };
    const before = receipt?.version ?? null;
    if (before === version) return { ...nothing, skipped: `it is tagged ${version} already` };
    const text = before === null ? `tag ${version}` : `tag ${version} (was ${before})`;
    // What an earlier step will say is not known yet: planned again right before this step, when it is.
    const known = asked === undefined || context.values?.unknown(asked) !== true;
    const { actions, warnings } = known ? await inRepository(context, version) : { actions: [], warnings: [] };
    return {
      ...nothing,
      actions: [{ kind: 'note', sign: before === null ? '+' : '~', text }, ...actions],
      warnings,
      skipped: null,
      patch: { version },
    };
  },
  // The version is part of the receipt, which is committed last.
  apply: async (context, plan) => {
    for (const action of plan.actions) {
      if (action.kind !== 'tag') continue;
      if (context.place === undefined) throw new LockstepError('step-failed', 'nothing can be tagged here');
      const { actions, contents } = await makeTag(groundOf(context), action);
      for (const [digest, content] of contents) context.provide(digest, content);
      await context.place(actions);
    }
    context.outputs.set(plan.id, { version: plan.patch.version ?? null });
  },
};
