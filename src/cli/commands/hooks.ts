/** The `hooks` commands: what they take. What they do is loaded when one of them runs. */
import type { Command } from 'commander';
import type { HooksOptions } from '../actions/hooks.ts';
import { callOf } from '../call.ts';
import { addGroup, addLeaf, type Finish } from '../leaf.ts';
import type { World } from '../world.ts';

const dryRun = (command: Command): Command =>
  command.option('--dry-run', 'show what would be written and removed; write nothing');

export const addHooksCommands = (program: Command, world: World, finish: Finish): void => {
  const hooks = addGroup(program, 'hooks', 'put git hooks in place, and take them away again');
  addLeaf<HooksOptions>(hooks, finish, {
    usage: 'install',
    summary: 'put the git hooks in place; a hook that is there runs first',
    examples: ['hooks install', 'hooks install --dry-run'],
    options: dryRun,
    run: async ({ common, options }) =>
      (await import('../actions/hooks.ts')).runHooksInstall(callOf(world, common), options),
  });
  addLeaf<HooksOptions>(hooks, finish, {
    usage: 'uninstall',
    summary: 'take the git hooks away, and put back what was there',
    examples: ['hooks uninstall', 'hooks uninstall --dry-run'],
    options: dryRun,
    run: async ({ common, options }) =>
      (await import('../actions/hooks.ts')).runHooksUninstall(callOf(world, common), options),
  });
  addLeaf(hooks, finish, {
    usage: 'status',
    summary: 'tell which git hooks are in place, and what mends those that are not',
    examples: ['hooks status', 'hooks status --json'],
    run: async ({ common }) => (await import('../actions/hooks.ts')).runHooksStatus(callOf(world, common)),
  });
};
