/** Gathers everything that runs of a main project execute on this machine, whatever targets are registered: one hash fits every machine. */
import { join } from 'node:path';
import { suitesOf } from '../../checks/default-suites.ts';
import { executedBy } from '../../checks/run-suites.ts';
import { LockstepError } from '../../domain/errors.ts';
import type { ExecutablePart } from '../../domain/executable.ts';
import type { CheckSpec, Project } from '../../domain/project.ts';
import { isSecret, mask } from '../../domain/secrets.ts';
import { buildCode, fileParts } from '../../integrations/package/build-code.ts';
import { listPipelines } from '../../pipeline/load.ts';
import type { Pipeline, PipelineStep } from '../../pipeline/pipeline.ts';
import { filesAlong, namedFiles } from '../../steps/run/script.ts';
import { type MainTree, sha256 } from '../../store/main-tree.ts';
import { pipelineNamed, pipelinePlace } from '../main-pipelines.ts';
import type { MainProject } from '../main-project.ts';
import { openReach } from './reached-files.ts';

/** Texts in any value. */
const textsIn = (value: unknown): readonly string[] => {
  if (typeof value === 'string') return [value];
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(textsIn) : [];
};

/** What `sync.config.yaml` itself decides about: where the package, its builder and the state come from. */
const settingsPart = ({ package: spec, stateAsWritten }: Project): ExecutablePart => ({
  name: 'settings of sync.config.yaml',
  lines: [
    ...(spec.from === 'index' ? [`${spec.name} is installed from ${spec.index ?? "pip's own index"}`] : []),
    ...(spec.builder === null ? [] : [`it is built by ${spec.builder}`]),
    ...(spec.network ? ['an index is asked for what it needs'] : []),
    ...(stateAsWritten === undefined ? [] : [`the state is kept in ${stateAsWritten}`]),
  ],
});

/** Two checks or steps may be called the same: each is shown. */
const named = (parts: readonly ExecutablePart[]): readonly ExecutablePart[] => {
  const seen = new Map<string, number>();
  return parts.map((part) => {
    const count = (seen.get(part.name) ?? 0) + 1;
    seen.set(part.name, count);
    return count === 1 ? part : { ...part, name: `${part.name} (${count})` };
  });
};

const executing = (project: Project): readonly { readonly suite: string; readonly check: CheckSpec }[] =>
  Object.entries(suitesOf(project)).flatMap(([suite, checks]) =>
    checks.flatMap((check) => (executedBy(project, check).length === 0 ? [] : [{ suite, check }])),
  );

const suiteParts = (project: Project): readonly ExecutablePart[] =>
  executing(project).map(({ suite, check }) => ({
    name: `suite ${suite}, check ${check.name}`,
    lines: executedBy(project, check),
  }));

/** A value under a secret's name is shown masked; its digest keeps a change of it visible. */
const envLine = (name: string, value: string, secrets: readonly string[]): string =>
  isSecret([name], secrets) ? `${name}=${mask} (sha256 ${sha256(value).slice(0, 12)})` : `${name}=${value}`;

const commandLines = (step: PipelineStep, secrets: readonly string[]): readonly string[] => {
  const { argv, script } = step.with;
  return [
    ...(argv === undefined ? [] : [JSON.stringify(argv)]),
    ...(typeof script === 'string' ? script.split(/\r?\n/) : []),
    ...Object.entries(step.env).map(([name, value]) => envLine(name, value, secrets)),
  ];
};

interface ProgramStep {
  readonly place: string;
  readonly step: PipelineStep;
}

const programSteps = ({ steps, onFailure, always }: Pipeline): readonly ProgramStep[] =>
  [
    { place: 'step', list: steps },
    { place: 'on_failure step', list: onFailure },
    { place: 'always step', list: always },
  ].flatMap(({ place, list }) => list.filter(({ uses }) => uses === 'run').map((step) => ({ place, step })));

type Loaded = { readonly name: string; readonly pipeline: Pipeline } | { readonly name: string; readonly text: string };

/** A pipeline that cannot be loaded stops its own targets elsewhere; here all of its text counts. */
const loadAll = (main: MainProject): readonly Loaded[] => {
  const place = pipelinePlace(main);
  return listPipelines(place).map((name) => {
    try {
      return { name, pipeline: pipelineNamed(main, name) };
    } catch (error) {
      if (!(error instanceof LockstepError)) throw error;
      const path = join(place.root, 'pipelines', `${name}.yaml`);
      return { name, text: main.ports.files.stat(path) === undefined ? '' : main.ports.files.readText(path) };
    }
  });
};

const pipelineParts = (loaded: readonly Loaded[], secrets: readonly string[]): readonly ExecutablePart[] =>
  loaded.flatMap((one): readonly ExecutablePart[] => {
    if ('text' in one) return [{ name: `pipeline ${one.name}, which cannot be read`, lines: one.text.split(/\r?\n/) }];
    return programSteps(one.pipeline).map(({ place, step }) => ({
      name: `pipeline ${one.name}, ${place} ${step.id}`,
      lines: commandLines(step, secrets),
    }));
  });

/** Files of main that commands, their environment and scripts lead to, and what lies beside them. */
const scriptParts = async (
  tree: MainTree,
  { project }: MainProject,
  steps: readonly PipelineStep[],
): Promise<readonly ExecutablePart[]> => {
  const { builder } = project.package;
  const texts = [
    ...steps.flatMap((step) => [...textsIn(step.with), ...textsIn(step.env)]),
    ...executing(project).flatMap(({ check }) => textsIn(check.with)),
    ...(builder === null ? [] : [builder]),
  ];
  if (texts.length === 0) return [];
  const reach = await openReach(tree, project);
  const { files, everything } = reach.by(texts);
  const words = steps.flatMap(({ with: { argv } }) => textsIn(argv));
  let entries = await filesAlong(tree, new Set([...files, ...(await namedFiles(tree, words)).values()]));
  let parts = await fileParts(tree, entries);
  // A script leads on to others by what it says itself; each round finds new ones, or is the last.
  for (let before = -1; before < entries.length; ) {
    before = entries.length;
    const next = reach.byMainPaths(parts.flatMap(({ lines }) => lines));
    entries = await filesAlong(tree, new Set([...files, ...entries.map(({ path }) => path), ...next]));
    parts = await fileParts(tree, entries);
  }
  if (!everything) return parts;
  const why = 'all of main, for a command reaches $LOCKSTEP_MAIN and does not say which file of it';
  return [...parts, { name: why, lines: [`tree ${(await tree.id('')) ?? ''}`] }];
};

/** Sorted by nothing: the hash does not depend on the order. Throws `object-missing`. */
export const executableParts = async (main: MainProject, tree: MainTree): Promise<readonly ExecutablePart[]> => {
  const loaded = loadAll(main);
  const steps = loaded.flatMap((one) => ('pipeline' in one ? programSteps(one.pipeline).map(({ step }) => step) : []));
  const parts = [
    ...suiteParts(main.project),
    ...pipelineParts(loaded, main.project.secrets),
    settingsPart(main.project),
  ];
  const files = [...(await scriptParts(tree, main, steps)), ...(await buildCode(tree, main.project.package))];
  // The build backend's files and a step's script may be the same file.
  const once = new Map(files.map((part) => [part.name, part])).values();
  return [...named(parts), ...once].filter(({ lines }) => lines.length > 0);
};
