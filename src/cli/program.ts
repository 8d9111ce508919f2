/** Reads a command line, runs the one command that it means, and answers with the exit code. */
import { Command, CommanderError } from 'commander';
import { errorCodes, LockstepError } from '../domain/errors.ts';
import { interruptedExit } from '../domain/interruption.ts';
import { nearestName } from '../domain/nearest.ts';
import { catchUpAfter } from './catch-up.ts';
import { addBackupCommands } from './commands/backup.ts';
import { addCompletionCommands } from './commands/completion.ts';
import { addConfigCommands } from './commands/config.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addHelpCommand } from './commands/help.ts';
import { addHookCommand } from './commands/hook.ts';
import { addHooksCommands } from './commands/hooks.ts';
import { addInitCommand } from './commands/init.ts';
import { addPipelineCommands } from './commands/pipeline.ts';
import { addPushCommand } from './commands/push.ts';
import { addSyncCommands } from './commands/sync.ts';
import { addTargetCommands } from './commands/target.ts';
import { addTrustCommand } from './commands/trust.ts';
import { addValidateCommand } from './commands/validate.ts';
import { type Ended, type Finish, withCommon } from './leaf.ts';
import { paintFor } from './render/colours.ts';
import { errorLines, errorObject } from './render/error-text.ts';
import { plainTerminal } from './render/visible.ts';
import { beforeOperands, helpFor, strayWord, swallowedOption } from './typed-words.ts';
import type { World } from './world.ts';

const trimEnd = (text: string): string => text.replace(/\n+$/, '');

/** All commands, none of them run yet. */
export const buildProgram = (world: World, finish: Finish): Command => {
  const { terminal } = world;
  const program = new Command('lockstep')
    .description('Keeps the projects that contain yours in step with it.')
    .version(world.version, '-V, --version', 'print the version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(trimEnd(text)),
      writeErr: (text) => terminal.err(trimEnd(text)),
      // Said once, below, in the same words as every other error.
      outputError: () => {},
      getOutHelpWidth: () => terminal.columns,
      getErrHelpWidth: () => terminal.columns,
      getOutHasColors: () => terminal.colour,
      getErrHasColors: () => terminal.colour,
    })
    .enablePositionalOptions();
  withCommon(program);
  program.addHelpText('after', '\nExample:\n  $ lockstep sync run --all-targets --dry-run');
  addSyncCommands(program, world, finish);
  addTargetCommands(program, world, finish);
  addBackupCommands(program, world, finish);
  addConfigCommands(program, world, finish);
  addPipelineCommands(program, world, finish);
  addValidateCommand(program, world, finish);
  addInitCommand(program, world, finish);
  addDoctorCommand(program, world, finish);
  addPushCommand(program, world, finish);
  addTrustCommand(program, world, finish);
  addHookCommand(program, world, finish);
  addHooksCommands(program, world, finish);
  addCompletionCommands(program, world, finish);
  addHelpCommand(program, finish);
  return program;
};

/** The command that an unknown word is nearest to, whatever group it stands in: `sync status` for `stauts`. */
const nearestCommand = (error: CommanderError, program: Command, argv: readonly string[]): string | undefined => {
  const word = /^error: unknown command '(.*?)'/s.exec(error.message)?.[1];
  if (word === undefined) return undefined;
  const paths = program.commands.flatMap((command) => [
    { word: command.name(), path: command.name() },
    ...command.commands.map((leaf) => ({ word: leaf.name(), path: `${command.name()} ${leaf.name()}` })),
  ]);
  // In the group that was typed, if one is near there: `backup prun` is no slip for `sync run`.
  const group = paths.filter(({ path }) => path.includes(' ') && argv.includes(path.split(' ')[0] ?? ''));
  const nearIn = (some: typeof paths) => {
    const near = nearestName(
      word,
      some.map((one) => one.word),
    );
    return some.find((one) => one.word === near);
  };
  const found = nearIn(group) ?? nearIn(paths);
  return found === undefined ? undefined : `Did you mean ${found.path}?`;
};

/** commander's `error: …\n(Did you mean …?)` as a usage error. */
const usageError = (error: CommanderError, program: Command, argv: readonly string[]): LockstepError => {
  const near = nearestCommand(error, program, argv) ?? /\n\((Did you mean .*)\)/s.exec(error.message)?.[1];
  const message = error.message.replace(/\n\(Did you mean .*\)/s, '').replace(/^error: /, '');
  const hint = near === undefined ? helpFor(program, argv) : near.replace(/^D/, 'd');
  return new LockstepError('usage', message, { hint });
};

const asksForJson = (argv: readonly string[]): boolean => beforeOperands(argv).includes('--json');

/** commander would show the help of the group around it, and call that a success. */
const refuseHelpOfNothing = (program: Command, argv: readonly string[]): void => {
  const words = beforeOperands(argv);
  if (!words.some((word) => word === '--help' || word === '-h')) return;
  const stray = strayWord(program, words);
  if (stray === undefined) return;
  throw new CommanderError(1, 'commander.unknownCommand', `error: unknown command '${stray}'`);
};

/** Shows an error where its reader looks for it; answers with its exit code. */
const fail = (world: World, error: unknown, argv: readonly string[]): number => {
  const { terminal } = world;
  const shown =
    world.signal.aborted && !(error instanceof LockstepError)
      ? new LockstepError('interrupted', 'interrupted', { cause: error })
      : error;
  if (asksForJson(argv)) terminal.out(JSON.stringify(errorObject(shown)));
  else for (const line of errorLines(shown, paintFor(terminal))) terminal.err(line);
  if (!(shown instanceof LockstepError)) return 1;
  return shown.code === 'interrupted' ? interruptedExit(world.signal) : errorCodes[shown.code];
};

/**
 * @param argv the words after `lockstep`
 * @returns the exit code; throws nothing.
 */
export const runCommand = async (given: World, argv: readonly string[]): Promise<number> => {
  const world = { ...given, terminal: plainTerminal(given.terminal) };
  let ended: Ended | undefined;
  const program = buildProgram(world, (command) => {
    ended = command;
  });
  try {
    refuseHelpOfNothing(program, argv);
    const swallowed = swallowedOption(program, argv);
    if (swallowed !== undefined) return fail(world, swallowed, argv);
    await program.parseAsync([...argv], { from: 'user' });
    if (ended !== undefined) await catchUpAfter(world, ended);
    return ended?.code ?? 0;
  } catch (error) {
    if (!(error instanceof CommanderError)) return fail(world, error, argv);
    if (error.exitCode === 0) return 0;
    // The help that a group without a command shows is its own answer.
    return error.code === 'commander.help' ? errorCodes.usage : fail(world, usageError(error, program, argv), argv);
  }
};
