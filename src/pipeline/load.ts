/** Loads pipelines from `pipelines/` of the main project or the built-in ones, and starts none that has a problem. */
import { join } from 'node:path';
import { pipelineVersion } from '../config/pipeline-schema.ts';
import { type Problem, problemIn, short, suggestion, throwProblems } from '../config/problem.ts';
import { refuseNewer } from '../config/validate.ts';
import { namePattern } from '../config/words.ts';
import { parseYaml, readYaml, type YamlFile, type YamlPath } from '../config/yaml-file.ts';
import { LockstepError } from '../domain/errors.ts';
import type { Files } from '../ports.ts';
import { stepKinds } from '../steps/index.ts';
import { builtInPipelines } from './built-in.ts';
import { type CheckedStep, type Complaints, checkStep, complain, isMap, refuseUnknownKeys } from './check-step.ts';
import type { Pipeline, PipelineStep } from './pipeline.ts';

export interface PipelinePlace {
  readonly files: Files;
  /** The main root, absolute. */
  readonly root: string;
}

/** `extends` and what changes an extended pipeline are not read yet, so they are unknown. */
const pipelineKeys = ['version', 'name', 'description', 'steps', 'on_failure'] as const;

const folder = 'pipelines';
const ending = '.yaml';
/** Only such names are looked for on the disk: a name is no path. */
const nameShape = new RegExp(namePattern);
const longestName = 64;
const isName = (name: string): boolean => name.length <= longestName && nameShape.test(name);

const rollbackOnly: readonly PipelineStep[] = [{ id: 'rollback', uses: 'rollback', with: {}, continueOnError: false }];

/** Kinds that make sense only after a failure: `rollback` amid the steps would undo them and call that done. */
const onlyAfterFailure: ReadonlySet<string> = new Set(['rollback', 'diagnose']);

const uniqueIds = (to: Complaints, steps: readonly CheckedStep[]): void => {
  const seen = new Set<string>();
  for (const { step, path } of steps) {
    if (seen.has(step.id)) {
      complain(
        to,
        [...path, 'id'],
        `there are two steps with the id \`${step.id}\`: give this one an \`id\` of its own`,
      );
    }
    seen.add(step.id);
  }
};

const stepsAt = (to: Complaints, path: YamlPath, value: unknown): CheckedStep[] | undefined => {
  if (!Array.isArray(value)) {
    complain(to, path, `\`${path[0]}\` must be a list of steps`);
    return undefined;
  }
  const steps = value.flatMap(
    (entry, index) => checkStep(to, [...path, index], { value: entry, kinds: stepKinds }) ?? [],
  );
  uniqueIds(to, steps);
  return steps;
};

const checkOrder = (to: Complaints, steps: readonly CheckedStep[]): void => {
  let backedUp = false;
  for (const { step, kind, path } of steps) {
    if (onlyAfterFailure.has(kind.name))
      complain(to, [...path, 'uses'], `\`${kind.name}\` belongs under \`on_failure\``);
    if (kind.name === 'backup') {
      if (step.if !== undefined)
        complain(to, [...path, 'if'], '`backup` takes no `if`: what follows must not run without it');
      backedUp = true;
    } else if (kind.mutates && !backedUp) {
      complain(to, [...path, 'uses'], `\`${step.id}\` changes the target and no \`backup\` stands before it`);
    }
  }
};

const checkOnFailure = (to: Complaints, steps: readonly CheckedStep[]): void => {
  for (const { step, kind, path } of steps) {
    if (kind.mutates || kind.name === 'backup') {
      complain(to, [...path, 'uses'], `\`${kind.name}\` is refused under \`on_failure\`: nothing new is begun there`);
    }
    if (step.if !== undefined) complain(to, [...path, 'if'], 'steps under `on_failure` take no `if`');
  }
};

/** Checks all of a file. Throws `format-newer`. The pipeline is to be used only when there are no problems. */
const check = (
  file: YamlFile,
  name: string,
): { readonly pipeline: Pipeline; readonly problems: readonly Problem[] } => {
  const empty: Pipeline = { name, file: file.file, steps: [], onFailure: rollbackOnly };
  if (!file.readable) return { pipeline: empty, problems: file.problems };
  const to: Complaints = { file, problems: [...file.problems] };
  const { value } = file;
  if (!isMap(value)) {
    complain(to, [], 'a pipeline must be a map with `name` and `steps`');
    return { pipeline: empty, problems: to.problems };
  }
  refuseUnknownKeys(to, { map: value, path: [] }, pipelineKeys);
  refuseNewer(file, pipelineVersion);
  if (value.version !== undefined && value.version !== pipelineVersion)
    complain(to, ['version'], `\`version\` must be ${pipelineVersion}`);
  if (value.description !== undefined && typeof value.description !== 'string') {
    complain(to, ['description'], '`description` must be text');
  }
  if (value.name === undefined) complain(to, [], `\`name\` is missing: write name: ${name}`);
  else if (value.name !== name) {
    complain(to, ['name'], `the file is named \`${name}\`, so must the pipeline be`);
  }
  const steps = value.steps === undefined ? undefined : stepsAt(to, ['steps'], value.steps);
  if (value.steps === undefined) complain(to, [], '`steps` is missing');
  else if (Array.isArray(value.steps) && value.steps.length === 0) complain(to, ['steps'], '`steps` is empty');
  checkOrder(to, steps ?? []);
  const after = value.on_failure === undefined ? undefined : stepsAt(to, ['on_failure'], value.on_failure);
  checkOnFailure(to, after ?? []);
  return {
    pipeline: {
      name,
      file: file.file,
      steps: (steps ?? []).map(({ step }) => step),
      onFailure: after === undefined ? rollbackOnly : after.map(({ step }) => step),
    },
    problems: to.problems,
  };
};

const namesOnDisk = ({ files, root }: PipelinePlace): readonly string[] =>
  files
    .list(join(root, folder))
    .filter((entry) => entry.endsWith(ending))
    .map((entry) => entry.slice(0, -ending.length));

/** The names of all pipelines there are, sorted: the project's own and the built-in ones. */
export const listPipelines = (place: PipelinePlace): string[] =>
  [...new Set([...namesOnDisk(place).filter((name) => isName(name)), ...Object.keys(builtInPipelines)])].sort();

const read = (place: PipelinePlace, name: string): YamlFile => {
  const shownAs = `${folder}/${name}${ending}`;
  const path = join(place.root, folder, `${name}${ending}`);
  const named = isName(name);
  // stat, not real: a link that leads nowhere is a problem to tell, not a reason to take the built-in one.
  if (named && place.files.stat(path) !== undefined)
    return readYaml(place.files, path, { shownAs, code: 'pipeline-invalid' });
  const text = Object.hasOwn(builtInPipelines, name) ? builtInPipelines[name] : undefined;
  if (text !== undefined) return parseYaml(text, 'built in');
  const known = listPipelines(place);
  throw new LockstepError(
    'pipeline-invalid',
    `there is no pipeline named ${short(name, 60)}${suggestion(name, known)}`,
    {
      hint: named ? `write ${shownAs}, or use one of: ${known.join(', ')}` : `use one of: ${known.join(', ')}`,
    },
  );
};

/** Loads a pipeline by name; a file of the project comes before a built-in one. Throws `pipeline-invalid` with every problem, `format-newer`. */
export const loadPipeline = ({ name, ...place }: PipelinePlace & { readonly name: string }): Pipeline => {
  const { pipeline, problems } = check(read(place, name), name);
  throwProblems('pipeline-invalid', problems);
  return pipeline;
};

/** The problems of all pipeline files of the project; never throws for what is in them. */
export const checkPipelines = (place: PipelinePlace): Problem[] =>
  namesOnDisk(place).flatMap((name) => {
    const file = `${folder}/${name}${ending}`;
    const whole = (message: string): Problem[] => [problemIn({ file, text: '' }, [0, 0], message)];
    if (!isName(name)) return whole('a pipeline is named by a letter, then letters, digits, dashes and underscores');
    try {
      return [...check(read(place, name), name).problems];
    } catch (error) {
      if (error instanceof LockstepError) return whole(error.message);
      throw error;
    }
  });
