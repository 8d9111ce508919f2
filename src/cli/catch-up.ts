/** After a command, sees to moves of main that no hook told of; one that only looks, or that hooks are about, starts nothing. */
import { resolve } from 'node:path';
import type { Ended } from './leaf.ts';
import type { World } from './world.ts';

/** Commands that bring targets in step or tell how they stand: these also catch up with where main moved. */
const following = new Set(['sync run', 'sync status', 'sync docs', 'sync plans']);

/** What shows, explains, or is called by others writes nothing, or has nothing to do with a main project. */
const aloof =
  /^(?:hook|hooks|completion|help|push|trust|init|doctor|validate|pipeline|sync (?:plan|detect|checklist)|__)/;

/** Throws nothing that the catching up could be the cause of. Its lines go beside the command's own output. */
export const catchUpAfter = async (world: World, { path, common, options }: Ended): Promise<void> => {
  const { env, terminal, signal } = world;
  if (aloof.test(path) || options.dryRun === true || signal.aborted) return;
  if (env.LOCKSTEP === '0' || env.LOCKSTEP_HOOK !== undefined) return;
  const { catchUp } = await import('../app/after/catch-up.ts');
  const lines = await catchUp({
    dir: common.C === undefined ? world.cwd : resolve(world.cwd, common.C),
    launcher: world.launcher,
    of: following.has(path) ? 'moves' : 'pushes',
    ports: world.ports,
    signal,
    env,
  });
  for (const line of lines) terminal.err(line);
};
