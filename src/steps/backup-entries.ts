/** Names every path of a target's components: what a backup must hold so that each of them can be brought back whole. */
import { join } from 'node:path';
import { type RootedPath, toAbsolute, toRooted } from '../domain/paths.ts';
import type { FileAction, StepPlan } from '../domain/plan.ts';
import { declaredWrites } from '../domain/write-globs.ts';
import { componentFiles, placeFor } from '../integrations/component-files.ts';
import { integrationOf } from '../integrations/index.ts';
import { installedList } from '../integrations/package/installed.ts';
import { packagePlace } from '../integrations/package/place.ts';
import type { FilesContext, TargetContext } from '../integrations/target-context.ts';
import type { BackupRequest } from '../store/backups.ts';
import { pathsOf } from '../store/write-sight.ts';

const isBytecode = (path: string): boolean => /(^|\/)__pycache__(\/|$)/.test(path);

export const plannedFiles = (planned: readonly StepPlan[]): readonly FileAction[] =>
  planned.flatMap((step) => step.actions.filter((action) => action.kind === 'file'));

/** All components that the main project can bring into a target and bring back; a package that is main itself is neither. */
export const allComponents = ({ project, layout }: Pick<TargetContext, 'project' | 'layout'>): readonly string[] => [
  ...(layout.linkedToMain ? [] : ['package']),
  ...project.components.map((component) => component.name),
  'config',
];

/** The paths that main has for each component, whoever wrote them in the target: a hand-made copy is backed up too. */
export const wantedPaths = async (context: FilesContext): Promise<ReadonlyMap<string, readonly RootedPath[]>> => {
  const { components } = await componentFiles(context);
  const places = context.project.config.flatMap(({ into }) => placeFor(context, into) ?? []);
  return new Map([
    ...components.map(({ name, files }) => [name, [...files.keys()]] as const),
    ['config', places.map((place) => toRooted(context.layout.roots, place))],
  ]);
};

export interface PathSources {
  readonly planned: readonly FileAction[];
  readonly wanted: ReadonlyMap<string, readonly RootedPath[]>;
  /** Distributions that the package's step is going to change. */
  readonly changing?: readonly string[];
}

/**
 * Every path of a component, sorted: what the receipt says was written, what main has for it, what is installed,
 * what `planned` will touch. Bytecode is left out: Python makes it again.
 */
export const componentPaths = async (
  context: FilesContext,
  component: string,
  { planned, wanted, changing = [] }: PathSources,
): Promise<readonly RootedPath[]> => {
  const { receipt, layout } = context;
  const recorded = receipt?.components[component];
  const installed = component === 'package' ? await integrationOf(layout.type).packageFiles(context, changing) : [];
  const paths = new Set([
    ...planned.flatMap((action) => (action.component === component ? [action.path] : [])),
    ...(wanted.get(component) ?? []),
    ...Object.keys(recorded?.files ?? {}),
    ...(recorded?.dirs ?? []),
    ...(component === 'config' ? Object.keys(receipt?.config ?? {}) : []),
    ...installed.map((absolute) => toRooted(layout.roots, absolute)),
  ]);
  return [...paths].filter((path) => !isBytecode(path)).sort();
};

/** Every path that a program may write and where something stands, folders included. */
export const declaredPaths = (
  { ports, layout }: Pick<TargetContext, 'ports' | 'layout'>,
  globs: readonly string[],
): readonly RootedPath[] => {
  const { covers } = declaredWrites(globs);
  const root = layout.roots.target;
  return [...pathsOf(ports.files, { root, globs }).keys()]
    .filter((path) => covers(path))
    .map((path) => toRooted(layout.roots, join(root, path)))
    .sort();
};

/** Where the clone of a `source` target stands; null when there is none, or when it is the main project itself, which Lockstep never moves. */
export const checkoutOf = async ({
  layout,
  ports,
}: Pick<TargetContext, 'layout' | 'ports'>): Promise<BackupRequest['checkout']> => {
  const path = layout.checkout;
  if (path === null || layout.linkedToMain) return null;
  const repo = ports.git.open(path);
  const commit = await repo.commit('HEAD');
  if (commit === undefined) return null;
  // Answers `HEAD` itself when no branch is checked out.
  const ref = (await repo.read(['rev-parse', '--symbolic-full-name', 'HEAD'])).trim();
  return { path, ref, commit };
};

/** What is installed where the package is, as a backup keeps it beside the files. */
export const installedNow = ({
  ports,
  layout,
}: Pick<TargetContext, 'ports' | 'layout'>): Pick<BackupRequest, 'installed'> => {
  const place = packagePlace({ ports, layout });
  return place === undefined ? {} : { installed: installedList(ports.files, place.site) };
};

/** What a backup of the whole target holds, as the target stands now. */
export const wholeTargetEntries = async (
  context: FilesContext,
): Promise<Pick<BackupRequest, 'components' | 'entries' | 'checkout' | 'installed'>> => {
  const { roots } = context.layout;
  const components = allComponents(context);
  const wanted = await wantedPaths(context);
  const lists = await Promise.all(
    components.map(async (component) =>
      (await componentPaths(context, component, { planned: [], wanted })).flatMap((path) => {
        const absolute = toAbsolute(roots, path);
        const stat = context.ports.files.stat(absolute);
        return stat === undefined ? [] : [{ path, component, absolute, stat }];
      }),
    ),
  );
  return { components, entries: lists.flat(), checkout: await checkoutOf(context), ...installedNow(context) };
};
