/** Says of a backup why it must not go: work under way, a run without an end, a decision, a quarantine or a restore that names it. Reads only. */
import type { BackupManifest } from '../../domain/backup.ts';
import { LockstepError, messageOf } from '../../domain/errors.ts';
import type { Receipt } from '../../domain/receipt.ts';
import { listJournals } from '../../store/journal.ts';
import { readPlans } from '../../store/runs/read.ts';
import type { MainProject } from '../main-project.ts';
import { factsOf, isAlive, standingDecision } from '../records/references.ts';
import { workUnderWay } from '../under-way.ts';

/** undefined when nothing needs it. Throws only bugs. */
export type NeededBy = (manifest: BackupManifest) => string | undefined;

const byReceipt = (main: MainProject, { id, target, run }: BackupManifest, receipt: Receipt): string | undefined => {
  const restored = Object.entries(receipt.restored ?? {}).find(([, { backup }]) => backup === id);
  if (restored !== undefined) return `${restored[0]} stands at it since a restore`;
  const path = Object.entries(receipt.restoredPaths ?? {}).find(([, { backup }]) => backup === id);
  if (path !== undefined) return `${path[0]} stands at it since a restore`;
  const taken = receipt.quarantine?.find(({ backup }) => backup === id);
  if (taken !== undefined) return `commit ${taken.commit.slice(0, 10)} is in quarantine since it was restored`;
  if (run === null || receipt.decisions.length === 0) return undefined;
  const plans = readPlans(main.ports, main.state, run);
  if (plans === 'damaged') return `the plan of its run cannot be read, and ${target} holds decisions`;
  const decision = standingDecision(receipt, plans[target]);
  return decision === undefined ? undefined : `a decision was made when it was: ${decision.path}`;
};

/** The answer as a cause: what cannot be read keeps everything that it may speak of. */
const told = (look: () => string | undefined): string | undefined => {
  try {
    return look();
  } catch (error) {
    if (!(error instanceof LockstepError)) throw error;
    return messageOf(error);
  }
};

/**
 * Looks once. Who is at work is looked at before the receipts: work that ends in between has its receipt there by then.
 * The answer holds for as long as no backup can be made, nor be restored.
 */
export const backupNeeds = (main: MainProject): NeededBy => {
  const { ports, state, registry } = main;
  const working = new Map(
    registry.read().targets.map((record) => [record.name, told(() => workUnderWay(main, record))] as const),
  );
  const journals = listJournals(ports, state);
  const receipts = new Map(factsOf(main).map(({ name, receipt }) => [name, receipt]));
  return (manifest) => {
    const { target, run } = manifest;
    const work = working.get(target);
    if (work !== undefined) return work;
    const cutOff = journals.find((journal) => journal.run === run);
    if (cutOff !== undefined) return `run ${cutOff.run} did not come to its end in ${cutOff.target}`;
    const receipt = receipts.get(target);
    if (receipt === 'unknown') return `the receipt of ${target} cannot be read`;
    return told(() => {
      if (run !== null && isAlive(main, run)) return `run ${run} may still be going on`;
      return receipt === undefined ? undefined : byReceipt(main, manifest, receipt);
    });
  };
};
