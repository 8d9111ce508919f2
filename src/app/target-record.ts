/** Writes what became of a target into its registry entry; a status set by hand ends there. */
import { LockstepError, messageOf } from '../domain/errors.ts';
import type { TargetRecord } from '../domain/target.ts';
import type { MainProject } from './main-project.ts';

/** A record with a change; what a person set by hand gives way to what is known now. */
export const changed = (record: TargetRecord, change: Partial<TargetRecord>): TargetRecord => {
  const { status_by_hand: _byHand, ...rest } = record;
  return { ...rest, ...change };
};

/** Changes one target's entry; one that was removed meanwhile stays removed. Throws what the registry throws. */
export const recordTarget = async (main: MainProject, name: string, change: Partial<TargetRecord>): Promise<void> => {
  await main.registry.update((registry) => ({
    ...registry,
    targets: registry.targets.map((target) => (target.name === name ? changed(target, change) : target)),
  }));
};

/**
 * Does what comes after a result that stands already, such as telling the registry: trouble there changes nothing of
 * the result. Answers with that trouble, as lines for a person.
 */
export const afterwards = async (work: () => Promise<void>): Promise<readonly string[]> => {
  try {
    await work();
    return [];
  } catch (error) {
    if (!(error instanceof LockstepError)) throw error;
    return [`what became of it could not be recorded: ${messageOf(error)}; then: lockstep sync status`];
  }
};
