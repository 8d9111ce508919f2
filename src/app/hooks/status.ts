/** Which of Lockstep's hooks are in place, and for each that is not: why, and the one command that mends it; reads only. */
import type { HookManager, HookStanding, Launcher } from '../../domain/hooks/place.ts';
import { type HookName, hookNames } from '../../domain/hooks/script.ts';
import type { EntryKind } from './entries/entry-kind.ts';
import { scriptPath } from './entries/entry-kind.ts';
import { entryKinds } from './entries/index.ts';
import { findGround, type HookGround, type HookSite } from './ground.ts';
import { readLauncher } from './launcher.ts';
import { allPlaces, hookPlaces, hookState, standingOf } from './standing.ts';

export interface HookReport {
  readonly name: HookName;
  /** The script's file, absolute. */
  readonly path: string;
  readonly installed: boolean;
  /** The hook that was there before and runs first; null when there is none. */
  readonly chained: string | null;
  /** What is in the way; null for one that works. */
  readonly problem: string | null;
  /** What to type; null for one that works. */
  readonly mend: string | null;
}

export interface HooksReport {
  readonly manager: HookManager;
  /** Where git looks for hooks. */
  readonly folder: string;
  /** As recorded; null when nothing is. */
  readonly launcher: Launcher | null;
  readonly hooks: readonly HookReport[];
  /** Whether every hook is in place and can start Lockstep. */
  readonly complete: boolean;
  /** What is wrong with all of them. */
  readonly problems: readonly { readonly problem: string; readonly mend: string }[];
  /** Lockstep's scripts in places where git does not look for them. */
  readonly leftOver: readonly string[];
}

interface Trouble {
  readonly problem: string;
  readonly mend: string;
}

const install = 'lockstep hooks install';

const scriptTrouble = ({ author, current, there, path }: HookStanding): Trouble | undefined => {
  if (current) return undefined;
  if (author === 'nobody') return { problem: 'not installed', mend: install };
  if (author === 'lockstep') return { problem: 'of another version of Lockstep, or not to be executed', mend: install };
  if (author === 'edited')
    return { problem: 'edited since it was written', mend: `mv ${path} ${path}.edited && ${install}` };
  return { problem: there.kind === 'dir' ? 'a folder stands there' : 'another hook stands there', mend: install };
};

/** Whether the other program starts Lockstep's script, and git starts that program. */
const entryTrouble = (site: HookSite, ground: HookGround, kind: EntryKind, hook: HookName): Trouble | undefined => {
  const { ports, git } = site;
  const file = kind.configured(ports.files, git.root) ?? kind.manager;
  if (!kind.has(ports.files, git.root, hook)) return { problem: `${file} has no entry for it`, mend: install };
  const own = `${ground.folder}/${hook}`;
  const stands = ports.files.stat(own)?.kind === 'file' && kind.installed(ports.files.readText(own));
  return stands ? undefined : { problem: `git does not start ${kind.manager} for it`, mend: kind.installCommand(hook) };
};

const sharedTrouble = ({ ports }: HookSite, { folder }: HookGround, hook: HookName): Trouble | undefined => {
  const path = `${folder}/${hook}`;
  const named = ports.files.stat(path)?.kind === 'file' && ports.files.readText(path).includes(scriptPath(hook));
  return named ? undefined : { problem: `${path} does not start it`, mend: install };
};

const reportOne = (site: HookSite, ground: HookGround, standing: HookStanding): HookReport => {
  const { name, path, held, heldThere, caller } = standing;
  const kind = entryKinds.find(({ manager }) => manager === ground.manager);
  const outside = (): Trouble | undefined => {
    if (caller !== 'entry') return undefined;
    return kind === undefined ? sharedTrouble(site, ground, name) : entryTrouble(site, ground, kind, name);
  };
  const trouble = scriptTrouble(standing) ?? outside();
  return {
    name,
    path,
    installed: trouble === undefined,
    chained: heldThere.kind === 'absent' ? null : held,
    problem: trouble?.problem ?? null,
    mend: trouble?.mend ?? null,
  };
};

const inactive = ({ inactive }: HookGround): readonly Trouble[] =>
  inactive === undefined ? [] : [{ problem: inactive, mend: 'npx husky' }];

const launcherTroubles = ({ ports }: HookSite, launcher: Launcher | undefined): readonly Trouble[] => {
  if (launcher === undefined) return [{ problem: 'no hook knows how to start Lockstep here', mend: install }];
  const gone = [launcher.main, launcher.node].find((path) => ports.files.real(path) === undefined);
  return gone === undefined ? [] : [{ problem: `${gone} is gone, which the hooks start`, mend: install }];
};

/** Throws what git throws, and `disk`. */
export const hooksStatus = async (site: HookSite): Promise<HooksReport> => {
  const { ports, git } = site;
  const ground = await findGround(site);
  const places = hookPlaces(ground, git);
  const hooks = places.map((place) => reportOne(site, ground, standingOf(ports.files, place)));
  const wanted = places.map(({ path }) => path);
  const leftOver = allPlaces(ground, git)
    .filter(({ path }) => !wanted.includes(path))
    .filter((place) => standingOf(ports.files, place).author === 'lockstep')
    .map(({ path }) => path);
  const record = readLauncher(ports.files, hookState(git).launcher);
  const some = record !== undefined || hooks.some(({ installed }) => installed);
  const problems = [...inactive(ground), ...(some ? launcherTroubles(site, record) : [])];
  return {
    manager: ground.manager,
    folder: ground.folder,
    launcher: record === undefined ? null : { node: record.node, main: record.main },
    hooks,
    complete: problems.length === 0 && hooks.length === hookNames.length && hooks.every(({ installed }) => installed),
    problems,
    leftOver,
  };
};
