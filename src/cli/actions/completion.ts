/** `completion`: prints the script that makes a shell complete `lockstep`. */
import { LockstepError } from '../../domain/errors.ts';
import { nearestName } from '../../domain/nearest.ts';
import type { Call } from '../call.ts';
import { shells } from '../completion/shells/index.ts';

/** Throws `usage` with the nearest shell. */
export const runCompletion = async (call: Call, name: string): Promise<number> => {
  const shell = shells.find((one) => one.name === name);
  if (shell === undefined) {
    const names = shells.map((one) => one.name);
    const near = nearestName(name, names);
    throw new LockstepError('usage', `there is no completion for ${name}`, {
      hint: near === undefined ? `there are ${names.join(', ')}` : `did you mean ${near}?`,
    });
  }
  const script = shell.script(call.world.launcher);
  call.answer({ kind: 'completion', shell: name, install: shell.install, script }, script.trimEnd().split('\n'));
  return 0;
};
