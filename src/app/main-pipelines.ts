/** Reads each pipeline of a main project once per command: what was trusted is what runs, whatever becomes of the file meanwhile. */
import { namesOf } from '../config/known-names.ts';
import { loadPipeline, type PipelinePlace } from '../pipeline/load.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import type { MainProject } from './main-project.ts';

/** Where the pipelines lie: beside the configuration, in a linked worktree too. */
export const pipelinePlace = ({ ports, git, project }: MainProject): PipelinePlace => ({
  files: ports.files,
  root: git.root,
  known: namesOf(project),
});

const read = new WeakMap<MainProject, Map<string, Pipeline>>();

/** A pipeline by name, as it was when it was first asked for. Throws what `loadPipeline` throws. */
export const pipelineNamed = (main: MainProject, name: string): Pipeline => {
  const known = read.get(main) ?? new Map<string, Pipeline>();
  read.set(main, known);
  const pipeline = known.get(name) ?? loadPipeline({ ...pipelinePlace(main), name });
  known.set(name, pipeline);
  return pipeline;
};
