/** Adds commands to the program so that each has a summary, an example, `--json`, `-C` and an exit code. */
import type { Command } from 'commander';
import type { CommonOptions } from './world.ts';

/** Runs one command; its promise is the exit code. */
export type Run<Options> = (call: {
  readonly common: CommonOptions;
  readonly options: Options;
  readonly args: readonly string[];
}) => Promise<number>;

/** The command that ran to its end. */
export interface Ended {
  readonly code: number;
  /** Such as `sync run`. */
  readonly path: string;
  readonly common: CommonOptions;
  readonly options: Readonly<Record<string, unknown>>;
}

/** Told of the command that ran. */
export type Finish = (ended: Ended) => void;

export interface LeafSpec<Options> {
  /** Name and arguments, such as `show <target>`. */
  readonly usage: string;
  /** One line. */
  readonly summary: string;
  /** What to type after `lockstep`, one line each. */
  readonly examples: readonly [string, ...string[]];
  /** Left out of help and completion. */
  readonly hidden?: true;
  readonly options?: (command: Command) => Command;
  readonly run: Run<Options>;
}

/** The options that every command takes, wherever they stand on the line. */
export const withCommon = (command: Command): Command =>
  command.option('--json', 'answer in JSON, one object a line').option('-C <dir>', 'run as if started in this folder');

/** The command's own value wins over one that was given before it. */
const commonOf = (command: Command): CommonOptions => {
  const above = command.parent === null ? {} : commonOf(command.parent);
  const { json, C } = command.opts<CommonOptions>();
  return { ...above, ...(json === undefined ? {} : { json }), ...(C === undefined ? {} : { C }) };
};

/** Collects an option that may be given several times, each with one value: arguments after it stay arguments. */
export const repeated = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

/** The words of a command, without the program's own. */
const pathOf = (command: Command): string => {
  const above = command.parent === null || command.parent.parent === null ? '' : `${pathOf(command.parent)} `;
  return `${above}${command.name()}`;
};

/** A group of commands, such as `sync`. */
export const addGroup = (parent: Command, name: string, summary: string): Command =>
  withCommon(parent.command(name).summary(summary).description(summary)).enablePositionalOptions();

/** One command that does something. */
export const addLeaf = <Options>(parent: Command, finish: Finish, spec: LeafSpec<Options>): Command => {
  const plain = parent
    .command(spec.usage, { hidden: spec.hidden === true })
    .summary(spec.summary)
    .description(spec.summary);
  const command = withCommon(spec.options?.(plain) ?? plain);
  const many = spec.examples.length > 1 ? 'Examples' : 'Example';
  command.addHelpText('after', `\n${many}:\n${spec.examples.map((line) => `  $ lockstep ${line}`).join('\n')}`);
  return command.action(async () => {
    const [common, options] = [commonOf(command), command.opts()];
    const code = await spec.run({ common, options: options as Options, args: command.args });
    finish({ code, path: pathOf(command), common, options });
  });
};
