/** Which records of runs something still refers to: a decision, a backup, a run that did not come to its end. Reads only. */
import { LockstepError, messageOf } from '../../domain/errors.ts';
import type { TargetPlan } from '../../domain/plan.ts';
import type { Decision, Receipt } from '../../domain/receipt.ts';
import { listJournals } from '../../store/journal.ts';
import { readEnds, readPlans } from '../../store/runs/read.ts';
import { targetPath } from '../layouts.ts';
import type { MainProject } from '../main-project.ts';
import { receiptOf } from '../synced-state.ts';

/** Why the record of a run has to stay; undefined when nothing refers to it. Throws only bugs. */
export type Referred = (run: string) => string | undefined;

const decisionKey = ({ path, key, choice, main, owner }: Decision): string =>
  JSON.stringify([path, key ?? null, choice, main, owner]);

export interface TargetFacts {
  readonly name: string;
  /** `unknown` when it could not be read: then nothing of this target goes. */
  readonly receipt: Receipt | 'unknown' | undefined;
}

/** What the receipt of every registered target says. */
export const factsOf = (main: MainProject): readonly TargetFacts[] =>
  main.registry.read().targets.map((record) => {
    const { name } = record;
    try {
      // A folder that is not there now, such as one on a disk that is not mounted, may come back with its receipt.
      if (main.ports.files.real(targetPath(main, record)) === undefined) return { name, receipt: 'unknown' };
      return { name, receipt: receiptOf(main, record) };
    } catch (error) {
      if (!(error instanceof LockstepError)) throw error;
      return { name, receipt: 'unknown' };
    }
  });

const decisionsOf = (plan: TargetPlan | undefined): readonly Decision[] =>
  (plan?.steps ?? []).flatMap((step) => step.patch.decisions ?? []);

/** A decision that still stands and was made by a plan; undefined when there is none. */
export const standingDecision = (receipt: Receipt, plan: TargetPlan | undefined): Decision | undefined => {
  const standing = new Set(receipt.decisions.map(decisionKey));
  return decisionsOf(plan).find((one) => standing.has(decisionKey(one)));
};

/** Whether a run may still be going on: it has a start and no end, and its process is not certainly dead. Throws `format-newer`. */
export const isAlive = (main: MainProject, run: string): boolean => {
  const { start, result } = readEnds(main.ports, main.state, run);
  if (result !== undefined || start === undefined) return false;
  return start.owner === null || main.ports.identity.alive(start.owner) !== 'dead';
};

/** Looks once at receipts, backups and journals; the answer holds for as long as the caller keeps others from changing them. */
export const referencesTo = (main: MainProject): Referred => {
  const { ports, state, backups } = main;
  const targets = factsOf(main);
  const byBackup = new Map(backups.list().flatMap(({ run, id }) => (run === null ? [] : [[run, id] as const])));
  const [damaged] = backups.damaged();
  const journals = new Map(listJournals(ports, state).map((journal) => [journal.run, journal.target]));

  const byTargets = (run: string): string | undefined => {
    const plans = readPlans(ports, state, run);
    for (const { name, receipt } of targets) {
      if (receipt === undefined) continue;
      if (receipt === 'unknown') {
        if (plans === 'damaged' || plans[name] !== undefined) return `the receipt of ${name} cannot be read`;
        continue;
      }
      if (receipt.run === run) return `the receipt of ${name} names it`;
      if (receipt.decisions.length === 0) continue;
      if (plans === 'damaged') return `its plan cannot be read, and ${name} holds decisions`;
      const decision = standingDecision(receipt, plans[name]);
      if (decision !== undefined) return `a decision in ${name} was made in it: ${decision.path}`;
    }
    return undefined;
  };

  return (run) => {
    const target = journals.get(run);
    if (target !== undefined) return `it did not come to its end in ${target}`;
    const backup = byBackup.get(run);
    if (backup !== undefined) return `backup ${backup} was made in it`;
    if (damaged !== undefined) return `backup ${damaged.id} cannot be read, and may have been made in it`;
    try {
      return isAlive(main, run) ? 'it may still be running' : byTargets(run);
    } catch (error) {
      if (!(error instanceof LockstepError)) throw error;
      return messageOf(error);
    }
  };
};
