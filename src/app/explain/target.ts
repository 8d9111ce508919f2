/** Explains how a target stands: its status with the cause, and that of every component. Reads only. */
import type { ResolvedComponent } from '../../domain/components.ts';
import { LockstepError, messageOf } from '../../domain/errors.ts';
import { type FileVerdict, isWritten } from '../../domain/file-compare.ts';
import { compareComponents } from '../../integrations/compare-components.ts';
import { integrationOf } from '../../integrations/index.ts';
import type { TargetContext } from '../../integrations/target-context.ts';
import { planConfig } from '../../steps/merge-config/plan.ts';
import type { Seen } from '../look.ts';
import type { Prepared } from '../prepare.ts';
import { notBrought } from './brought.ts';

/** `kept`: in step but for what its owner has another way; `not-synced`: this type of target does not get it. */
export type ComponentStanding = 'in-step' | 'behind' | 'kept' | 'stops' | 'linked' | 'not-synced' | 'unknown';

export interface ComponentExplanation {
  readonly component: string;
  readonly standing: ComponentStanding;
  readonly cause: string;
  /** The commit that it was last in step with; null when it was never synced. */
  readonly commit: string | null;
  readonly files: number;
}

export interface TargetExplanation {
  readonly kind: 'target';
  readonly target: string;
  readonly path: string;
  readonly type: string;
  readonly status: Seen['status'];
  readonly cause: string;
  /** The commit of its last complete sync, the run that ended it, and when; null before the first. */
  readonly synced: {
    readonly commit: string | null;
    readonly run: string;
    readonly time: string;
    readonly recorded: boolean;
  } | null;
  readonly components: readonly ComponentExplanation[];
  readonly decisions: number;
}

const count = (verdicts: readonly FileVerdict[], which: (one: FileVerdict) => boolean): number =>
  verdicts.filter(which).length;

const isKept = ({ verdict }: FileVerdict): boolean => ['kept', 'kept-again', 'owner-only'].includes(verdict);

const judged = (verdicts: readonly FileVerdict[]): Pick<ComponentExplanation, 'standing' | 'cause'> => {
  const coming = count(verdicts, isWritten);
  const going = count(verdicts, ({ verdict }) => verdict === 'remove');
  const kept = count(verdicts, isKept);
  const first = verdicts.find((one) => isWritten(one) || one.verdict === 'remove') ?? verdicts.find(isKept);
  const example = first === undefined ? '' : ` (${first.path}: ${first.cause})`;
  const stays = kept === 0 ? '' : `${kept} kept as the owner has ${kept === 1 ? 'it' : 'them'}`;
  if (coming + going > 0) {
    const parts = [
      ...(coming > 0 ? [`${coming} to write`] : []),
      ...(going > 0 ? [`${going} to remove`] : []),
      ...(stays === '' ? [] : [stays]),
    ];
    return { standing: 'behind', cause: `${parts.join(', ')}${example}` };
  }
  if (kept > 0) return { standing: 'kept', cause: `${stays}${example}` };
  const one = verdicts.length === 1;
  return {
    standing: 'in-step',
    cause: `${verdicts.length} ${one ? 'file is' : 'files are'} as main has ${one ? 'it' : 'them'}`,
  };
};

/** Expected trouble with one component is its own standing, and hides no other's. */
const orUnknown = async (
  component: string,
  explain: () => Promise<ComponentExplanation>,
): Promise<ComponentExplanation> => {
  try {
    return await explain();
  } catch (error) {
    if (!(error instanceof LockstepError)) throw error;
    const standing = error.code === 'conflict-refused' ? 'stops' : 'unknown';
    const why =
      standing === 'stops'
        ? `a sync stops before it writes: ${error.details[0] ?? messageOf(error)}`
        : messageOf(error);
    return { component, standing, cause: why, commit: null, files: 0 };
  }
};

const commitOf = ({ receipt }: TargetContext, component: string): string | null =>
  receipt?.components[component]?.commit ?? null;

const explainPackage = async (context: TargetContext): Promise<ComponentExplanation> => {
  const { state, cause } = await integrationOf(context.layout.type).assess(context);
  const files = Object.keys(context.receipt?.components.package?.files ?? {}).length;
  return { component: 'package', standing: state, cause, commit: commitOf(context, 'package'), files };
};

const explainComponent = async (
  context: TargetContext,
  all: readonly ResolvedComponent[],
  component: ResolvedComponent,
): Promise<ComponentExplanation> => {
  const { name, applies, files } = component;
  const shared = { component: name, commit: commitOf(context, name), files: files.size };
  if (!applies) return { ...shared, standing: 'not-synced', cause: `not synced here: ${component.cause}` };
  const { compared } = await compareComponents({ context, all, names: new Set([name]), complete: false });
  return { ...shared, ...judged(compared[0]?.verdicts ?? []) };
};

const explainConfigFiles = async (context: TargetContext): Promise<ComponentExplanation> => {
  const plans = await planConfig(context, 'full');
  const writing = plans.filter(({ action }) => action !== 'none');
  const kept = plans.flatMap(({ path, kept: lines }) =>
    lines.map(({ key, cause }) => `${path}: ${key.join('.')}: ${cause}`),
  );
  const [example] = kept;
  const commit = Object.keys(context.receipt?.config ?? {}).length === 0 ? null : (context.receipt?.commit ?? null);
  const shared = { component: 'config', commit, files: plans.length };
  if (writing.length > 0) {
    const told = writing.map(({ path, action, changes, cause }) =>
      action === 'merge' ? `${path}: ${changes.length} keys to set` : `${path}: ${cause}`,
    );
    return { ...shared, standing: 'behind', cause: told.join('; ') };
  }
  if (plans.length === 0)
    return {
      ...shared,
      standing: 'not-synced',
      cause: `no configuration file goes into targets of type ${context.layout.type}`,
    };
  return example === undefined
    ? { ...shared, standing: 'in-step', cause: plans.map(({ path, cause }) => `${path}: ${cause}`).join('; ') }
    : { ...shared, standing: 'kept', cause: `${kept.length} keys differ and stay (${example})` };
};

/** Every component that this project has. */
export const explainComponents = async (
  { context, pipeline }: Pick<Prepared, 'context' | 'pipeline'>,
  components: readonly ResolvedComponent[],
): Promise<readonly ComponentExplanation[]> => {
  const found: ComponentExplanation[] = [];
  const add = async (component: string, explain: () => Promise<ComponentExplanation>): Promise<void> => {
    const cause = notBrought(pipeline, component);
    const passed = { component, standing: 'not-synced', commit: commitOf(context, component), files: 0 } as const;
    found.push(cause === undefined ? await orUnknown(component, explain) : { ...passed, cause });
  };
  await add('package', () => explainPackage(context));
  for (const component of components) await add(component.name, () => explainComponent(context, components, component));
  if (context.project.config.length > 0) await add('config', () => explainConfigFiles(context));
  return found;
};
