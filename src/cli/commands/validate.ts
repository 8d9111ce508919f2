/** The `validate` command: what it takes. What it does is loaded when it runs. */
import type { Command } from 'commander';
import { callOf } from '../call.ts';
import { addLeaf, type Finish } from '../leaf.ts';
import type { World } from '../world.ts';

export const addValidateCommand = (program: Command, world: World, finish: Finish): void => {
  addLeaf(program, finish, {
    usage: 'validate',
    summary: 'check the configuration, all pipelines and the registry',
    examples: ['validate'],
    run: async ({ common }) => (await import('../actions/validate.ts')).runValidate(callOf(world, common)),
  });
};
