/** The `doctor` command: what it takes. What it does is loaded when it runs. */
import type { Command } from 'commander';
import type { DoctorOptions } from '../actions/doctor.ts';
import { callOf } from '../call.ts';
import { addLeaf, type Finish } from '../leaf.ts';
import type { World } from '../world.ts';

export const addDoctorCommand = (program: Command, world: World, finish: Finish): void => {
  addLeaf<DoctorOptions>(program, finish, {
    usage: 'doctor',
    summary: 'check everything that Lockstep depends on, and say what mends it',
    examples: ['doctor', 'doctor --fix', 'doctor --json'],
    options: (command) =>
      command.option('--fix', 'recover cut-off runs, remove dead locks, renew schemas and hooks; say what was done'),
    run: async ({ common, options }) =>
      (await import('../actions/doctor.ts')).runDoctor(callOf(world, common), options),
  });
};
