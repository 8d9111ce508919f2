/** The receipt that a restore leads to: the restored components as the backup's receipt had them, the others as they are. Pure. */
import type { BackupManifest } from './backup.ts';
import { ownerOf, stateOfRecord } from './file-compare.ts';
import { sameContent } from './file-state.ts';
import type { RootedPath } from './paths.ts';
import { takenBack } from './quarantine.ts';
import { type Decision, type Receipt, type ReceiptComponent, receiptFormat } from './receipt.ts';
import { type Covers, coversPaths } from './restore-paths.ts';
import { writesOf } from './write-globs.ts';

export interface RestoredReceiptFacts {
  readonly manifest: Pick<BackupManifest, 'id' | 'time' | 'target' | 'occasion' | 'entries' | 'receipt'>;
  readonly current: Receipt | undefined;
  /** The components that are restored, whole or in part. */
  readonly restored: ReadonlySet<string>;
  /** The paths that are restored of them, each with all below it; null for all. */
  readonly paths: readonly RootedPath[] | null;
  readonly extent: 'everything' | 'some components';
  readonly project: string;
  readonly run: string;
  /** ISO 8601 UTC. */
  readonly time: string;
}

/** Says whether a decision belongs to what is restored. */
const belongs = (facts: RestoredReceiptFacts): ((decision: Decision) => boolean) => {
  const { manifest, current, restored, extent, paths } = facts;
  const covers = coversPaths(paths);
  if (paths !== null) return ({ path, component }) => component === undefined && covers(path);
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
const editsBroughtBack = ({ manifest, restored, paths }: RestoredReceiptFacts): readonly Decision[] => {
  const covers = coversPaths(paths);
  return manifest.entries.flatMap(({ path, component, state }) => {
    const record = manifest.receipt?.components[component]?.files[path];
    if (
      !restored.has(component) ||
      !covers(path) ||
      record?.blob === undefined ||
      state.kind === 'dir' ||
      state.kind === 'other'
    )
      return [];
    if (sameContent(state, stateOfRecord(record))) return [];
    const cause = state.kind === 'absent' ? 'deleted here' : 'changed here';
    return [{ path, choice: 'kept', cause, main: record.blob, owner: ownerOf(state) } as const];
  });
};

/** What a program wrote goes back with the backup, so it is no longer done; each step's writes are a component of their own. */
const stepsOf = ({ manifest, current, restored, extent, paths }: RestoredReceiptFacts): Pick<Receipt, 'steps'> => {
  // A part of what a program wrote is what no program wrote: the next sync starts it.
  const old = paths === null ? (manifest.receipt?.steps ?? {}) : {};
  const isBack = (id: string): boolean => extent === 'everything' || restored.has(writesOf(id));
  const kept = Object.entries(current?.steps ?? {}).filter(([id]) => !isBack(id));
  const steps = Object.fromEntries([...kept, ...Object.entries(old).filter(([id]) => isBack(id))]);
  return Object.keys(steps).length === 0 ? {} : { steps };
};

const quarantineOf = ({ manifest, current, restored, time }: RestoredReceiptFacts): Pick<Receipt, 'quarantine'> => {
  const quarantine = takenBack({ manifest, current, components: restored, time });
  return quarantine.length === 0 ? {} : { quarantine };
};

type Components = Readonly<Record<string, ReceiptComponent>>;

const wholeComponents = ({ manifest, current, restored }: RestoredReceiptFacts): Components => ({
  ...Object.fromEntries(Object.entries(current?.components ?? {}).filter(([name]) => !restored.has(name))),
  ...Object.fromEntries(Object.entries(manifest.receipt?.components ?? {}).filter(([name]) => restored.has(name))),
});

/** Of one component, the restored paths as the backup's receipt had them, the others as they are. */
const mixed = (
  current: ReceiptComponent | undefined,
  old: ReceiptComponent | undefined,
  covers: Covers,
): ReceiptComponent | undefined => {
  const base = current ?? old;
  if (base === undefined) return undefined;
  const files = {
    ...Object.fromEntries(Object.entries(current?.files ?? {}).filter(([path]) => !covers(path))),
    ...Object.fromEntries(Object.entries(old?.files ?? {}).filter(([path]) => covers(path))),
  };
  const stays = (current?.dirs ?? []).filter((dir) => !covers(dir));
  const comes = [...Object.keys(old?.files ?? {}), ...(old?.dirs ?? [])].filter(covers);
  // With what comes back, the folders above it do.
  const back = (old?.dirs ?? []).filter((dir) => covers(dir) || comes.some((path) => path.startsWith(`${dir}/`)));
  const dirs = [...new Set([...stays, ...back])].sort();
  return { ...base, files, dirs };
};

const mixedComponents = ({ manifest, current, restored, paths }: RestoredReceiptFacts): Components => {
  const covers = coversPaths(paths);
  const some = [...restored].flatMap((name) => {
    const component = mixed(current?.components[name], manifest.receipt?.components[name], covers);
    return component === undefined ? [] : [[name, component] as const];
  });
  return { ...current?.components, ...Object.fromEntries(some) };
};

const configOf = ({ manifest, current, restored, paths }: RestoredReceiptFacts): Receipt['config'] => {
  if (!restored.has('config')) return { ...current?.config };
  const covers = coversPaths(paths);
  const stays = Object.entries(current?.config ?? {}).filter(([path]) => !covers(path));
  const back = Object.entries(manifest.receipt?.config ?? {}).filter(([path]) => covers(path));
  return Object.fromEntries([...stays, ...back]);
};

/** Where the components and paths stand from now on, in the order of all backups. */
const standingAt = (facts: RestoredReceiptFacts): Pick<Receipt, 'restored' | 'restoredPaths'> => {
  const { manifest, current, restored, paths } = facts;
  const from = { backup: manifest.id, time: manifest.time };
  const earlier = Object.entries(current?.restoredPaths ?? {});
  if (paths === null) {
    const left = earlier.filter(([, { component }]) => !restored.has(component));
    return {
      restored: { ...current?.restored, ...Object.fromEntries([...restored].map((name) => [name, from])) },
      ...(left.length === 0 ? {} : { restoredPaths: Object.fromEntries(left) }),
    };
  }
  const [component = ''] = restored;
  const now = paths.map((path) => [path, { ...from, component: componentAt(facts, path) ?? component }] as const);
  return {
    ...(current?.restored === undefined ? {} : { restored: current.restored }),
    restoredPaths: Object.fromEntries([...earlier, ...now]),
  };
};

/** The component of the first entry at a path or below it. */
const componentAt = ({ manifest }: RestoredReceiptFacts, path: RootedPath): string | undefined =>
  manifest.entries.find((entry) => coversPaths([path])(entry.path))?.component;

/** A receipt without components, when there was none at the time of the backup: the receipt is what commits the restore. */
export const restoredReceipt = (facts: RestoredReceiptFacts): Receipt => {
  const { manifest, current, extent } = facts;
  const old = manifest.receipt;
  const mine = belongs(facts);
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
    components: facts.paths === null ? wholeComponents(facts) : mixedComponents(facts),
    ...standingAt(facts),
    config: configOf(facts),
    decisions: [
      ...(current?.decisions ?? []).filter((decision) => !mine(decision)),
      ...decided,
      ...edits.filter(({ path }) => !paths.has(path)),
    ],
    ...stepsOf(facts),
    ...quarantineOf(facts),
  };
};
