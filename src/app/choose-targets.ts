/** Which registered targets a command means. */
import { LockstepError } from '../domain/errors.ts';
import { nearestName } from '../domain/nearest.ts';
import type { TargetRecord } from '../domain/target.ts';

/** The record of a name, or of the reference's path form. Throws `unknown-target` with the nearest name. */
export const targetNamed = (targets: readonly TargetRecord[], name: string): TargetRecord => {
  const plain = name.replace(/\/+$/, '');
  const found = targets.find((target) => target.name === plain) ?? targets.find((target) => target.path === plain);
  if (found !== undefined) return found;
  const nearest = nearestName(
    name,
    targets.map((target) => target.name),
  );
  throw new LockstepError('unknown-target', `there is no target named ${name}`, {
    hint:
      nearest !== undefined
        ? `did you mean ${nearest}?`
        : targets.length === 0
          ? 'register one: lockstep target add <name> --path <folder>'
          : 'lockstep target list shows them',
  });
};

export type TargetChoice = { readonly names: readonly string[] } | 'all';

/** Targets in the registry's order, each once. Targets on hold are left out of `all`. */
export const chooseTargets = (targets: readonly TargetRecord[], choice: TargetChoice): readonly TargetRecord[] => {
  if (choice === 'all') return targets.filter((target) => target.hold !== true);
  const chosen = new Set(choice.names.map((name) => targetNamed(targets, name).name));
  return targets.filter((target) => chosen.has(target.name));
};
