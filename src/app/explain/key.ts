/** Explains keys of a target's configuration files: both sides, who set each last, and which strategy decides. Values are masked, digests salted. Reads only. */
import { digestOf } from '../../domain/config-base.ts';
import { strategiesOf } from '../../domain/config-strategy.ts';
import { type KeyPath, type Value, valueAt } from '../../domain/config-value.ts';
import type { FileState } from '../../domain/file-state.ts';
import { sameState } from '../../domain/file-state.ts';
import type { RootedPath } from '../../domain/paths.ts';
import type { KeyChange } from '../../domain/plan.ts';
import type { KeyStrategy } from '../../domain/project.ts';
import type { Decision } from '../../domain/receipt.ts';
import { showValue } from '../../domain/secrets.ts';
import type { TargetContext } from '../../integrations/target-context.ts';
import { type ConfigFilePlan, planConfig } from '../../steps/merge-config/plan.ts';
import type { MainProject } from '../main-project.ts';
import type { Prepared } from '../prepare.ts';
import { notBrought } from './brought.ts';
import { type ConfigSide, keysIn, keyText } from './config-sides.ts';
import { type Written, writesOf } from './writers.ts';

export interface KeyExplanation {
  readonly key: KeyPath;
  /** Masked; null where there is none. */
  readonly values: { readonly target: string | null; readonly main: string | null };
  /** Salted; null where there is no value, and all of them before the first sync. */
  readonly digests: { readonly target: string | null; readonly main: string | null; readonly synced: string | null };
  /** Who set what stands in the target; `unknown`: it is as main had it, and no run on record wrote it. */
  readonly setBy: 'sync' | 'owner' | 'unknown' | 'nobody';
  readonly setCause: string;
  /** The run that set it; null unless a sync did, and its record is kept. */
  readonly writer: {
    readonly run: string;
    readonly commit: string;
    readonly time: string | null;
    readonly cause: string;
  } | null;
  readonly strategy: KeyStrategy;
  /** The key of `strategies:` that decides; null when none does. */
  readonly strategyFrom: string | null;
  readonly decision: Decision | null;
  /** What a sync would do with it: `+`, `~`, `-`, or `=` for what stays. */
  readonly would: KeyChange['sign'];
  readonly cause: string;
}

export interface ConfigExplanation {
  readonly kind: 'config';
  readonly target: string;
  readonly path: RootedPath;
  readonly absolute: string;
  readonly main: { readonly path: string; readonly commit: string; readonly blob: string | null };
  /** Main's blob at the last merge; null before the first. */
  readonly synced: string | null;
  readonly standing: FileState;
  readonly would: ConfigFilePlan['action'];
  readonly cause: string;
  /** The run on record that wrote the file last. */
  readonly writer: {
    readonly run: string;
    readonly commit: string;
    readonly time: string | null;
    readonly cause: string;
  } | null;
  /** Those that were asked for; all that differ from main when the whole file was. */
  readonly keys: readonly KeyExplanation[];
}

const startsWith = (path: KeyPath, start: KeyPath): boolean =>
  start.every((key, index) => String(path[index]) === String(key));

const reaches = (one: KeyPath, other: KeyPath): boolean => startsWith(one, other) || startsWith(other, one);

const plainWriter = ({ run, commit, time }: Written, cause: string) => ({ run, commit, time, cause });

/** The newest write that changed a key; a whole copy changes all of them. */
const writeOfKey = (
  writes: readonly Written[],
  key: KeyPath,
): { readonly write: Written; readonly cause: string } | undefined => {
  for (const write of writes) {
    const { keys, cause } = write.action;
    if (keys === undefined) return { write, cause };
    const change = keys.find((one) => one.sign !== '=' && reaches(one.key, key));
    if (change !== undefined) return { write, cause: change.cause };
  }
  return undefined;
};

type Setter = Pick<KeyExplanation, 'setBy' | 'setCause' | 'writer'>;

const setterOf = (side: ConfigSide, writes: readonly Written[], key: KeyPath): Setter => {
  const { site, owner } = side;
  const { recorded } = site;
  const value = valueAt(owner, key);
  const synced = recorded?.keys[JSON.stringify(key)];
  const own = (setCause: string): Setter => ({ setBy: 'owner', setCause, writer: null });
  if (recorded === undefined) {
    return value === undefined
      ? { setBy: 'nobody', setCause: 'it is not in the target, which was never synced', writer: null }
      : own('it stood there before the first sync');
  }
  if (value === undefined && synced === undefined)
    return { setBy: 'nobody', setCause: 'it was not in main at the last sync, and is not in the target', writer: null };
  const found = writeOfKey(writes, key);
  const asSynced = value !== undefined && digestOf(value, recorded.salt) === synced;
  const [newest] = writes;
  // The file is as the last run left it: what that run set, nobody touched since.
  const untouched = found !== undefined && found.write === newest && sameState(newest.left, site.before);
  if (found !== undefined && (asSynced || untouched))
    return { setBy: 'sync', setCause: found.cause, writer: plainWriter(found.write, found.cause) };
  if (asSynced)
    return {
      setBy: 'unknown',
      setCause: 'it is as main had it at the last sync; no run on record wrote it',
      writer: null,
    };
  if (value === undefined) return own('removed since a sync had it');
  return own(
    synced === undefined ? 'main had no such key at the last sync' : 'it is not what main had at the last sync',
  );
};

const explainKey = (
  context: TargetContext,
  side: ConfigSide,
  {
    key,
    plan,
    writes,
    otherwise,
  }: {
    readonly key: KeyPath;
    readonly plan: ConfigFilePlan | undefined;
    readonly writes: readonly Written[];
    /** What is said where no plan says anything. */
    readonly otherwise: string;
  },
): KeyExplanation => {
  const { site, main, owner } = side;
  const salt = site.recorded?.salt;
  const shown = (value: Value | undefined): string | null =>
    value === undefined ? null : showValue(value, key, context.project.secrets);
  const digest = (value: Value | undefined): string | null =>
    value === undefined || salt === undefined ? null : digestOf(value, salt);
  const { strategy, depth } = strategiesOf(site.spec.strategies).of(key);
  const lines = [...(plan?.changes ?? []), ...(plan?.kept ?? [])];
  const line = lines.find((one) => startsWith(key, one.key)) ?? lines.find((one) => startsWith(one.key, key));
  const copied = plan?.action === 'copy';
  const text = JSON.stringify(key);
  return {
    key,
    values: { target: shown(valueAt(owner, key)), main: shown(valueAt(main, key)) },
    digests: {
      target: digest(valueAt(owner, key)),
      main: digest(valueAt(main, key)),
      synced: site.recorded?.keys[text] ?? null,
    },
    ...setterOf(side, writes, key),
    strategy,
    strategyFrom: depth === 0 ? null : keyText(key.slice(0, depth)),
    decision: site.previous.find((one) => one.key === text) ?? null,
    would: line?.sign ?? (copied ? '+' : '='),
    cause: line?.cause ?? (copied ? plan.cause : (plan?.cause ?? otherwise)),
  };
};

/**
 * Explains keys of one configuration file.
 * @param asked a key or a table of keys; null for the file as a whole
 */
export const explainConfig = async (
  main: MainProject,
  { context, pipeline }: Pick<Prepared, 'context' | 'pipeline'>,
  { side, asked }: { readonly side: ConfigSide; readonly asked: KeyPath | null },
): Promise<ConfigExplanation> => {
  const { site, blob } = side;
  const passed = notBrought(pipeline, 'config');
  const plan =
    passed === undefined ? (await planConfig(context, 'full')).find((one) => one.path === site.path) : undefined;
  const writes = [...writesOf(main, context.target.name, site.path)];
  const [newest] = writes;
  const keys = keysIn(side)
    .filter((key) => asked === null || startsWith(key, asked))
    .map((key) => explainKey(context, side, { key, plan, writes, otherwise: passed ?? 'in step' }));
  return {
    kind: 'config',
    target: context.target.name,
    path: site.path,
    absolute: site.absolute,
    main: { path: site.spec.from, commit: context.run.commit, blob },
    synced: site.recorded?.blob ?? null,
    standing: site.before,
    would: plan?.action ?? 'none',
    cause: plan?.cause ?? passed ?? 'in step',
    writer: newest === undefined ? null : plainWriter(newest, newest.cause),
    keys:
      asked === null
        ? keys.filter(
            ({ values, would, decision }) => would !== '=' || decision !== null || values.main !== values.target,
          )
        : keys,
  };
};
