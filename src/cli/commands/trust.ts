/** The `trust` command: what it takes. What it does is loaded when it runs. */
import type { Command } from 'commander';
import type { TrustOptions } from '../actions/trust.ts';
import { callOf } from '../call.ts';
import { addLeaf, type Finish } from '../leaf.ts';
import type { World } from '../world.ts';

export const addTrustCommand = (program: Command, world: World, finish: Finish): void => {
  addLeaf<TrustOptions>(program, finish, {
    usage: 'trust',
    summary: 'show what runs would execute on this machine, and trust it',
    examples: ['trust', 'trust --yes', 'trust --json'],
    options: (command) => command.option('--yes', 'trust it without being asked'),
    run: async ({ common, options }) => (await import('../actions/trust.ts')).runTrust(callOf(world, common), options),
  });
};
