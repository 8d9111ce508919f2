/** Gathers everything that runs of a main project execute on this machine, whatever targets are registered: one hash fits every machine. */
import { join } from 'node:path';
import { suitesOf } from '../../checks/default-suites.ts';
import { executedBy } from '../../checks/run-suites.ts';
import { namesOf } from '../../config/known-names.ts';
import { LockstepError } from '../../domain/errors.ts';
import type { ExecutablePart } from '../../domain/executable.ts';
import { isSecret, mask } from '../../domain/secrets.ts';
import { buildCode, fileParts } from '../../integrations/package/build-code.ts';
import { listPipelines, loadPipeline } from '../../pipeline/load.ts';
import type { Pipeline, PipelineStep } from '../../pipeline/pipeline.ts';
import { filesAlong, namedFiles } from '../../steps/run/script.ts';
import { type MainTree, sha256 } from '../../store/main-tree.ts';
import type { MainProject } from '../main-project.ts';

const suiteParts = (project: MainProject['project']): readonly ExecutablePart[] =>
  Object.entries(suitesOf(project)).flatMap(([suite, checks]) =>
    checks.map((check) => ({ name: `suite ${suite}, check ${check.name}`, lines: executedBy(project, check) })),
  );

/** Words of a command, as far as the pipeline says them. */
const wordsOf = ({ with: { argv } }: PipelineStep): readonly string[] =>
  Array.isArray(argv) ? argv.filter((word): word is string => typeof word === 'string') : [];

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

const programSteps = ({ steps, onFailure, always }: Pipeline): readonly PipelineStep[] =>
  [...steps, ...onFailure, ...always].filter(({ uses }) => uses === 'run');

type Loaded = { readonly name: string; readonly pipeline: Pipeline } | { readonly name: string; readonly text: string };

/** A pipeline that cannot be loaded stops its own targets elsewhere; here all of its text counts. */
const loadAll = (main: MainProject): readonly Loaded[] => {
  const place = { files: main.ports.files, root: main.git.mainWorktree };
  return listPipelines(place).map((name) => {
    try {
      return { name, pipeline: loadPipeline({ ...place, name, known: namesOf(main.project) }) };
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
    return programSteps(one.pipeline).map((step) => ({
      name: `pipeline ${one.name}, step ${step.id}`,
      lines: commandLines(step, secrets),
    }));
  });

/** Files of main that commands name, and what comes along with them. */
const scriptParts = async (tree: MainTree, loaded: readonly Loaded[]): Promise<readonly ExecutablePart[]> => {
  const words = loaded.flatMap((one) => ('pipeline' in one ? programSteps(one.pipeline).flatMap(wordsOf) : []));
  if (words.length === 0) return [];
  const named = await namedFiles(tree, words);
  return fileParts(tree, await filesAlong(tree, named.values()));
};

/** Sorted by nothing: the hash does not depend on the order. Throws `object-missing`. */
export const executableParts = async (main: MainProject, tree: MainTree): Promise<readonly ExecutablePart[]> => {
  const loaded = loadAll(main);
  const parts = [
    ...suiteParts(main.project),
    ...pipelineParts(loaded, main.project.secrets),
    ...(await scriptParts(tree, loaded)),
    ...(await buildCode(tree, main.project.package)),
  ];
  // The build backend's files and a step's script may be the same file.
  return [...new Map(parts.filter(({ lines }) => lines.length > 0).map((part) => [part.name, part])).values()];
};
