/** Plans and writes what a main project is made of: only what is missing, whole files, nothing over what somebody wrote. */
import { dirname, join } from 'node:path';
import { stampedSchema, stampedSchemaNames } from '../../config/stamped-schema.ts';
import { LockstepError } from '../../domain/errors.ts';
import type { Launcher } from '../../domain/hooks/place.ts';
import { builtInPipelines } from '../../pipeline/built-in.ts';
import type { Files } from '../../ports.ts';
import { applyHooks } from '../hooks/apply.ts';
import type { HookSite } from '../hooks/ground.ts';
import { type HooksPlan, planHooksInstall } from '../hooks/install.ts';
import { configName } from '../main-project.ts';
import { writeInMain } from '../write-in-main.ts';

export interface PlannedFile {
  /** Relative to the root, forward slashes. */
  readonly path: string;
  readonly text: string;
}

export interface InitPlan {
  /** In the order in which they are written: the configuration last, for by it a project counts as begun. */
  readonly writes: readonly PlannedFile[];
  /** What is there already and stays as it is. */
  readonly kept: readonly string[];
  /** null when no hooks are wanted. */
  readonly hooks: HooksPlan | null;
}

export interface InitRequest extends HookSite {
  readonly version: string;
  readonly launcher: Launcher;
  readonly stateDir: string;
  /** The configuration; null where there is one. */
  readonly config: string | null;
  readonly hooks: 'install' | 'leave';
}

const standsAt = (files: Files, root: string, path: string): boolean => files.stat(join(root, path)) !== undefined;

/** Reads only. Throws `conflict-refused` where a hook of somebody else's making is in the way, and what git throws. */
export const planInit = async (request: InitRequest): Promise<InitPlan> => {
  const { ports, git, version, launcher, stateDir, config } = request;
  const wanted: readonly PlannedFile[] = [
    ...stampedSchemaNames.map((name) => ({ path: `schemas/${name}`, text: stampedSchema(name, version) })),
    ...Object.entries(builtInPipelines).map(([name, text]) => ({ path: `pipelines/${name}.yaml`, text })),
    ...(config === null ? [] : [{ path: configName, text: config }]),
  ];
  const there = (path: string): boolean => standsAt(ports.files, git.root, path);
  return {
    writes: wanted.filter(({ path }) => !there(path)),
    kept: [...wanted.map(({ path }) => path), ...(config === null ? [configName] : [])].filter(there),
    hooks: request.hooks === 'leave' ? null : await planHooksInstall({ ports, git, launcher, stateDir }),
  };
};

const makeFolder = ({ ports, git }: HookSite, folder: string): void => {
  if (folder === git.root || ports.files.stat(folder) !== undefined) return;
  makeFolder({ ports, git }, dirname(folder));
  ports.openTree({ roots: [git.root] }).mkdir(folder, 0o755);
};

/** Exactly the plan. Throws `target-changed` for a file that came meanwhile, `path-refused`, `disk`. */
export const applyInit = (site: HookSite, { writes, hooks }: InitPlan): void => {
  const { ports, git } = site;
  for (const { path, text } of writes) {
    const absolute = join(git.root, path);
    if (standsAt(ports.files, git.root, path)) {
      throw new LockstepError('target-changed', `${path} came while it was looked at`, { hint: 'run it again' });
    }
    makeFolder(site, dirname(absolute));
    writeInMain(site, absolute, text);
  }
  if (hooks !== null) applyHooks(ports, git, hooks.actions);
};
