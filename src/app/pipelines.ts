/** Which pipelines there are, who uses them, and what one of them comes to. Reads only. */
import { LockstepError } from '../domain/errors.ts';
import { nearestName } from '../domain/nearest.ts';
import type { TargetRecord } from '../domain/target.ts';
import { pipelineFor } from '../domain/team-types.ts';
import { checkPipelines, type LoadedPipeline, listPipelines, loadWritten } from '../pipeline/load.ts';
import { sourceNamed } from '../pipeline/written.ts';
import { pipelinePlace } from './main-pipelines.ts';
import type { MainProject } from './main-project.ts';

export interface PipelineEntry {
  readonly name: string;
  /** Its file; null for a name that a target has and no file. */
  readonly from: string | null;
  /** Names of the targets that use it. */
  readonly targets: readonly string[];
  /** How many mistakes are in its file. */
  readonly problems: number;
}

/** Every pipeline there is, and every one that a target names. */
export const pipelineEntries = (main: MainProject): readonly PipelineEntry[] => {
  const place = pipelinePlace(main);
  const { targets } = main.registry.read();
  const there = listPipelines(place);
  const problems = checkPipelines(place);
  const pipelineOf = (record: TargetRecord): string => pipelineFor(main.project, record);
  const names = [...new Set([...there, ...targets.map(pipelineOf)])].sort();
  return names.map((name) => {
    const from = there.includes(name) ? sourceNamed(place, name).shownAs : null;
    return {
      name,
      from,
      targets: targets.filter((record) => pipelineOf(record) === name).map((record) => record.name),
      problems: problems.filter(({ file }) => file === from).length,
    };
  });
};

export interface FoundPipeline extends LoadedPipeline {
  /** The target that was named, when a target was. */
  readonly target: string | null;
}

/**
 * The pipeline of a name, or the one that a target of that name uses; a pipeline comes first.
 * Throws `unknown-name` with the nearest of both, `pipeline-invalid` with every problem.
 */
export const findPipeline = (main: MainProject, word: string): FoundPipeline => {
  const place = pipelinePlace(main);
  const names = listPipelines(place);
  if (names.includes(word)) return { ...loadWritten({ ...place, name: word }), target: null };
  const { targets } = main.registry.read();
  const record = targets.find(({ name }) => name === word);
  if (record !== undefined)
    return { ...loadWritten({ ...place, name: pipelineFor(main.project, record) }), target: record.name };
  const near = nearestName(word, [...names, ...targets.map(({ name }) => name)]);
  throw new LockstepError('unknown-name', `there is no pipeline and no target named ${word}`, {
    hint: near === undefined ? 'lockstep pipeline list shows the pipelines and their targets' : `did you mean ${near}?`,
  });
};
