/** `init`: what was found, what is written, and what to type next; a second one writes only what is missing. */
import { basename, join, relative, resolve } from 'node:path';
import type { HookSite } from '../../app/hooks/ground.ts';
import { hooksStatus } from '../../app/hooks/status.ts';
import { configText } from '../../app/init/config-text.ts';
import { applyInit, planInit } from '../../app/init/init.ts';
import { type Asking, askHooks, askSetup, askTargets, type TypedWishes } from '../../app/init/setup.ts';
import { type Survey, survey } from '../../app/init/survey.ts';
import { configName, type MainProject, openMain } from '../../app/main-project.ts';
import { addTarget } from '../../app/targets.ts';
import { LockstepError } from '../../domain/errors.ts';
import type { Call } from '../call.ts';
import { errorLines, errorObject } from '../render/error-text.ts';
import { verdictCode } from '../verdict.ts';

export interface InitOptions extends TypedWishes {
  readonly yes?: boolean;
  readonly dryRun?: boolean;
}

/** Throws `not-a-main-project` outside of a repository. */
const siteOf = async ({ world, dir }: Call, { dryRun }: InitOptions): Promise<HookSite> => {
  const ports = await world.ports(dryRun === true ? 'dry-run' : 'real');
  const git = ports.files.stat(dir) === undefined ? undefined : await ports.git.places(dir);
  if (git !== undefined) return { ports, git };
  throw new LockstepError('not-a-main-project', `${dir} lies in no git repository`, {
    hint: `git init ${dir}, or name the project with -C <dir>`,
  });
};

const foundLines = ({ packages, docs, config, targets }: Survey): readonly string[] => [
  `package: ${packages.map(({ name, folder }) => `${name} (${folder})`).join(', ') || 'none found'}`,
  `documents: ${docs.join(', ') || 'none found'}`,
  `configuration: ${config.join(', ') || 'none found'}`,
  `likely targets: ${targets.join(', ') || 'none found'}`,
];

/** As a person in the project would write it; whole where that would lead out of it. */
const shownIn = (root: string, path: string): string => {
  const near = relative(root, path);
  return near.startsWith('..') ? path : near;
};

interface Registered {
  readonly target: string;
  readonly path: string;
  readonly error: LockstepError | null;
}

const register = async (main: MainProject, paths: readonly string[], cwd: string): Promise<readonly Registered[]> => {
  const all: Registered[] = [];
  for (const path of paths) {
    const target = basename(resolve(cwd, path));
    try {
      await addTarget(main, { name: target, path, cwd });
      all.push({ target, path, error: null });
    } catch (error) {
      if (!(error instanceof LockstepError) || error.code === 'interrupted') throw error;
      all.push({ target, path, error });
    }
  }
  return all;
};

const nextLines = (found: readonly string[], registered: readonly Registered[]): readonly string[] => {
  const done = registered.find(({ error }) => error === null);
  const path = found[0] ?? '../my_app';
  return [
    'next:',
    `  git add ${configName} pipelines schemas && git commit -m "chore: lockstep"`,
    '  lockstep validate',
    '  lockstep trust',
    ...(done === undefined ? [`  lockstep target add ${basename(path)} --path ${path}`] : []),
    `  lockstep sync plan --target ${done?.target ?? basename(path)}`,
  ];
};

/** Exits with 2 where nobody can be asked, 4 when a target could not be registered, 130 when the asking was ended. */
export const runInit = async (call: Call, options: InitOptions): Promise<number> => {
  const { world, dir, json } = call;
  const site = await siteOf(call, options);
  const { ports, git } = site;
  const prompts = json ? undefined : world.terminal.prompts;
  const asking: Asking = { typed: options, answers: options.yes === true ? 'found' : prompts };
  const begun = ports.files.stat(join(git.root, configName)) !== undefined;
  const main = begun ? await openMain(ports, git.root) : undefined;
  const seen = await survey(ports, git);
  if (!json) for (const line of foundLines(seen)) world.terminal.out(line);
  const there = (path: string): boolean => ports.files.real(join(git.root, path)) !== undefined;
  const setup = begun ? undefined : await askSetup({ seen, there, fallback: basename(git.mainWorktree) }, asking);
  const known = new Set(main?.registry.read().targets.map(({ path }) => path));
  const fresh = seen.targets.filter((path) => !known.has(path));
  const targets = await askTargets(fresh, asking);
  // Where they are in place there is nothing to ask.
  const inPlace = begun && (await hooksStatus(site)).complete;
  const hooks = options.hooks ?? (inPlace || (await askHooks(asking)));
  const plan = await planInit({
    ...site,
    version: world.version,
    launcher: world.launcher,
    stateDir: main?.project.stateDir ?? join(git.commonDir, 'lockstep'),
    config: setup === undefined ? null : configText(setup, hooks ? 'with hooks' : 'without hooks'),
    hooks: hooks ? 'install' : 'leave',
  });
  const real = options.dryRun !== true;
  if (real) applyInit(site, plan);
  // As typed from where one stands, as found from the project.
  const cwd = options.target === undefined ? git.mainWorktree : dir;
  const registered =
    real && targets.length > 0 ? await register(main ?? (await openMain(ports, git.root)), targets, cwd) : [];
  const hookPaths = plan.hooks?.actions.flatMap((action) => (action.kind === 'write' ? [action.path] : [])) ?? [];
  const entries = plan.hooks?.entries ?? [];
  const word = real ? 'wrote' : 'would write';
  const shown = real ? [] : plan.writes.filter(({ path }) => path === configName);
  call.answer(
    {
      kind: 'init',
      dryRun: !real,
      found: seen,
      written: plan.writes.map(({ path }) => path),
      kept: plan.kept,
      hooks: { wanted: hooks, written: hookPaths, entries },
      targets: real
        ? registered.map((one) => ({ ...one, error: one.error === null ? null : errorObject(one.error) }))
        : targets.map((path) => ({ target: basename(resolve(cwd, path)), path, error: null })),
    },
    [
      ...plan.writes.map(({ path }) => `${word} ${path}`),
      ...plan.kept.map((path) => `kept ${path}`),
      ...hookPaths.map((path) => `${word} ${shownIn(git.root, path)}`),
      ...entries.flatMap(({ file, text }) => [`add this to ${file}:`, ...text.split('\n').map((line) => `  ${line}`)]),
      ...(plan.writes.length + hookPaths.length === 0 ? ['nothing is missing: nothing to write'] : []),
      ...shown.flatMap(({ path, text }) => [`${path}:`, ...text.split('\n').map((line) => `  ${line}`)]),
      ...(real ? [] : targets.map((path) => `would register ${path}`)),
      ...registered.flatMap(({ target, path, error }) =>
        error === null ? [`registered ${target}: ${path}`] : errorLines(error, call.paint),
      ),
      ...nextLines(fresh, registered),
    ],
  );
  return verdictCode([
    { passed: true, error: null },
    ...registered.map(({ error }) => ({ passed: error === null, error })),
  ]);
};
