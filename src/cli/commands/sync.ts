/** The `sync` commands: what they take. What they do is loaded when one of them runs. */
import type { Command } from 'commander';
import type { ChecklistOptions, DetectOptions } from '../actions/changes.ts';
import type { RollbackOptions } from '../actions/restore.ts';
import type { DocumentOptions, PlanOptions, RunOptions } from '../actions/run.ts';
import type { StatusOptions } from '../actions/status.ts';
import type { VerifyOptions } from '../actions/verify.ts';
import { callOf } from '../call.ts';
import { addGroup, addLeaf, type Finish, repeated } from '../leaf.ts';
import type { World } from '../world.ts';
import { addRecordCommands } from './records.ts';

const targets = '--target <name...>';

/** What decides what a sync does, shown or done. */
const withSyncOptions = (command: Command): Command =>
  command
    .option(targets, 'these targets; may be repeated')
    .option('--all-targets', 'all registered targets that are not on hold')
    .option('--full', 'sync everything again, changed or not')
    .option('--reason <text>', 'why, for the record; one that begins with "security" makes the sync a full one')
    .option('--only <steps>', 'only these steps of the pipeline, by id or kind, separated by commas')
    .option('--skip <steps>', 'all steps but these')
    .option('--jobs <n>', 'how many targets at a time; targets that share a root wait for each other');

const addRuns = (sync: Command, world: World, finish: Finish): void => {
  addLeaf<PlanOptions>(sync, finish, {
    usage: 'plan [targets...]',
    summary: 'show exactly what a run would do; write nothing, but for a file of it',
    examples: ['sync plan --target my_app', 'sync plan --all-targets --out plan.json'],
    options: (command) =>
      withSyncOptions(command)
        .option('--out <file>', 'write the plan there; sync run --plan applies it and nothing else')
        .option('--exit-code', 'exit with 3 when there is something to sync'),
    run: async ({ common, options, args }) =>
      (await import('../actions/run.ts')).runPlan(callOf(world, common), args, options),
  });
  addLeaf<RunOptions>(sync, finish, {
    usage: 'run [targets...]',
    summary: 'bring targets in step with the current commit',
    examples: [
      'sync run --target my_app --dry-run',
      'sync run --all-targets --jobs 8',
      'sync run --target my_app --reason "security: CVE-2026-1"',
      'sync run --plan plan.json',
      'sync run --retry-failed',
    ],
    options: (command) =>
      withSyncOptions(command)
        .option('--dry-run', 'show what would change; write nothing')
        .option('--exit-code', 'with --dry-run: exit with 3 when there is something to sync')
        .option('--force', 'bring the commit though it is in quarantine after a rollback')
        .option('--plan <file>', 'apply this plan and nothing else; refused when anything moved since')
        .option('--retry-failed [run]', 'the targets that did not succeed in the last run, or in the named one'),
    run: async ({ common, options, args }) =>
      (await import('../actions/run.ts')).runSync(callOf(world, common), args, options),
  });
};

const addDocuments = (sync: Command, world: World, finish: Finish, component: 'docs' | 'plans'): void => {
  addLeaf<DocumentOptions>(sync, finish, {
    usage: `${component} <target>`,
    summary: `sync ${component} alone, and check that they are complete`,
    examples: [`sync ${component} my_app --complete`, 'sync docs my_app --categories plans,docs,rag'],
    options: (command) =>
      command
        .option('--complete', 'bring back files that the owner deleted')
        .option('--categories <names>', 'components to sync, separated by commas', component)
        .option('--force', 'bring the commit though it is in quarantine after a rollback')
        .option('--dry-run', 'show what would change; write nothing'),
    run: async ({ common, options, args }) =>
      (await import('../actions/run.ts')).runDocuments(callOf(world, common), args[0] ?? '', options),
  });
};

const addQueries = (sync: Command, world: World, finish: Finish): void => {
  addLeaf<DetectOptions>(sync, finish, {
    usage: 'detect',
    summary: 'show what changed in the main project since a commit, by category and priority',
    examples: ['sync detect --since v1.2.0', 'sync detect --target my_app --exit-code'],
    options: (command) =>
      command
        .option('--since <commit>', "any revision; the commit of each target's last sync when left out")
        .option(targets, 'for these targets only')
        .option('--exit-code', 'exit with 3 when there is something to sync'),
    run: async ({ common, options }) =>
      (await import('../actions/changes.ts')).runDetect(callOf(world, common), options),
  });
  addLeaf<ChecklistOptions>(sync, finish, {
    usage: 'checklist',
    summary: 'write the checklist of what a sync would bring to which target, as Markdown',
    examples: ['sync checklist --since v1.2.0', 'sync checklist --target my_app'],
    options: (command) =>
      command
        .option('--since <commit>', "any revision; the commit of each target's last sync when left out")
        .option(targets, 'for these targets only'),
    run: async ({ common, options }) =>
      (await import('../actions/changes.ts')).runChecklist(callOf(world, common), options),
  });
  addLeaf<StatusOptions>(sync, finish, {
    usage: 'status [targets...]',
    summary: 'show how each target stands, and why',
    examples: ['sync status', 'sync status --target my_app', 'sync status --exit-code'],
    options: (command) =>
      command
        .option(targets, 'these targets only')
        .option('--exit-code', 'exit with 3 when there is something to sync'),
    run: async ({ common, options, args }) =>
      (await import('../actions/status.ts')).runStatus(
        callOf(world, common),
        [...args, ...(options.target ?? [])],
        options,
      ),
  });
};

export const addSyncCommands = (program: Command, world: World, finish: Finish): void => {
  const sync = addGroup(program, 'sync', 'detect changes and bring targets in step');
  addQueries(sync, world, finish);
  addRuns(sync, world, finish);
  addLeaf<VerifyOptions>(sync, finish, {
    usage: 'verify [targets...]',
    summary: 'check targets as they stand',
    examples: ['sync verify --all-targets', 'sync verify --target my_app --tests core,docs'],
    options: (command) =>
      command
        .option(targets, 'these targets; may be repeated')
        .option('--all-targets', 'all registered targets that are not on hold')
        .option('--tests <suites>', "suites to run, separated by commas; those of the target's pipeline when left out"),
    run: async ({ common, options, args }) =>
      (await import('../actions/verify.ts')).runVerify(callOf(world, common), args, options),
  });
  addLeaf<RollbackOptions & { readonly target: string }>(sync, finish, {
    usage: 'rollback',
    summary: 'bring a target, or a part of it, one state back',
    examples: ['sync rollback --target my_app --component docs', 'sync rollback --target my_app --dry-run'],
    options: (command) =>
      command
        .requiredOption('--target <name>', 'the target')
        .option('--component <name>', 'this component alone; several are separated by commas')
        .option('--path <path>', 'this path alone, with all below it; may be repeated', repeated)
        .option('--dry-run', 'show what would change; write nothing'),
    run: async ({ common, options }) =>
      (await import('../actions/restore.ts')).runRestore(callOf(world, common), options.target, options),
  });
  addDocuments(sync, world, finish, 'docs');
  addDocuments(sync, world, finish, 'plans');
  addRecordCommands(sync, world, finish);
  addLeaf(sync, finish, {
    usage: 'recover',
    summary: 'end what a cut-off run left: clean up after it, or undo it',
    examples: ['sync recover'],
    run: async ({ common }) => (await import('../actions/recover.ts')).runRecover(callOf(world, common)),
  });
};
