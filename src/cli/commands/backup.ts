/** The `backup` commands: what they take. What they do is loaded when one of them runs. */
import type { Command } from 'commander';
import type { CheckOptions } from '../actions/backup-check.ts';
import type { PruneOptions } from '../actions/backup-prune.ts';
import type { ShowOptions } from '../actions/backup-show.ts';
import { callOf } from '../call.ts';
import { addGroup, addLeaf, type Finish } from '../leaf.ts';
import type { World } from '../world.ts';

export const addBackupCommands = (program: Command, world: World, finish: Finish): void => {
  const backup = addGroup(program, 'backup', 'look into backups, compare and check them, remove old ones');
  addLeaf<ShowOptions>(backup, finish, {
    usage: 'show <backup>',
    summary: 'show what a backup holds, and whether all of it can be restored',
    examples: ['backup show my_app-20261123T031530Z-4f2a', 'backup show 4f2a --files'],
    options: (command) => command.option('--files', 'name every file'),
    run: async ({ common, options, args }) =>
      (await import('../actions/backup-show.ts')).runShow(callOf(world, common), args[0] ?? '', options),
  });
  addLeaf(backup, finish, {
    usage: 'diff <backup> [other]',
    summary: 'show what differs from a backup to another one, or to the target as it stands now',
    examples: ['backup diff 4f2a', 'backup diff 4f2a 9c01'],
    run: async ({ common, args }) =>
      (await import('../actions/backup-diff.ts')).runDiff(callOf(world, common), args[0] ?? '', args[1]),
  });
  addLeaf<CheckOptions>(backup, finish, {
    usage: 'check [targets...]',
    summary: 'check that all backups can be restored; name the files that cannot',
    examples: ['backup check', 'backup check my_app --read-data'],
    options: (command) => command.option('--read-data', 'read every byte and compare it with its digest'),
    run: async ({ common, options, args }) =>
      (await import('../actions/backup-check.ts')).runCheck(callOf(world, common), args, options),
  });
  addLeaf<PruneOptions>(backup, finish, {
    usage: 'prune',
    summary: 'remove the backups that no rule of `backups:` keeps and nothing needs; give their space back',
    examples: ['backup prune --dry-run', 'backup prune'],
    options: (command) =>
      command
        .option('--dry-run', 'show what would become of each backup and why; write nothing')
        .option('--drop-damaged', 'remove backups, too, whose list is damaged: nothing of them can be restored'),
    run: async ({ common, options }) =>
      (await import('../actions/backup-prune.ts')).runPrune(callOf(world, common), options),
  });
};
