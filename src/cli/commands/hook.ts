/** The `hook` command: what git calls, and what a hook leaves to the background. It hands everything on and is loaded when it runs. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { backgroundCommand } from '../../domain/hooks/place.ts';
import { callOf } from '../call.ts';
import { addLeaf, type Finish } from '../leaf.ts';
import type { World } from '../world.ts';

export const addHookCommand = (program: Command, world: World, finish: Finish): void => {
  addLeaf(program, finish, {
    usage: 'hook <name> [args...]',
    summary: 'do what a git hook asks for; called by git',
    examples: ['hook pre-push origin https://example.org/main.git'],
    // What git passes may look like an option and is none of ours.
    options: (command) => command.passThroughOptions().allowUnknownOption(),
    run: async ({ common, args: [name = '', ...args] }) => {
      const { runHook } = await import('../../hooks/index.ts');
      const cwd = common.C === undefined ? world.cwd : resolve(world.cwd, common.C);
      return runHook({ ...world, cwd }, { name, args, json: common.json === true });
    },
  });
  addLeaf(program, finish, {
    usage: `${backgroundCommand} <hook>`,
    summary: 'sync all targets after a git hook; called by hooks',
    examples: [`${backgroundCommand} post-merge`],
    hidden: true,
    run: async ({ common, args: [hook = ''] }) => {
      const { followInBackground } = await import('../../app/after/background-sync.ts');
      const main = await callOf(world, common).main();
      return followInBackground(main, { hook, signal: world.signal, env: world.env });
    },
  });
};
