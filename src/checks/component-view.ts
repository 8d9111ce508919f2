/** What checks of copied components start from: the files that main wants in the target, and which of them a recorded decision lets differ. */
import type { ResolvedComponent } from '../domain/components.ts';
import { LockstepError } from '../domain/errors.ts';
import { nearestName } from '../domain/nearest.ts';
import type { RootedPath } from '../domain/paths.ts';
import type { Decision } from '../domain/receipt.ts';
import { componentFiles } from '../integrations/component-files.ts';
import type { CheckContext } from './check.ts';

export interface ComponentView {
  /** The components that were asked for and that this type of target gets. */
  readonly components: readonly ResolvedComponent[];
  readonly decisions: ReadonlyMap<RootedPath, Decision>;
}

/** Throws `unknown-name` for a component that the project lacks, and what resolving throws. */
export const viewComponents = async (
  context: CheckContext,
  asked: readonly string[] | undefined,
): Promise<ComponentView> => {
  const { components } = await componentFiles(context);
  const known = components.map(({ name }) => name);
  for (const name of asked ?? []) {
    if (known.includes(name)) continue;
    const near = nearestName(name, known);
    throw new LockstepError('unknown-name', `there is no component ${name}`, {
      hint: near === undefined ? `there are ${known.join(', ') || 'none'}` : `did you mean ${near}?`,
    });
  }
  return {
    components: components.filter(({ name, applies }) => applies && (asked === undefined || asked.includes(name))),
    decisions: new Map(
      (context.receipt?.decisions ?? [])
        .filter(({ key }) => key === undefined)
        .map((decision) => [decision.path, decision]),
    ),
  };
};
