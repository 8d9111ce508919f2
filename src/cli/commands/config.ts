/** The `config` commands: what they take. What they do is loaded when one of them runs. */
import type { Command } from 'commander';
import type { ConfigSyncOptions } from '../actions/run.ts';
import { callOf } from '../call.ts';
import { addGroup, addLeaf, type Finish } from '../leaf.ts';
import type { World } from '../world.ts';

export const addConfigCommands = (program: Command, world: World, finish: Finish): void => {
  const config = addGroup(program, 'config', "compare and merge targets' configuration files");
  addLeaf(config, finish, {
    usage: 'diff <target>',
    summary: 'show every key that differs, and which side a merge would take',
    examples: ['config diff my_app'],
    run: async ({ common, args }) =>
      (await import('../actions/config-diff.ts')).runConfigDiff(callOf(world, common), args[0] ?? ''),
  });
  addLeaf<ConfigSyncOptions>(config, finish, {
    usage: 'sync <target>',
    summary: "merge main's configuration into the target's, after a backup",
    examples: ['config sync my_app --merge', 'config sync my_app --dry-run'],
    options: (command) =>
      command
        .option('--merge', 'key by key, as sync.config.yaml says; this is what it always does')
        .option('--complete', 'bring back a file that the owner deleted')
        .option('--force', 'bring the commit though it is in quarantine after a rollback')
        .option('--dry-run', 'show what would change; write nothing'),
    run: async ({ common, options, args }) =>
      (await import('../actions/run.ts')).runConfigSync(callOf(world, common), args[0] ?? '', options),
  });
};
