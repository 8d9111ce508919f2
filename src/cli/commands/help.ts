/** The `help` command: what `--help` shows, asked for from the front and as deep as the words go. */
import type { Command } from 'commander';
import { addLeaf, type Finish } from '../leaf.ts';

export const addHelpCommand = (program: Command, finish: Finish): void => {
  // commander's own goes one word deep: help for a group's command would be that of the group.
  program.helpCommand(false);
  addLeaf(program, finish, {
    usage: 'help [command...]',
    summary: 'show the help of a command',
    examples: ['help sync run', 'help target'],
    run: async ({ args }) => {
      let named = program;
      for (const word of args) {
        const next = named.commands.find((command) => command.name() === word);
        if (next === undefined) program.error(`error: unknown command '${word}'`, { code: 'commander.unknownCommand' });
        named = next;
      }
      named.outputHelp();
      return 0;
    },
  });
};
