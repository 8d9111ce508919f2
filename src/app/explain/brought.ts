/** Whether a target's pipeline brings a component at all. Pure. */
import type { Pipeline } from '../../pipeline/pipeline.ts';

/** Why a sync of the target passes over a component; undefined when some step of its pipeline brings it. */
export const notBrought = (
  { name, steps }: Pick<Pipeline, 'name' | 'steps'>,
  component: string,
): string | undefined => {
  const uses = component === 'package' ? 'reinstall' : component === 'config' ? 'merge-config' : 'copy';
  const brings = steps.some((step) => {
    const { components } = step.with;
    return step.uses === uses && (uses !== 'copy' || !Array.isArray(components) || components.includes(component));
  });
  return brings ? undefined : `not synced here: no \`${uses}\` step of its pipeline ${name} brings ${component}`;
};
