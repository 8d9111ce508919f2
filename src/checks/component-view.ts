/** What checks of copied components start from: the files that main wants in the target, the commit that each component is at, and what a recorded decision lets differ. */
import type { ResolvedComponent } from '../domain/components.ts';
import { LockstepError } from '../domain/errors.ts';
import { nearestName } from '../domain/nearest.ts';
import type { RootedPath } from '../domain/paths.ts';
import type { Decision, ReceiptComponent } from '../domain/receipt.ts';
import { componentFiles } from '../integrations/component-files.ts';
import type { CheckContext } from './check.ts';

/** A component that the receipt has at another commit than the one that is looked at. */
export interface EarlierComponent extends Pick<ReceiptComponent, 'files'> {
  readonly name: string;
  /** The commit that it was last in step with. */
  readonly at: string;
}

export interface ComponentView {
  /** The components that were asked for and that this type of target gets. */
  readonly components: readonly ResolvedComponent[];
  /** Those of them that are at the commit that is looked at; all of them in a target without a receipt. */
  readonly current: readonly ResolvedComponent[];
  /** Those that are at another commit: rolled back, or brought forward alone. */
  readonly earlier: readonly EarlierComponent[];
  /** Names of those that main has files for, and of which the receipt says nothing. */
  readonly unsynced: readonly string[];
  readonly decisions: ReadonlyMap<RootedPath, Decision>;
}

const byCommit = (
  { receipt, main }: Pick<CheckContext, 'receipt' | 'main'>,
  chosen: readonly ResolvedComponent[],
): Pick<ComponentView, 'current' | 'earlier' | 'unsynced'> => {
  if (receipt === undefined) return { current: chosen, earlier: [], unsynced: [] };
  const recorded = ({ name }: ResolvedComponent): ReceiptComponent | undefined => receipt.components[name];
  return {
    current: chosen.filter((component) => recorded(component)?.commit === main.commit),
    earlier: chosen.flatMap((component) => {
      const { commit: at = main.commit, files = {} } = recorded(component) ?? {};
      return at === main.commit ? [] : [{ name: component.name, at, files }];
    }),
    unsynced: chosen
      .filter((component) => recorded(component) === undefined && component.files.size > 0)
      .map(({ name }) => name),
  };
};

const fileDecisions = ({ receipt }: Pick<CheckContext, 'receipt'>): ComponentView['decisions'] =>
  new Map(
    (receipt?.decisions ?? []).filter(({ key }) => key === undefined).map((decision) => [decision.path, decision]),
  );

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
  const chosen = components.filter(({ name, applies }) => applies && (asked === undefined || asked.includes(name)));
  return { components: chosen, ...byCommit(context, chosen), decisions: fileDecisions(context) };
};
