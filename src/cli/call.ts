/** One command as it was called: where it stands, how it answers, and the main project that it opens. */
import { resolve } from 'node:path';
import type { MainProject } from '../app/main-project.ts';
import { type Paint, paintFor } from './render/colours.ts';
import { oneLine } from './render/visible.ts';
import type { CommonOptions, World } from './world.ts';

export interface Call {
  readonly world: World;
  /** The folder that the command stands in: `-C`, or where it was started. Absolute. */
  readonly dir: string;
  readonly json: boolean;
  readonly paint: Paint;
  /** Throws what `openMain` throws. */
  readonly main: (mode?: 'real' | 'dry-run') => Promise<MainProject>;
  /** The answer: one JSON object on one line, or lines for a person. */
  readonly answer: (
    object: Readonly<Record<string, unknown>> & { readonly kind: string },
    lines: readonly string[],
  ) => void;
}

/** Binds the world to the common options of one call. */
export const callOf = (world: World, options: CommonOptions): Call => {
  const dir = options.C === undefined ? world.cwd : resolve(world.cwd, options.C);
  const json = options.json === true;
  return {
    world,
    dir,
    json,
    paint: paintFor(world.terminal),
    main: async (mode = 'real') => {
      const { openMain } = await import('../app/main-project.ts');
      return openMain(await world.ports(mode), dir);
    },
    answer: (object, lines) => {
      if (json) world.terminal.out(JSON.stringify(object));
      else for (const line of lines) world.terminal.out(oneLine(line));
    },
  };
};
