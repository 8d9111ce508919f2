/** The commands of the `sync` group that tell of past runs and explain what stands: what they take. */
import type { Command } from 'commander';
import type { LogsOptions } from '../actions/logs.ts';
import type { RunsOptions } from '../actions/runs.ts';
import { callOf } from '../call.ts';
import { addLeaf, type Finish } from '../leaf.ts';
import type { World } from '../world.ts';

/** @param sync the group that they are added to */
export const addRecordCommands = (sync: Command, world: World, finish: Finish): void => {
  addLeaf<RunsOptions>(sync, finish, {
    usage: 'runs',
    summary: 'list past runs, newest first',
    examples: ['sync runs', 'sync runs --target my_app --last 50'],
    options: (command) =>
      command
        .option('--target <name>', 'the runs of this target only')
        .option('--last <count>', 'how many to show; 20 when left out'),
    run: async ({ common, options }) => (await import('../actions/runs.ts')).runRuns(callOf(world, common), options),
  });
  addLeaf(sync, finish, {
    usage: 'show <run>',
    summary: 'show what a run did to which target, why, and what to type next',
    examples: ['sync show last', 'sync show 20261123T031530Z-4f2a'],
    run: async ({ common, args }) =>
      (await import('../actions/show-run.ts')).runShow(callOf(world, common), args[0] ?? ''),
  });
  addLeaf<LogsOptions>(sync, finish, {
    usage: 'logs <run>',
    summary: 'show what the steps of a run printed',
    examples: ['sync logs last', 'sync logs last --target my_app --step reinstall'],
    options: (command) =>
      command.option('--target <name>', 'of this target only').option('--step <id>', 'of this step only'),
    run: async ({ common, options, args }) =>
      (await import('../actions/logs.ts')).runLogs(callOf(world, common), args[0] ?? '', options),
  });
  addLeaf(sync, finish, {
    usage: 'explain <target> [what]',
    summary: 'explain how a target, a file or a configuration key came to stand as it does, and what a sync would do',
    examples: [
      'sync explain my_app',
      'sync explain my_app docs/INDEX.md',
      'sync explain my_app opencode.toml:providers.openai.model',
    ],
    run: async ({ common, args }) =>
      (await import('../actions/explain.ts')).runExplain(callOf(world, common), args[0] ?? '', args[1]),
  });
};
