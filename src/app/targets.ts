/** The registry's use cases: list, add, remove, update. */
import { relative, resolve, sep } from 'node:path';
import { LockstepError } from '../domain/errors.ts';
import { nearestName } from '../domain/nearest.ts';
import { isInside } from '../domain/paths.ts';
import { type TargetLayout, type TargetRecord, type TargetStatus, targetStatuses } from '../domain/target.ts';
import { baseType } from '../domain/team-types.ts';
import { integrationOf } from '../integrations/index.ts';
import { checkName, checkPlace, findLayout } from '../integrations/layout.ts';
import { listJournals } from '../store/journal.ts';
import { targetNamed } from './choose-targets.ts';
import { targetPath } from './layouts.ts';
import type { MainProject } from './main-project.ts';
import { rememberedAt } from './synced-state.ts';

export interface AddRequest {
  readonly name: string;
  readonly path: string;
  readonly cwd: string;
  readonly type?: string;
  readonly python?: string;
  readonly checkout?: string;
  readonly pipeline?: string;
}

export interface AddedTarget {
  readonly record: TargetRecord;
  readonly layout: TargetLayout;
  /** What was found and why, one line each. */
  readonly found: readonly string[];
}

/** Relative to the main worktree with forward slashes, as the registry writes paths; absolute when on another drive. */
const recorded = (main: MainProject, absolute: string): string => {
  const path = relative(main.git.mainWorktree, absolute).split(sep).join('/');
  return path === '' ? '.' : path;
};

/** A path as typed: from the folder one stands in, or, as the reference writes it, from the main project. */
const placeOf = (main: MainProject, request: Pick<AddRequest, 'path' | 'cwd'>): string => {
  const typed = resolve(request.cwd, request.path);
  if (main.ports.files.stat(typed) !== undefined) return typed;
  const fromMain = resolve(main.git.mainWorktree, request.path);
  return main.ports.files.stat(fromMain) === undefined ? typed : fromMain;
};

const ignoredByMain =
  (main: MainProject) =>
  async (path: string): Promise<boolean> => {
    try {
      await main.repo.read(['check-ignore', '-q', '--', path]);
      return true;
    } catch {
      // git exits 1 for a path that no rule ignores.
      return false;
    }
  };

/** The built-in type behind a type. Throws `target-invalid` with the types there are. */
const builtInType = ({ project }: MainProject, type: string): string =>
  integrationOf(baseType(project.types, type), Object.keys(project.types)).name;

/** Folders that hold what others made, and tell nothing of what a target is. */
const notLookedAt = ['!**/site-packages/**', '!**/node_modules/**', '!**/.git/**', '!**/__pycache__/**'];
const depth = 6;

/** The first type of the team's own that finds its marks in the folder, else the built-in one. */
const teamType = (
  { ports, project }: MainProject,
  { type, roots }: TargetLayout,
): { readonly type: string; readonly found: string | null } => {
  for (const [name, spec] of Object.entries(project.types)) {
    if (spec.extends !== type) continue;
    const mark = spec.detect.find((glob) => ports.files.glob([glob, ...notLookedAt], roots.target, depth).length > 0);
    if (mark !== undefined) return { type: name, found: `type ${name}: there is ${mark}` };
  }
  return { type, found: null };
};

/** Looks at a folder and, when everything fits, registers it. Throws before anything is written. */
export const addTarget = async (main: MainProject, request: AddRequest): Promise<AddedTarget> => {
  checkName(request.name);
  const path = placeOf(main, request);
  const { files } = main.ports;
  const check = async (targets: readonly TargetRecord[]): Promise<void> => {
    if (targets.some((target) => target.name === request.name)) {
      throw new LockstepError('target-invalid', `there is already a target named ${request.name}`, {
        hint: `choose another name, or: lockstep target remove ${request.name}`,
      });
    }
    await checkPlace(files, {
      path,
      mainRoot: main.git.mainWorktree,
      ignored: ignoredByMain(main),
      others: targets.map((target) => ({ name: target.name, path: targetPath(main, target) })),
    });
  };
  await check(main.registry.read().targets);
  const asked = request.type === undefined ? undefined : builtInType(main, request.type);
  if (request.checkout !== undefined) placedFile(main, request.checkout, request.cwd);
  const { found, ...layout } = await findLayout(main.ports, {
    path,
    mainRoot: main.git.mainWorktree,
    project: { packageName: main.project.package.name, importName: main.project.package.import },
    ...(asked === undefined ? {} : { type: asked }),
    ...(request.python === undefined ? {} : { python: resolve(request.cwd, request.python) }),
    ...(request.checkout === undefined ? {} : { checkout: resolve(request.cwd, request.checkout) }),
  });
  const roots = Object.values(layout.roots).filter((root): root is string => root !== undefined);
  const inside = (place: string): string => (isInside(layout.roots.target, place) ? recorded(main, place) : place);
  const named = request.type === undefined ? teamType(main, layout) : { type: request.type, found: null };
  const remembered = rememberedAt(main, layout.roots.target);
  const record: TargetRecord = {
    name: request.name,
    path: recorded(main, layout.roots.target),
    type: named.type,
    ...remembered.record,
    status: layout.pythonCause === null ? 'needs_sync' : 'unknown',
    ...(layout.python === null ? {} : { python: inside(layout.python.executable) }),
    ...(layout.checkout === null ? {} : { checkout: inside(layout.checkout) }),
    ...(request.pipeline === undefined ? {} : { pipeline: request.pipeline }),
    roots: roots.map((root) => recorded(main, root)),
  };
  await main.registry.update(async (current) => {
    await check(current.targets);
    return { ...current, targets: [...current.targets, record] };
  });
  const lacking = layout.type === 'source' && layout.checkout === null ? 'no clone of main was found for it' : null;
  return {
    record,
    layout,
    found: [...found, ...[lacking, named.found, remembered.found].filter((line) => line !== null)],
  };
};

/** What a run left half done, only a registered target can be brought back from. A folder that is gone holds nothing of it. */
const refuseHalfDone = (main: MainProject, record: TargetRecord): void => {
  if (main.ports.files.real(targetPath(main, record)) === undefined) return;
  if (!listJournals(main.ports, main.state).some((journal) => journal.target === record.name)) return;
  throw new LockstepError('target-changed', 'a run of it was cut off, or is still at work: it was not removed', {
    target: record.name,
    hint: 'lockstep sync recover',
  });
};

/** Takes a target out of the registry; nothing in its folder changes, its backups stay. Throws `target-changed`. */
export const removeTarget = async (main: MainProject, name: string): Promise<TargetRecord> => {
  const record = targetNamed(main.registry.read().targets, name);
  refuseHalfDone(main, record);
  await main.registry.update((current) => ({
    ...current,
    targets: current.targets.filter((target) => target.name !== record.name),
  }));
  return record;
};

export interface UpdateRequest {
  readonly status?: string;
  readonly path?: string;
  readonly type?: string;
  readonly python?: string;
  readonly checkout?: string;
  readonly pipeline?: string;
  readonly hold?: boolean;
  readonly cwd: string;
}

/** A file or folder that was named, as the registry records it. Throws `target-invalid` when it is not there. */
const placedFile = (main: MainProject, named: string, cwd: string): string => {
  const place = placeOf(main, { path: named, cwd });
  if (main.ports.files.stat(place) !== undefined) return recorded(main, place);
  throw new LockstepError('target-invalid', `${named} is not there`, { hint: 'check the path' });
};

const statusNamed = (name: string): TargetStatus => {
  const found = targetStatuses.find((status) => status === name);
  if (found !== undefined) return found;
  const nearest = nearestName(name, targetStatuses);
  throw new LockstepError('usage', `${name} is no status of a target`, {
    hint: `${nearest === undefined ? '' : `did you mean ${nearest}? `}one of: ${targetStatuses.join(', ')}`,
  });
};

/** Changes what the registry says of a target. A status set by hand says so and lasts until the next look. */
export const updateTarget = async (main: MainProject, name: string, request: UpdateRequest): Promise<TargetRecord> => {
  const record = targetNamed(main.registry.read().targets, name);
  const others = main.registry.read().targets.filter((target) => target.name !== record.name);
  let path = record.path;
  if (request.path !== undefined) {
    const place = placeOf(main, { path: request.path, cwd: request.cwd });
    await checkPlace(main.ports.files, {
      path: place,
      mainRoot: main.git.mainWorktree,
      ignored: ignoredByMain(main),
      others: others.map((target) => ({ name: target.name, path: targetPath(main, target) })),
    });
    path = recorded(main, main.ports.files.real(place) ?? place);
  }
  if (request.type !== undefined) builtInType(main, request.type);
  const change: Partial<TargetRecord> = {
    path,
    ...(request.status === undefined ? {} : { status: statusNamed(request.status), status_by_hand: true }),
    ...(request.type === undefined ? {} : { type: request.type }),
    ...(request.python === undefined ? {} : { python: placedFile(main, request.python, request.cwd) }),
    ...(request.checkout === undefined ? {} : { checkout: placedFile(main, request.checkout, request.cwd) }),
    ...(request.pipeline === undefined ? {} : { pipeline: request.pipeline }),
    ...(request.hold === undefined ? {} : { hold: request.hold }),
  };
  await main.registry.update((current) => ({
    ...current,
    targets: current.targets.map((target) => (target.name === record.name ? { ...target, ...change } : target)),
  }));
  return { ...record, ...change };
};
