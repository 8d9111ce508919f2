/** The receipt that a restore leads to: the restored components as the backup's receipt had them, the others as they are. Pure. */
import type { BackupManifest } from './backup.ts';
import { ownerOf, stateOfRecord } from './file-compare.ts';
import { sameContent } from './file-state.ts';
import { takenBack } from './quarantine.ts';
import { type Decision, type Receipt, type ReceiptComponent, receiptFormat } from './receipt.ts';
import { writesOf } from './write-globs.ts';

export interface RestoredReceiptFacts {
  readonly manifest: Pick<BackupManifest, 'id' | 'time' | 'target' | 'occasion' | 'entries' | 'receipt'>;
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
  return ({ path, key, component }) => {
    const owner = component ?? (key === undefined ? owners.get(path) : 'config');
    return owner === undefined ? extent === 'everything' : restored.has(owner);
  };
};

/**
 * What the owner had changed when the backup was made, and no run had met yet: it comes back with the backup, kept
 * against the version of main that was synced then. Only copied files: theirs alone name a blob.
 */
const editsBroughtBack = ({ manifest, restored }: RestoredReceiptFacts): readonly Decision[] =>
  manifest.entries.flatMap(({ path, component, state }) => {
    const record = manifest.receipt?.components[component]?.files[path];
    if (!restored.has(component) || record?.blob === undefined || state.kind === 'dir' || state.kind === 'other')
      return [];
    if (sameContent(state, stateOfRecord(record))) return [];
    const cause = state.kind === 'absent' ? 'deleted here' : 'changed here';
    return [{ path, choice: 'kept', cause, main: record.blob, owner: ownerOf(state) } as const];
  });

/** What a program wrote goes back with the backup, so it is no longer done; each step's writes are a component of their own. */
const stepsOf = ({ manifest, current, restored, extent }: RestoredReceiptFacts): Pick<Receipt, 'steps'> => {
  const old = manifest.receipt?.steps ?? {};
  const isBack = (id: string): boolean => extent === 'everything' || restored.has(writesOf(id));
  const kept = Object.entries(current?.steps ?? {}).filter(([id]) => !isBack(id));
  const steps = Object.fromEntries([...kept, ...Object.entries(old).filter(([id]) => isBack(id))]);
  return Object.keys(steps).length === 0 ? {} : { steps };
};

const quarantineOf = ({ manifest, current, restored, time }: RestoredReceiptFacts): Pick<Receipt, 'quarantine'> => {
  const quarantine = takenBack({ manifest, current, components: restored, time });
  return quarantine.length === 0 ? {} : { quarantine };
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
  const edits = editsBroughtBack(facts);
  const isStale = ({ path, key, owner }: Decision): boolean =>
    key === undefined && edits.some((edit) => edit.path === path && edit.owner !== owner);
  const decided = (old?.decisions ?? []).filter(mine).filter((decision) => !isStale(decision));
  const paths = new Set(decided.filter(({ key }) => key === undefined).map(({ path }) => path));
  return {
    format: receiptFormat,
    project: facts.project,
    target: manifest.target,
    commit: whole?.commit ?? null,
    version: whole?.version ?? null,
    run: facts.run,
    time: facts.time,
    components,
    restored: {
      ...current?.restored,
      ...Object.fromEntries([...restored].map((name) => [name, { backup: manifest.id, time: manifest.time }])),
    },
    config: { ...(restored.has('config') ? old?.config : current?.config) },
    decisions: [
      ...(current?.decisions ?? []).filter((decision) => !mine(decision)),
      ...decided,
      ...edits.filter(({ path }) => !paths.has(path)),
    ],
    ...stepsOf(facts),
    ...quarantineOf(facts),
  };
};
