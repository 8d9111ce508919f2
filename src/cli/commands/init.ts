/** The `init` command: what it takes. What it does is loaded when it runs. */
import type { Command } from 'commander';
import type { InitOptions } from '../actions/init.ts';
import { callOf } from '../call.ts';
import { addLeaf, type Finish, repeated } from '../leaf.ts';
import type { World } from '../world.ts';

export const addInitCommand = (program: Command, world: World, finish: Finish): void => {
  addLeaf<InitOptions>(program, finish, {
    usage: 'init',
    summary: 'look at a project, ask, and write what it lacks to be a main project',
    examples: ['init', 'init --yes --dry-run', 'init --yes --no-hooks --target ../my_app'],
    options: (command) =>
      command
        .option('--yes', 'ask nothing: take what was found')
        .option('--name <name>', 'the package, as pip knows it')
        .option('--import <name>', 'the package, as Python imports it')
        .option('--package <folder>', 'the folder with pyproject.toml')
        .option('--docs <folder>', 'a folder of documents to bring along; several times for several', repeated)
        .option('--config <file>', 'a configuration file to merge; several times for several', repeated)
        .option('--target <folder>', 'a target to register; several times for several', repeated)
        .option('--hooks', 'install the git hooks')
        .option('--no-hooks', 'install no git hooks')
        .option('--dry-run', 'show what would be written; write nothing'),
    run: async ({ common, options }) => (await import('../actions/init.ts')).runInit(callOf(world, common), options),
  });
};
