/** What `target` and `run` hold in expressions and templates: each name once, with its type, its meaning and where its value comes from. */
import type { TargetLayout, TargetRecord } from '../domain/target.ts';
import type { RunFacts, TargetContext } from '../integrations/target-context.ts';

interface Values {
  readonly string: string;
  readonly int: number;
  readonly bool: boolean;
  readonly 'list<string>': readonly string[];
}

/** A type of the expression language that a fact can have. */
export type FactType = keyof Values;

export interface Fact<From> {
  readonly type: FactType;
  /** What it is, in few words. */
  readonly says: string;
  readonly of: (from: From) => Values[FactType];
}

type Facts<From> = Readonly<Record<string, Fact<From>>>;

/** The type that is declared is the one that the value has: the compiler holds them together. */
const fact =
  <From>() =>
  <Type extends FactType>(type: Type, says: string, of: (from: From) => Values[Type]): Fact<From> => ({
    type,
    says,
    of,
  });

export type TargetSources = Pick<TargetContext, 'target' | 'layout'>;

const ofTarget = fact<TargetSources>();
const recorded = (says: string, read: (record: TargetRecord) => string | null | undefined): Fact<TargetSources> =>
  ofTarget('string', says, ({ target }) => read(target) ?? '');
const found = (says: string, read: (layout: TargetLayout) => string | null | undefined): Fact<TargetSources> =>
  ofTarget('string', says, ({ layout }) => read(layout) ?? '');

/** What `target` holds. Paths are absolute; texts are empty where the target has none. */
export const targetNames = {
  name: recorded('its name', ({ name }) => name),
  type: recorded('its integration type', ({ type }) => type),
  path: found('its folder', ({ roots }) => roots.target),
  python: ofTarget('string', 'its Python', ({ target, layout }) => layout.python?.executable ?? target.python ?? ''),
  python_version: found('the version of its Python', ({ python }) => python?.version),
  package_dir: found('where the importable package lies', ({ packageDir }) => packageDir),
  site: found('its site-packages folder', ({ site }) => site),
  checkout: found('its clone of the main project', ({ checkout }) => checkout),
  labels: ofTarget('list<string>', 'its labels', ({ target }) => target.labels ?? []),
  pipeline: recorded('the pipeline that it names', ({ pipeline }) => pipeline),
  wave: ofTarget('int', 'its wave, 0 when it has none', ({ target }) => target.wave ?? 0),
  hold: ofTarget('bool', 'whether it is held back', ({ target }) => target.hold ?? false),
  status: recorded('its status in the registry', ({ status }) => status),
  last_sync: recorded('when it was last synced', ({ last_sync }) => last_sync),
  sync_version: recorded('the version of that sync', ({ sync_version }) => sync_version),
  sync_commit: recorded('the commit of that sync', ({ sync_commit }) => sync_commit),
} satisfies Facts<TargetSources>;

const ofRun = fact<RunFacts>();

/** What `run` holds. Texts are empty where the run has none. */
export const runNames = {
  id: ofRun('string', 'its id', ({ id }) => id),
  commit: ofRun('string', 'the commit of main that it brings', ({ commit }) => commit),
  version: ofRun('string', 'the version of that commit', ({ version }) => version ?? ''),
  full: ofRun('bool', 'whether everything is synced', ({ full }) => full),
  reason: ofRun('string', 'why everything is synced', ({ reason }) => reason ?? ''),
} satisfies Facts<RunFacts>;

/** What `changes` answers: names of values with their types, and names of calls with what they take. */
export const changesNames = {
  values: { priority: 'string', count: 'int' },
  calls: { touches: 'a component', has: 'a category' },
} as const;

const valuesOf = <Names extends Facts<From>, From>(
  names: Names,
  from: From,
): Readonly<Record<keyof Names, Values[FactType]>> =>
  Object.fromEntries(Object.entries(names).map(([name, { of }]) => [name, of(from)])) as Record<
    keyof Names,
    Values[FactType]
  >;

/** The values of `target`, each of the type that is declared. */
export const targetFacts = (from: TargetSources): Readonly<Record<keyof typeof targetNames, Values[FactType]>> =>
  valuesOf(targetNames, from);

/** The values of `run`, each of the type that is declared. */
export const runFacts = (run: RunFacts): Readonly<Record<keyof typeof runNames, Values[FactType]>> =>
  valuesOf(runNames, run);

const listed = (variable: string, names: readonly string[]): string => `${variable}.{${names.join(', ')}}`;

/** One line that tells an editor's user all there is to write in a condition. */
export const conditionWords = [
  listed('target', Object.keys(targetNames)),
  listed('run', Object.keys(runNames)),
  listed('changes', [
    ...Object.keys(changesNames.values),
    ...Object.entries(changesNames.calls).map(([call, takes]) => `${call}(${takes})`),
  ]),
  'env.<NAME>',
  'steps.<id>.outputs.<key>',
].join(', ');
