/** The `target` commands: what they take. What they do is loaded when one of them runs. */
import type { Command } from 'commander';
import type { RestoreOptions, RollbackOptions } from '../actions/restore.ts';
import type { TagOptions } from '../actions/tag.ts';
import type { AddOptions, UpdateOptions } from '../actions/targets.ts';
import { callOf } from '../call.ts';
import { addGroup, addLeaf, type Finish, repeated } from '../leaf.ts';
import type { World } from '../world.ts';

const addRegistry = (target: Command, world: World, finish: Finish): void => {
  addLeaf(target, finish, {
    usage: 'list',
    summary: 'list the registered targets',
    examples: ['target list'],
    run: async ({ common }) => (await import('../actions/targets.ts')).runList(callOf(world, common)),
  });
  addLeaf(target, finish, {
    usage: 'show <target>',
    summary: 'show what is known of a target and what was found there',
    examples: ['target show my_app'],
    run: async ({ common, args }) =>
      (await import('../actions/targets.ts')).runShow(callOf(world, common), args[0] ?? ''),
  });
  addLeaf<AddOptions>(target, finish, {
    usage: 'add <name>',
    summary: 'look at a folder and register it',
    examples: [
      'target add my_app --path ../my_app',
      'target add my_app --path ../my_app --type site-packages --python ../my_app/.venv/bin/python',
    ],
    options: (command) =>
      command
        .requiredOption('--path <folder>', "the target's folder")
        .option('--type <type>', 'the integration type: site-packages or source; found out when left out')
        .option('--python <file>', 'the Python that the target runs; found out when left out')
        .option('--checkout <folder>', 'the clone that an editable install points to')
        .option('--pipeline <name>', 'the pipeline to sync it with; the one of its type when left out'),
    run: async ({ common, options, args }) =>
      (await import('../actions/targets.ts')).runAdd(callOf(world, common), args[0] ?? '', options),
  });
  addLeaf(target, finish, {
    usage: 'remove <target>',
    summary: 'take a target out of the registry; its folder and its backups stay as they are',
    examples: ['target remove my_app'],
    run: async ({ common, args }) =>
      (await import('../actions/targets.ts')).runRemove(callOf(world, common), args[0] ?? ''),
  });
  addLeaf<UpdateOptions>(target, finish, {
    usage: 'update <target>',
    summary: 'change what the registry says of a target',
    examples: ['target update my_app --status needs_sync', 'target update my_app --hold'],
    options: (command) =>
      command
        .option('--status <status>', 'set its status by hand, until the next look at it')
        .option('--path <folder>', 'it moved here')
        .option('--type <type>', 'another integration type')
        .option('--python <file>', 'another Python')
        .option('--checkout <folder>', 'another clone, for an editable install')
        .option('--pipeline <name>', 'another pipeline')
        .option('--hold', 'leave it out of --all-targets')
        .option('--no-hold', 'take it into --all-targets again'),
    run: async ({ common, options, args }) =>
      (await import('../actions/targets.ts')).runUpdate(callOf(world, common), args[0] ?? '', options),
  });
};

const addBackups = (target: Command, world: World, finish: Finish): void => {
  addLeaf<{ readonly all?: boolean }>(target, finish, {
    usage: 'backup [targets...]',
    summary: 'back up all components of a target as they stand',
    examples: ['target backup my_app', 'target backup --all'],
    options: (command) => command.option('--all', 'all registered targets that are not on hold'),
    run: async ({ common, options, args }) =>
      (await import('../actions/backup.ts')).runBackup(callOf(world, common), args, options),
  });
  addLeaf(target, finish, {
    usage: 'backups <target>',
    summary: 'list the backups of a target, the newest first',
    examples: ['target backups my_app'],
    run: async ({ common, args }) =>
      (await import('../actions/backup.ts')).runBackups(callOf(world, common), args[0] ?? ''),
  });
  addLeaf<RestoreOptions>(target, finish, {
    usage: 'restore <target>',
    summary: 'bring a target back to a backup',
    examples: [
      'target restore my_app --backup <id>',
      'target restore my_app --backup <id> --component docs --dry-run',
      'target restore my_app --backup <id> --path docs/guide.md --path docs/api',
    ],
    options: (command) =>
      command
        .requiredOption('--backup <id>', 'the backup; target backups lists them')
        .option('--component <name>', 'this component alone; several are separated by commas')
        .option('--path <path>', 'this path alone, with all below it; may be repeated', repeated)
        .option('--dry-run', 'show what would change; write nothing'),
    run: async ({ common, options, args }) =>
      (await import('../actions/restore.ts')).runRestore(callOf(world, common), args[0] ?? '', options),
  });
  addLeaf<RollbackOptions>(target, finish, {
    usage: 'rollback <target>',
    summary: 'bring a target, or a part of it, one state back',
    examples: ['target rollback my_app --component docs', 'target rollback my_app --path docs/guide.md --dry-run'],
    options: (command) =>
      command
        .option('--component <name>', 'this component alone; several are separated by commas')
        .option('--path <path>', 'this path alone, with all below it; may be repeated', repeated)
        .option('--dry-run', 'show what would change; write nothing'),
    run: async ({ common, options, args }) =>
      (await import('../actions/restore.ts')).runRestore(callOf(world, common), args[0] ?? '', options),
  });
};

const addDrill = (target: Command, world: World, finish: Finish): void => {
  addLeaf<{ readonly all?: boolean }>(target, finish, {
    usage: 'drill [targets...]',
    summary: 'try a rollback: the newest backup in empty folders, its package in a fresh environment',
    examples: ['target drill my_app', 'target drill --all'],
    options: (command) => command.option('--all', 'all registered targets that are not on hold'),
    run: async ({ common, options, args }) =>
      (await import('../actions/drill.ts')).runDrill(callOf(world, common), args, options),
  });
};

export const addTargetCommands = (program: Command, world: World, finish: Finish): void => {
  const target = addGroup(program, 'target', 'register targets, back them up and restore them');
  addRegistry(target, world, finish);
  addBackups(target, world, finish);
  addDrill(target, world, finish);
  addLeaf<{ readonly tests?: string }>(target, finish, {
    usage: 'verify <target>',
    summary: 'check a target as it stands',
    examples: ['target verify my_app --tests core'],
    options: (command) =>
      command.option(
        '--tests <suites>',
        "suites to run, separated by commas; those of the target's pipeline when left out",
      ),
    run: async ({ common, options, args }) =>
      (await import('../actions/verify.ts')).runVerify(callOf(world, common), args, options),
  });
  addLeaf<TagOptions>(target, finish, {
    usage: 'tag [targets...]',
    summary: 'record which version of the main project a target has; tag it in git where it is a repository',
    examples: ['target tag my_app --version v1.2.3', 'target tag --all --version $(git describe --tags)'],
    options: (command) =>
      command
        .option('--all', 'all registered targets that are not on hold')
        .option('--version <version>', "the tag's version; git describe --tags when left out")
        .option('--force', "move a git tag of that name that names another commit of the target's own repository"),
    run: async ({ common, options, args }) =>
      (await import('../actions/tag.ts')).runTag(callOf(world, common), args, options),
  });
};
