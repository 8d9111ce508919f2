/** Checks everything that a person writes for Lockstep: configuration, pipelines, registry. Writes nothing. */
import { join } from 'node:path';
import { type KnownNames, namesIn, typesIn } from '../config/known-names.ts';
import { type Problem, problemIn, renderProblem, short, suggestion } from '../config/problem.ts';
import { readYaml, type YamlFile } from '../config/yaml-file.ts';
import { LockstepError } from '../domain/errors.ts';
import type { Project } from '../domain/project.ts';
import { baseType, pipelineFor } from '../domain/team-types.ts';
import { integrationOf } from '../integrations/index.ts';
import { checkPipelines, listPipelines, loadPipeline, type PipelinePlace } from '../pipeline/load.ts';
import type { GitPlaces, Ports } from '../ports.ts';
import { valueAt } from '../store/json-position.ts';
import { openRegistry } from '../store/registry.ts';
import { type StatePlaces, statePlaces } from '../store/state-dir.ts';
import { configName, findMain, openMain } from './main-project.ts';
import { missingSources } from './missing-sources.ts';

export interface Validation {
  /** What was looked at. */
  readonly checked: readonly string[];
  /** One line each; none when all is well. */
  readonly problems: readonly string[];
  /** What is no mistake as it is written, and most likely not meant. */
  readonly warnings: readonly string[];
}

const linesOf = (error: unknown): readonly string[] => {
  if (!(error instanceof LockstepError)) throw error;
  const where = error.target === undefined ? '' : `${error.target}: `;
  return [`${where}${error.message}`, ...error.details, ...(error.hint === undefined ? [] : [`  next: ${error.hint}`])];
};

/** A problem of the registry, where the value stands. */
const inRegistry = (
  source: { readonly file: string; readonly text: string },
  path: readonly (string | number)[],
  message: string,
): Problem => {
  const [line = 1, column = 1] = valueAt(source.text, path).split(':').map(Number);
  const before = source.text.split('\n').slice(0, line - 1);
  const start = before.reduce((sum, text) => sum + text.length + 1, 0) + column - 1;
  const length = /^"(?:[^"\\]|\\.)*"|^[^,\s}\]]+/.exec(source.text.slice(start))?.[0].length ?? 1;
  return problemIn(source, [start, start + length], message);
};

interface Looked {
  readonly place: PipelinePlace;
  readonly types: Project['types'];
}

const registryProblems = (ports: Ports, state: StatePlaces, { place, types }: Looked): readonly string[] => {
  const { targets } = openRegistry(ports, state).read();
  if (targets.length === 0) return [];
  const source = { file: state.registry, text: ports.files.readText(state.registry).replace(/^\ufeff/, '') };
  const pipelines = new Set(listPipelines(place));
  return targets.flatMap(({ name, type, pipeline }, index) => {
    const tried = (key: 'type' | 'pipeline', look: () => unknown): readonly string[] => {
      try {
        look();
        return [];
      } catch (error) {
        if (!(error instanceof LockstepError)) throw error;
        const hint = error.hint === undefined ? '' : `; ${error.hint}`;
        return renderProblem(inRegistry(source, ['targets', index, key], `target ${name}: ${error.message}${hint}`));
      }
    };
    const wrong = tried('type', () => integrationOf(baseType(types, type), Object.keys(types)));
    if (wrong.length > 0 && pipeline === undefined) return wrong;
    // What is wrong inside a pipeline is said once, where its file is read.
    const named = pipelineFor({ types }, { type, ...(pipeline === undefined ? {} : { pipeline }) });
    const missing = pipelines.has(named)
      ? []
      : tried(pipeline === undefined ? 'type' : 'pipeline', () => loadPipeline({ ...place, name: named }));
    return [...wrong, ...missing];
  });
};

/** Pipelines that types of the team's own name, and that there are not. */
const typeProblems = (config: YamlFile, { place, types }: Looked): readonly Problem[] => {
  const pipelines = listPipelines(place);
  return Object.entries(types).flatMap(([name, { pipeline }]) =>
    pipeline === null || pipelines.includes(pipeline)
      ? []
      : [
          config.problem(
            ['types', name, 'pipeline'],
            `there is no pipeline named \`${short(pipeline, 60)}\`${suggestion(pipeline, pipelines)}`,
          ),
        ],
  );
};

/** The configuration as text; undefined when it is no text. */
const written = ({ files }: Ports, git: GitPlaces): YamlFile | undefined => {
  try {
    const file = readYaml(files, join(git.root, configName), { shownAs: configName, code: 'config-invalid' });
    return file.readable ? file : undefined;
  } catch (error) {
    if (error instanceof LockstepError) return undefined;
    throw error;
  }
};

/** Where the registry is, when a configuration with mistakes still tells. */
const stateOf = (config: YamlFile | undefined, git: GitPlaces): StatePlaces | undefined => {
  const { value } = config ?? {};
  const moved = value !== null && typeof value === 'object' && 'state' in value;
  return config === undefined || moved ? undefined : statePlaces(join(git.commonDir, 'lockstep'));
};

/** Every problem of every file at once. Throws `not-a-main-project` when there is nothing to check. */
export const validate = async (ports: Ports, dir: string): Promise<Validation> => {
  const git = await findMain(ports, dir);
  const problems: string[] = [];
  const gather = (look: () => readonly string[]): void => {
    try {
      problems.push(...look());
    } catch (error) {
      problems.push(...linesOf(error));
    }
  };
  const config = written(ports, git);
  const warnings: string[] = [];
  const state = await openMain(ports, dir).then(
    async (main) => {
      if (config !== undefined) warnings.push(...(await missingSources(main, config)).flatMap(renderProblem));
      return main.state;
    },
    (error: unknown) => {
      problems.push(...linesOf(error));
      return stateOf(config, git);
    },
  );
  // What a configuration with mistakes names is known all the same: one look finds the mistakes of all files.
  const known: KnownNames | undefined = config === undefined ? undefined : namesIn(config.value);
  const place = { files: ports.files, root: git.root, ...(known === undefined ? {} : { known }) };
  const types = typesIn(config?.value);
  if (config !== undefined) gather(() => typeProblems(config, { place, types }).flatMap(renderProblem));
  if (state !== undefined) gather(() => registryProblems(ports, state, { place, types }));
  gather(() => checkPipelines(place).flatMap(renderProblem));
  return { checked: [configName, 'pipelines', 'registry'], problems, warnings };
};
