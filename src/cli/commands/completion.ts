/** The `completion` command, and the hidden one that its scripts call. What they do is loaded when they run. */
import type { Command } from 'commander';
import { callOf } from '../call.ts';
import { addLeaf, type Finish } from '../leaf.ts';
import type { World } from '../world.ts';

export const addCompletionCommands = (program: Command, world: World, finish: Finish): void => {
  addLeaf(program, finish, {
    usage: 'completion <shell>',
    summary: 'print the script that completes lockstep in bash, zsh or fish',
    examples: ['completion bash', 'completion zsh', 'completion fish'],
    run: async ({ common, args }) =>
      (await import('../actions/completion.ts')).runCompletion(callOf(world, common), args[0] ?? ''),
  });
  addLeaf(program, finish, {
    usage: '__complete [words...]',
    summary: 'answer what can go on from these words; called by completion scripts',
    examples: ['__complete -- sync run --target ""'],
    hidden: true,
    run: async ({ common, args }) =>
      (await import('../actions/complete.ts')).runComplete(callOf(world, common), program, args),
  });
};
