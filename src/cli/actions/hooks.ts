/** `hooks install`, `uninstall` and `status`: what is shown is what is done, and what a person has to add is printed whole. */
import { relative } from 'node:path';
import { applyHooks } from '../../app/hooks/apply.ts';
import type { HookSite } from '../../app/hooks/ground.ts';
import { type HooksPlan, planHooksInstall, planHooksUninstall } from '../../app/hooks/install.ts';
import { type HookReport, type HooksReport, hooksStatus } from '../../app/hooks/status.ts';
import { LockstepError } from '../../domain/errors.ts';
import type { HookManager } from '../../domain/hooks/place.ts';
import type { HookAction } from '../../domain/hooks/plan.ts';
import type { Call } from '../call.ts';

export interface HooksOptions {
  readonly dryRun?: boolean;
}

const titles: Readonly<Record<HookManager, string>> = {
  git: "git's own hooks",
  'hooks-path': 'core.hooksPath',
  husky: 'husky',
  'shared-hooks-path': 'core.hooksPath of all repositories',
  lefthook: 'lefthook',
  'pre-commit': 'pre-commit',
};

/** The repository around the folder; a configuration is not asked for. Throws `not-a-main-project`. */
const siteOf = async (call: Call, mode: 'real' | 'dry-run'): Promise<HookSite> => {
  const ports = await call.world.ports(mode);
  const git = ports.files.stat(call.dir) === undefined ? undefined : await ports.git.places(call.dir);
  if (git !== undefined) return { ports, git };
  throw new LockstepError('not-a-main-project', `${call.dir} lies in no git repository`, {
    hint: 'go to the main project, or name it with -C <dir>',
  });
};

/** As a person in the repository would write it; absolute outside of it. */
const shownIn = (root: string, path: string): string => {
  const near = relative(root, path);
  return near === '' || near.startsWith('..') ? path : near;
};

const actionLine = (root: string, action: HookAction): string => {
  const path = shownIn(root, action.path);
  switch (action.kind) {
    case 'make-folder':
      return `make the folder ${path}`;
    case 'hold':
      return `keep ${path} as ${shownIn(root, action.held)}, which runs first`;
    case 'write':
      return `write ${path}`;
    case 'remove':
      return `remove ${path}`;
    case 'give-back':
      return `put ${shownIn(root, action.held)} back as ${path}`;
    case 'record':
      return `note in ${path} how Lockstep is started here`;
    case 'forget':
      return `remove ${path}`;
    case 'remove-folder':
      return `remove the empty folder ${path}`;
  }
};

const entryLines = ({ entries }: HooksPlan, words: string): readonly string[] =>
  entries.flatMap(({ file, text }) => [`${words} ${file}:`, ...text.split('\n').map((line) => `  ${line}`)]);

/** The action as it is told: a script's text is not shown, it is the same everywhere. */
const told = (action: HookAction): Readonly<Record<string, unknown>> => {
  if (action.kind === 'write') {
    const { text: _, ...rest } = action;
    return rest;
  }
  return { ...action };
};

const carryOut = (site: HookSite, plan: HooksPlan, options: HooksOptions): void => {
  if (options.dryRun !== true) applyHooks(site.ports, site.git, plan.actions);
};

const planObject = (kind: string, plan: HooksPlan, options: HooksOptions) => ({
  kind,
  dryRun: options.dryRun === true,
  manager: plan.manager,
  folder: plan.folder,
  actions: plan.actions.map(told),
  entries: plan.entries,
  inactive: plan.inactive,
});

/** Exits with 0, also where a person has to add something: that is said. */
export const runHooksInstall = async (call: Call, options: HooksOptions): Promise<number> => {
  const main = await call.main(options.dryRun === true ? 'dry-run' : 'real');
  const site = { ports: main.ports, git: main.git };
  const plan = await planHooksInstall({ ...site, launcher: call.world.launcher, stateDir: main.project.stateDir });
  carryOut(site, plan, options);
  const { root } = main.git;
  const done = plan.actions.length === 0 ? ['already in place: nothing to write'] : [];
  call.answer(planObject('hooks-install', plan, options), [
    `hooks are started by ${titles[plan.manager]}, from ${shownIn(root, plan.folder)}`,
    ...plan.actions.map((action) => actionLine(root, action)),
    ...done,
    ...entryLines(plan, 'add this to'),
    ...(plan.inactive === null ? [] : [`no hook runs yet: ${plan.inactive} (npx husky)`]),
  ]);
  return 0;
};

export const runHooksUninstall = async (call: Call, options: HooksOptions): Promise<number> => {
  const site = await siteOf(call, options.dryRun === true ? 'dry-run' : 'real');
  const plan = await planHooksUninstall(site);
  carryOut(site, plan, options);
  const { root } = site.git;
  call.answer(planObject('hooks-uninstall', plan, options), [
    ...plan.actions.map((action) => actionLine(root, action)),
    ...(plan.actions.length === 0 ? ['no hook of Lockstep is here'] : []),
    ...entryLines(plan, 'this does nothing any more; take it out of'),
  ]);
  return 0;
};

const hookLine = (call: Call, root: string, hook: HookReport): string => {
  const chained = hook.chained === null ? '' : `, after ${shownIn(root, hook.chained)}`;
  if (hook.problem === null) return `${hook.name}: ${call.paint.good('in place')}${chained}`;
  return `${hook.name}: ${call.paint.look(hook.problem)} (${hook.mend})`;
};

const statusLines = (call: Call, root: string, report: HooksReport): readonly string[] => [
  `hooks are started by ${titles[report.manager]}, from ${shownIn(root, report.folder)}`,
  ...report.hooks.map((hook) => hookLine(call, root, hook)),
  ...report.problems.map(({ problem, mend }) => `${call.paint.look(problem)} (${mend})`),
  ...report.leftOver.map((path) => `git does not look for ${shownIn(root, path)} (lockstep hooks uninstall)`),
];

/** Exits with 0 whenever it could look; `complete` says whether all are in place. */
export const runHooksStatus = async (call: Call): Promise<number> => {
  const site = await siteOf(call, 'dry-run');
  const report = await hooksStatus(site);
  call.answer({ kind: 'hooks-status', ...report }, statusLines(call, site.git.root, report));
  return 0;
};
