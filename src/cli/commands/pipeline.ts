/** The `pipeline` commands: what they take. What they do is loaded when one of them runs. */
import type { Command } from 'commander';
import type { GraphOptions, ShowOptions } from '../actions/pipeline.ts';
import { callOf } from '../call.ts';
import { addGroup, addLeaf, type Finish } from '../leaf.ts';
import type { World } from '../world.ts';

export const addPipelineCommands = (program: Command, world: World, finish: Finish): void => {
  const pipeline = addGroup(program, 'pipeline', 'show which steps run, in what order, and where that was written');
  addLeaf(pipeline, finish, {
    usage: 'list',
    summary: 'list the pipelines, where they come from, and the targets that use them',
    examples: ['pipeline list'],
    run: async ({ common }) => (await import('../actions/pipeline.ts')).runPipelineList(callOf(world, common)),
  });
  addLeaf<ShowOptions>(pipeline, finish, {
    usage: 'show <pipeline|target>',
    summary: 'show a pipeline as it runs, with all that it extends put together',
    examples: ['pipeline show site-packages', 'pipeline show my_app --origin'],
    options: (command) => command.option('--origin', 'say of each line which file and line it comes from'),
    run: async ({ common, options, args }) =>
      (await import('../actions/pipeline.ts')).runPipelineShow(callOf(world, common), args[0] ?? '', options),
  });
  addLeaf<GraphOptions>(pipeline, finish, {
    usage: 'graph <pipeline|target>',
    summary: 'draw the steps of a pipeline',
    examples: ['pipeline graph my_app', 'pipeline graph site-packages --mermaid'],
    options: (command) => command.option('--mermaid', 'as a Mermaid flowchart, for a page'),
    run: async ({ common, options, args }) =>
      (await import('../actions/pipeline.ts')).runPipelineGraph(callOf(world, common), args[0] ?? '', options),
  });
};
