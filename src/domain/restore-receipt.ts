/** The receipt that a restore leads to: the restored components as the backup's receipt had them, the others as they are. Pure. */
import type { BackupManifest } from './backup.ts';
import { type Decision, type Receipt, type ReceiptComponent, receiptFormat } from './receipt.ts';

export interface RestoredReceiptFacts {
  readonly manifest: Pick<BackupManifest, 'target' | 'entries' | 'receipt'>;
  readonly current: Receipt | undefined;
  /** The components that are restored whole. */
  readonly restored: ReadonlySet<string>;
  readonly extent: 'everything' | 'some components';
  readonly project: string;
  readonly run: string;
  /** ISO 8601 UTC. */
  readonly time: string;
}

/** Says whether a decision belongs to a restored component. */
const belongs = ({ manifest, current, restored, extent }: RestoredReceiptFacts): ((decision: Decision) => boolean) => {
  const owners = new Map<string, string>();
  for (const receipt of [current, manifest.receipt]) {
    for (const [name, { files }] of Object.entries(receipt?.components ?? {})) {
      for (const path of Object.keys(files)) owners.set(path, name);
    }
    for (const path of Object.keys(receipt?.config ?? {})) owners.set(path, 'config');
  }
  for (const { path, component } of manifest.entries) owners.set(path, component);
  return ({ path, key }) => {
    const owner = key === undefined ? owners.get(path) : 'config';
    return owner === undefined ? extent === 'everything' : restored.has(owner);
  };
};

/** A receipt without components, when there was none at the time of the backup: the receipt is what commits the restore. */
export const restoredReceipt = (facts: RestoredReceiptFacts): Receipt => {
  const { manifest, current, restored, extent } = facts;
  const old = manifest.receipt;
  const mine = belongs(facts);
  const components: Record<string, ReceiptComponent> = {};
  for (const [name, component] of Object.entries(current?.components ?? {})) {
    if (!restored.has(name)) components[name] = component;
  }
  for (const [name, component] of Object.entries(old?.components ?? {})) {
    if (restored.has(name)) components[name] = component;
  }
  const whole = extent === 'everything' ? old : current;
  return {
    format: receiptFormat,
    project: facts.project,
    target: manifest.target,
    commit: whole?.commit ?? null,
    version: whole?.version ?? null,
    run: facts.run,
    time: facts.time,
    components,
    config: { ...(restored.has('config') ? old?.config : current?.config) },
    decisions: [
      ...(current?.decisions ?? []).filter((decision) => !mine(decision)),
      ...(old?.decisions ?? []).filter(mine),
    ],
  };
};
