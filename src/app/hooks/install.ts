/** Plans the installation of Lockstep's hooks, and taking them away: what is shown is what is applied. */
import { dirname, join } from 'node:path';
import type { HookManager, Launcher } from '../../domain/hooks/place.ts';
import { type HookAction, planInstall, planUninstall } from '../../domain/hooks/plan.ts';
import type { HookName } from '../../domain/hooks/script.ts';
import type { Files } from '../../ports.ts';
import { newSuffix } from './apply.ts';
import { scriptLine } from './entries/entry-kind.ts';
import { entryKinds } from './entries/index.ts';
import { findGround, type HookGround, type HookSite } from './ground.ts';
import { readLauncher, writeLauncher } from './launcher.ts';
import { allPlaces, hookPlaces, hookState, standingOf } from './standing.ts';
import { hooksStatus } from './status.ts';

/** Text that a person adds to a file that is not Lockstep's to write. */
export interface PrintedEntry {
  readonly hook: HookName;
  /** As a person would name the file. */
  readonly file: string;
  readonly text: string;
}

export interface HooksPlan {
  readonly manager: HookManager;
  readonly folder: string;
  readonly actions: readonly HookAction[];
  /** Entries that are not there yet, or when taken away, those that still are. */
  readonly entries: readonly PrintedEntry[];
  /** What git has to be told besides. */
  readonly inactive: string | null;
}

export interface InstallRequest extends HookSite {
  readonly launcher: Launcher;
  /** Where this project's state lies: `project.stateDir`. */
  readonly stateDir: string;
}

/** The folders of a path that are missing, outermost first. */
const missingFolders = (files: Files, folder: string): readonly string[] => {
  if (files.stat(folder) !== undefined || dirname(folder) === folder) return [];
  return [...missingFolders(files, dirname(folder)), folder];
};

const entryOf = (site: HookSite, ground: HookGround, hook: HookName): PrintedEntry | undefined => {
  const kind = entryKinds.find(({ manager }) => manager === ground.manager);
  if (kind === undefined) return { hook, file: join(ground.folder, hook), text: scriptLine(hook, '"$@"') };
  if (!kind.hooks.includes(hook)) return undefined;
  return { hook, file: kind.configured(site.ports.files, site.git.root) ?? kind.manager, text: kind.entry(hook) };
};

const isEntry = (ground: HookGround): boolean =>
  ground.manager === 'shared-hooks-path' || entryKinds.some(({ manager }) => manager === ground.manager);

const record = (files: Files, path: string, text: string): readonly HookAction[] =>
  files.stat(path)?.kind === 'file' && files.readText(path) === text ? [] : [{ kind: 'record', path, text }];

/** A second one plans nothing. Throws `conflict-refused` where something of somebody else is in the way, and what git throws. */
export const planHooksInstall = async (request: InstallRequest): Promise<HooksPlan> => {
  const { ports, git, launcher, stateDir } = request;
  const { files } = ports;
  const ground = await findGround(request);
  const own = hookState(git);
  const standings = hookPlaces(ground, git).map((place) => standingOf(files, place));
  const scripts = planInstall(standings);
  const folders = [...new Set(standings.filter(({ caller }) => caller !== 'entry').map(({ path }) => dirname(path)))];
  const made = folders.flatMap((folder) => missingFolders(files, folder));
  const before = readLauncher(files, own.launcher)?.made ?? [];
  const text = writeLauncher({ ...launcher, made: [...before, ...made.filter((folder) => !before.includes(folder))] });
  const moved = stateDir === own.dir ? [] : record(files, own.moved, `${stateDir}\n`);
  const back: readonly HookAction[] =
    stateDir === own.dir && files.stat(own.moved) !== undefined ? [{ kind: 'forget', path: own.moved }] : [];
  const missing = new Set(
    (await hooksStatus(request)).hooks.filter(({ installed }) => !installed).map(({ name }) => name),
  );
  return {
    manager: ground.manager,
    folder: ground.folder,
    // What a script reads is there before the script is.
    actions: [
      ...record(files, own.launcher, text),
      ...moved,
      ...back,
      ...made.map((path): HookAction => ({ kind: 'make-folder', path })),
      ...scripts,
    ],
    entries: isEntry(ground)
      ? standings.flatMap(({ name }) => (missing.has(name) ? (entryOf(request, ground, name) ?? []) : []))
      : [],
    inactive: ground.inactive ?? null,
  };
};

/** The folders that hold nothing any more after these actions, innermost first. */
const emptied = (files: Files, folders: readonly string[], actions: readonly HookAction[]): readonly HookAction[] => {
  const gone = new Set(
    actions.flatMap((action) => {
      if (action.kind === 'give-back') return [action.held];
      return action.kind === 'remove' || action.kind === 'forget' ? [action.path] : [];
    }),
  );
  return folders.flatMap((path): readonly HookAction[] => {
    const back = actions.some((action) => action.kind === 'give-back' && dirname(action.path) === path);
    const empty = !back && files.list(path).every((name) => gone.has(join(path, name)));
    if (!empty || files.stat(path)?.kind !== 'dir') return [];
    gone.add(path);
    return [{ kind: 'remove-folder', path }];
  });
};

/** Every byte back, wherever an installation put one. Throws `conflict-refused` for a script that somebody edited, and what git throws. */
export const planHooksUninstall = async (site: HookSite): Promise<HooksPlan> => {
  const { ports, git } = site;
  const { files } = ports;
  const ground = await findGround(site);
  const own = hookState(git);
  const standings = allPlaces(ground, git).map((place) => standingOf(files, place));
  const cutOff = standings
    .map(({ name, path }) => ({ hook: name, path: `${path}${newSuffix}` }))
    .map((fresh) => ({ ...fresh, before: files.state(fresh.path) }))
    .filter(({ before }) => before.kind === 'file')
    .map((fresh): HookAction => ({ kind: 'remove', ...fresh }));
  const made = readLauncher(files, own.launcher)?.made ?? [];
  const recorded = [own.launcher, own.moved].filter((path) => files.stat(path) !== undefined);
  const kind = entryKinds.find(({ manager }) => manager === ground.manager);
  const stillThere = (hook: HookName) => kind?.hooks.includes(hook) === true && kind.has(files, git.root, hook);
  const actions: readonly HookAction[] = [
    ...planUninstall(standings),
    ...cutOff,
    ...recorded.map((path): HookAction => ({ kind: 'forget', path })),
  ];
  return {
    manager: ground.manager,
    folder: ground.folder,
    actions: [
      ...actions,
      ...(actions.length === 0 ? [] : emptied(files, [...made.toReversed(), own.scripts, own.dir], actions)),
    ],
    entries: standings
      .filter(({ name }, at) => standings.findIndex((one) => one.name === name) === at && stillThere(name))
      .flatMap(({ name }) => entryOf(site, ground, name) ?? []),
    inactive: null,
  };
};
