/** Plans every configuration file of one target: what a merge would change in it, what stays, and why. Reads only. */
import { digestKeys } from '../../domain/config-base.ts';
import { type ConfigMerge, mergeConfig } from '../../domain/config-merge.ts';
import type { Edit, Value } from '../../domain/config-value.ts';
import { LockstepError } from '../../domain/errors.ts';
import { ownerOf } from '../../domain/file-compare.ts';
import type { FileState } from '../../domain/file-state.ts';
import type { RootedPath } from '../../domain/paths.ts';
import type { KeyChange } from '../../domain/plan.ts';
import type { Decision, ReceiptConfig } from '../../domain/receipt.ts';
import type { Format } from '../../formats/format.ts';
import { formatOf } from '../../formats/index.ts';
import type { TargetContext } from '../../integrations/target-context.ts';
import type { TreeEntry } from '../../ports.ts';
import { sha256 } from '../../store/main-tree.ts';
import { baseOf, mainFile, mainValue, textOf } from './read.ts';
import { type Obstacle, type Site, saltOf, siteOf } from './site.ts';

/** One configuration file of one target. */
export interface ConfigFilePlan {
  /** Main's file. */
  readonly from: string;
  readonly path: RootedPath;
  readonly action: 'copy' | 'merge' | 'none';
  readonly before: FileState;
  readonly after: FileState;
  /** The bytes to write; absent when there is nothing to do. */
  readonly bytes?: Uint8Array;
  /** Main's blob, for a whole copy. */
  readonly blob?: string;
  readonly cause: string;
  /** `+`, `~`, `-`: masked. */
  readonly changes: readonly KeyChange[];
  /** `=`: differs from main and stays. Masked. */
  readonly kept: readonly KeyChange[];
  /** For the receipt: all that hold, and those that are new with this version of main. */
  readonly decisions: readonly Decision[];
  readonly warnings: readonly string[];
  /** The receipt's entry after the run; undefined when main's file is gone. */
  readonly entry: ReceiptConfig | undefined;
}

const untouched = (site: Site, facts: Partial<ConfigFilePlan> & Pick<ConfigFilePlan, 'cause'>): ConfigFilePlan => ({
  from: site.spec.from,
  path: site.path,
  action: 'none',
  before: site.before,
  after: site.before,
  changes: [],
  kept: [],
  decisions: site.previous,
  warnings: [],
  entry: site.recorded,
  ...facts,
});

const entryFor = (site: Site, blob: string, value: Value): ReceiptConfig => {
  const salt = saltOf(site);
  return { from: site.spec.from, blob, salt, keys: digestKeys(value, salt) };
};

/** The owner deleted the whole file since the last merge: it stays away until they ask for it. */
const stayAway = (site: Site, blob: string, value: Value): ConfigFilePlan => {
  const cause = 'the file was removed by the owner, stays removed';
  const decision: Decision = { path: site.path, choice: 'kept', cause, main: blob, owner: 'deleted' };
  const known = site.previous.some((other) => other.key === undefined && other.main === blob);
  return untouched(site, {
    cause,
    decisions: [decision],
    warnings: known
      ? []
      : [`${site.path}: ${cause}; bring it back with: lockstep config sync ${site.context.target.name} --complete`],
    entry: entryFor(site, blob, value),
  });
};

/**
 * The owner's file cannot be merged into: it stays, and so does what the receipt says of it. Said once for each version
 * of main and of the owner. Throws `conflict-refused` where the policy says so.
 */
const keepWhole = (site: Site, blob: string, { cause, owner, place }: Obstacle): ConfigFilePlan => {
  const { path, spec, absolute, previous } = site;
  const where = place === undefined ? path : `${path}:${place}`;
  if (spec.onConflict === 'fail') {
    throw new LockstepError('conflict-refused', `${where} cannot be merged into, and its policy is fail: ${cause}`, {
      hint: `mend ${absolute}, or set on_conflict of ${spec.from} in sync.config.yaml to keep`,
    });
  }
  const decision: Decision = { path, choice: 'kept', cause, main: blob, owner };
  const known = previous.some((one) => one.key === undefined && one.main === blob && one.owner === owner);
  return untouched(site, {
    cause: `${cause}: kept as it is`,
    decisions: [...previous.filter(({ key }) => key !== undefined), decision],
    warnings: known
      ? []
      : [`${where}: ${cause}: kept as it is, without main's changes; mend ${absolute}, then run again`],
  });
};

const copyWhole = (
  site: Site,
  entry: TreeEntry,
  { bytes, value }: { readonly bytes: Buffer; readonly value: Value },
): ConfigFilePlan => ({
  ...untouched(site, { cause: 'new in main' }),
  action: 'copy',
  after: { kind: 'file', sha256: sha256(bytes), mode: entry.mode === '100755' ? 0o755 : 0o644, size: bytes.length },
  bytes,
  blob: entry.blob,
  decisions: [],
  entry: entryFor(site, entry.blob, value),
});

const keyLine = ({ key }: KeyChange): string => key.join('.');

const warningsOf = (site: Site, { fresh }: ConfigMerge): readonly string[] =>
  fresh.map((line) =>
    line.sign === '='
      ? `${site.path}: ${keyLine(line)} kept (${line.cause})`
      : `${site.path}: ${keyLine(line)} replaced by main's (${line.cause})`,
  );

/** The target's file as it stood when the plan was begun. Throws `target-changed`. */
const ownerBytes = ({ context, absolute, path, before }: Site): Buffer => {
  const bytes = context.ports.files.read(absolute);
  if (before.kind === 'file' && before.sha256 === sha256(bytes)) return bytes;
  throw new LockstepError('target-changed', `${path} changed while it was being read`, { hint: 'run again' });
};

interface Named {
  readonly name: string;
  readonly hint: string;
}

const editNamed = (
  text: string,
  edits: readonly Edit[],
  { format, name, hint, from }: Named & { readonly format: Format; readonly from: string },
): string => {
  try {
    return format.edit(text, edits, from);
  } catch (error) {
    if (!(error instanceof LockstepError)) throw error;
    throw new LockstepError('merge-failed', `${name}: ${error.message}`, { hint: error.hint ?? hint });
  }
};

/** The owner's text and what it says, or why it cannot be read. */
const readOwner = (site: Site): { readonly bytes: Buffer; readonly text: string; readonly value: Value } | Obstacle => {
  const { path, before } = site;
  const bytes = ownerBytes(site);
  try {
    const text = textOf(bytes, path);
    return { bytes, text, value: formatOf(path).parse(text) };
  } catch (error) {
    if (!(error instanceof LockstepError) || error.code !== 'merge-failed') throw error;
    const place = / at (\d+:\d+): /.exec(error.message)?.[1];
    const cause = `it cannot be read: ${error.message}`;
    return { cause, owner: ownerOf(before), ...(place === undefined ? {} : { place }) };
  }
};

const mergeInto = async (
  site: Site,
  blob: string,
  { value: main, bytes: mainBytes }: { readonly value: Value; readonly bytes: Buffer },
): Promise<ConfigFilePlan> => {
  const { context, spec, before, path } = site;
  const format = formatOf(path);
  const named: Named = { name: `${path} of ${context.target.name}`, hint: `mend ${site.absolute}, then run again` };
  const read = readOwner(site);
  if ('cause' in read) return keepWhole(site, blob, read);
  const { bytes, text, value: owner } = read;
  const merge = mergeConfig({
    path,
    base: await baseOf(site, bytes),
    main,
    owner,
    strategies: spec.strategies,
    secrets: context.project.secrets,
    salt: saltOf(site),
    previous: site.previous,
  });
  const { kept, decisions, changes } = merge;
  const inStep = untouched(site, {
    cause: 'in step',
    kept,
    decisions,
    warnings: warningsOf(site, merge),
    entry: entryFor(site, blob, main),
  });
  const edited = editNamed(text, merge.edits, { ...named, format, from: textOf(mainBytes, spec.from) });
  if (edited === text || before.kind !== 'file') return inStep;
  const written = Buffer.from(edited, 'utf8');
  const after: FileState = { kind: 'file', sha256: sha256(written), mode: before.mode, size: written.length };
  return { ...inStep, action: 'merge', cause: 'keys changed in main', changes, after, bytes: written };
};

/** Same blob of main, no key that main always wins: whatever the owner did since, nothing would be edited. */
const nothingMoved = ({ spec, recorded, before }: Site, blob: string): boolean =>
  recorded?.blob === blob &&
  recorded.from === spec.from &&
  before.kind === 'file' &&
  !Object.values(spec.strategies).includes('replace');

/** quick: a file whose version of main was merged already is in step, unread. full: every key that differs is listed. */
export type Look = 'quick' | 'full';

const planFile = async (site: Site, look: Look): Promise<ConfigFilePlan> => {
  const { context, spec, before, path } = site;
  formatOf(path);
  const entry = await mainFile(site);
  if (entry === undefined) {
    const cause = `${spec.from} is not in main at ${context.run.commit.slice(0, 12)}; ${path} is left as it is`;
    return untouched(site, { cause, warnings: [cause] });
  }
  if (site.obstacle !== undefined) return keepWhole(site, entry.blob, site.obstacle);
  if (look === 'quick' && nothingMoved(site, entry.blob)) {
    // A plain file stands there: what was decided about another thing is over.
    return untouched(site, { cause: 'in step', decisions: site.previous.filter(({ key }) => key !== undefined) });
  }
  const main = await mainValue(site, entry.blob);
  if (before.kind === 'file') return mergeInto(site, entry.blob, main);
  if (site.recorded !== undefined && !context.run.complete) return stayAway(site, entry.blob, main.value);
  return copyWhole(site, entry, main);
};

/**
 * One plan per `config:` entry that applies to the target's type. Throws `merge-failed` with line:column for a file of
 * main that cannot be read, `path-refused` for a place that Lockstep must not write, `conflict-refused`.
 */
export const planConfig = async (context: TargetContext, look: Look): Promise<readonly ConfigFilePlan[]> => {
  const sites = context.project.config.flatMap((spec) => siteOf(context, spec) ?? []);
  for (const [i, { path, spec }] of sites.entries()) {
    const other = sites.slice(0, i).find((site) => site.path === path);
    if (other === undefined) continue;
    throw new LockstepError('config-invalid', `${other.spec.from} and ${spec.from} would both be merged into ${path}`);
  }
  const plans: ConfigFilePlan[] = [];
  for (const site of sites) plans.push(await planFile(site, look));
  return plans;
};
