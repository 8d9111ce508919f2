/** Loads pipelines from `pipelines/` of the main project or the built-in ones, and starts none that has a problem. */
import type { KnownNames } from '../config/known-names.ts';
import { pipelineVersion } from '../config/pipeline-schema.ts';
import { type Problem, problemIn, throwProblems } from '../config/problem.ts';
import { newerProblem, refuseNewer } from '../config/validate.ts';
import { LockstepError } from '../domain/errors.ts';
import { checkLists } from './check-lists.ts';
import { checkSettings, type Settings, settingKeys } from './check-settings.ts';
import type { CheckedStep } from './check-step.ts';
import { type Complaints, complain, inFile, isMap, refuseUnknownKeys } from './complaints.ts';
import { type Effective, effectiveOf } from './extend.ts';
import type { Pipeline, PipelineStep } from './pipeline.ts';
import type { OutputsScope } from './step-outputs.ts';
import {
  isPipelineName,
  namesOnDisk,
  type PipelineFolder,
  pipelineFolder,
  readChain,
  readSource,
  type Source,
  sourceNamed,
  type Written,
} from './written.ts';

export { listPipelines } from './written.ts';

export interface PipelinePlace extends PipelineFolder {
  /** What steps and conditions may name; their names are not looked at without it. */
  readonly known?: KnownNames;
}

/** A pipeline, and the files that made it. */
export interface LoadedPipeline {
  readonly pipeline: Pipeline;
  /** The pipeline's own file first, then what it extends. */
  readonly files: readonly Written[];
  readonly effective: Effective;
}

const pipelineKeys = [
  'version',
  'name',
  'description',
  'extends',
  'defaults',
  'steps',
  'on_failure',
  'always',
] as const;

const rollbackOnly: readonly PipelineStep[] = [
  { id: 'rollback', uses: 'rollback', with: {}, env: {}, continueOnError: false, origin: { file: 'default', line: 0 } },
];

/** What a file says besides its steps. Throws `format-newer`. */
const checkHead = (to: Complaints, { name, map, yaml }: Written): void => {
  refuseUnknownKeys(to, { map, path: [] }, pipelineKeys);
  refuseNewer(yaml, pipelineVersion);
  if (map.version !== undefined && map.version !== pipelineVersion)
    complain(to, ['version'], `\`version\` must be ${pipelineVersion}`);
  if (map.description !== undefined && typeof map.description !== 'string')
    complain(to, ['description'], '`description` must be text');
  if (map.name === undefined) complain(to, [], `\`name\` is missing: write name: ${name}`);
  else if (map.name !== name) complain(to, ['name'], `the file is named \`${name}\`, so must the pipeline be`);
  if (map.extends !== undefined) return;
  if (map.steps === undefined) complain(to, [], '`steps` is missing');
  else if (Array.isArray(map.steps) && map.steps.length === 0) complain(to, ['steps'], '`steps` is empty');
};

const nothingEarlier: OutputsScope = {
  earlier: new Map(),
  later: new Set(),
  refused: 'defaults are for every step, the first one too: they may not read `steps`',
};

/** The defaults of all files: key by key, and in `env` name by name, the nearest file's word counts. */
const defaultsOf = (to: Complaints, files: readonly Written[], scope: OutputsScope): Settings => {
  let made: Settings = { env: {} };
  for (const { yaml, map } of [...files].reverse()) {
    const here = inFile(to, yaml);
    const { defaults } = map;
    if (defaults === undefined) continue;
    if (isMap(defaults)) {
      refuseUnknownKeys(here, { map: defaults, path: ['defaults'] }, settingKeys);
      const own = checkSettings(here, { map: defaults, path: ['defaults'] }, scope);
      made = { ...made, ...own, env: { ...made.env, ...own.env } };
    } else complain(here, ['defaults'], `\`defaults\` must be a map of ${settingKeys.join(', ')}`);
  }
  return made;
};

const bare = ({ step }: CheckedStep): PipelineStep => step;

/** Checks all of a pipeline's files. Throws `format-newer`, `pipeline-invalid` for a file that is no text. It is to be used only when there are no problems. */
const check = (place: PipelinePlace, source: Source): LoadedPipeline & { readonly problems: readonly Problem[] } => {
  const file = readSource(place, source);
  const to: Complaints = { file, problems: [...file.problems] };
  const chain = readChain(to, place, source);
  for (const written of chain.files) checkHead(inFile(to, written.yaml), written);
  const { known } = place;
  const defaults = defaultsOf(to, chain.files, known === undefined ? nothingEarlier : { ...nothingEarlier, known });
  const effective = effectiveOf(to, chain);
  if (effective.complete && effective.steps?.length === 0 && chain.files[0]?.map.extends !== undefined)
    complain(to, ['steps'], 'no step is left', 'key');
  const lists = checkLists(to, effective, { known, defaults });
  return {
    pipeline: {
      name: source.name,
      file: source.path === null ? 'built in' : source.shownAs,
      steps: lists.steps.map(bare),
      onFailure: lists.onFailure?.map(bare) ?? rollbackOnly,
      always: lists.always.map(bare),
    },
    files: chain.files,
    effective,
    problems: to.problems,
  };
};

/** As `loadPipeline`, with the files that made it. */
export const loadWritten = ({ name, ...place }: PipelinePlace & { readonly name: string }): LoadedPipeline => {
  const { problems, ...loaded } = check(place, sourceNamed(place, name));
  throwProblems('pipeline-invalid', problems);
  return loaded;
};

/** Loads a pipeline by name; a file of the project comes before a built-in one. Throws `pipeline-invalid` with every problem, `format-newer`. */
export const loadPipeline = (wanted: PipelinePlace & { readonly name: string }): Pipeline =>
  loadWritten(wanted).pipeline;

/** The files of a chain that a later Lockstep wrote. */
const newerFiles = (place: PipelinePlace, source: Source): Problem[] => {
  const to: Complaints = { file: readSource(place, source), problems: [] };
  return readChain(to, place, source).files.flatMap(({ yaml }) => newerProblem(yaml, pipelineVersion) ?? []);
};

/** The problems of all pipeline files of the project, each once; never throws for what is in them. */
export const checkPipelines = (place: PipelinePlace): Problem[] => {
  const found = namesOnDisk(place).flatMap((name) => {
    const file = `${pipelineFolder}/${name}.yaml`;
    const whole = (message: string): Problem[] => [problemIn({ file, text: '' }, [0, 0], message)];
    if (!isPipelineName(name))
      return whole('a pipeline is named by a letter, then letters, digits, dashes and underscores');
    const source = sourceNamed(place, name);
    try {
      return check(place, source).problems;
    } catch (error) {
      if (error instanceof LockstepError && error.code === 'format-newer') return newerFiles(place, source);
      if (error instanceof LockstepError) return whole(error.message);
      throw error;
    }
  });
  // A mistake in a pipeline that others extend is one mistake.
  const places = new Map(
    found.map((problem) => [`${problem.file}:${problem.line}:${problem.column}:${problem.message}`, problem]),
  );
  return [...places.values()];
};
