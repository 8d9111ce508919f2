/** The `push` command: what it takes. What it does is loaded when it runs. */
import type { Command } from 'commander';
import { callOf } from '../call.ts';
import { addLeaf, type Finish } from '../leaf.ts';
import type { World } from '../world.ts';

export const addPushCommand = (program: Command, world: World, finish: Finish): void => {
  addLeaf(program, finish, {
    usage: 'push [args...]',
    summary: 'git push, and once the remote has the commit, sync all targets',
    examples: ['push', 'push origin main', 'push --force-with-lease origin main'],
    // Whatever git push takes.
    options: (command) => command.passThroughOptions().allowUnknownOption(),
    run: async ({ common, args }) => (await import('../actions/push.ts')).runPush(callOf(world, common), args),
  });
};
