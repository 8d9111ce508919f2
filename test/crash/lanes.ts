/** Tries many points in lanes side by side; each lane has a main project and a target of its own at paths of its own. */
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mustRun } from './command.ts';
import { nameOf, type Point } from './points.ts';
import { rehearse } from './rehearse.ts';
import { makeScene, type SceneSize } from './scene.ts';
import type { Difference } from './tally.ts';
import { type Outcome, type Stage, tryPoint } from './trial.ts';

export interface LanesPlace {
  readonly dir: string;
  readonly command: string;
  readonly template: string;
  readonly hook: string;
}

/** One stage a lane, built side by side; what the first one's rehearsal saw holds for all, for paths aside they are the same. */
export const openLanes = async (size: SceneSize, count: number, place: LanesPlace): Promise<readonly Stage[]> => {
  const scenes = Array.from({ length: count }, (_, i) => {
    const lane = join(place.dir, `${size.name}-${i + 1}`);
    rmSync(lane, { recursive: true, force: true });
    mkdirSync(lane, { recursive: true });
    return makeScene(size, { ...place, lane });
  });
  const [one, ...others] = scenes;
  if (one === undefined) return [];
  const first = one.then((scene) => rehearse(scene, place.hook));
  const rest = others.map(async (scene) => rehearse(await scene, place.hook, (await first).rehearsed));
  return Promise.all([first, ...rest]);
};

export interface Trials {
  readonly points: readonly Point[];
  /** Each how many-th trial goes on to the next sync. */
  readonly follow: number;
  readonly onOutcome: (outcome: Outcome, stage: Stage) => void | Promise<void>;
  readonly stopped: () => boolean;
}

/** Each lane takes the next point when it is done with one. */
export const tryPoints = async (stages: readonly Stage[], trials: Trials): Promise<readonly Outcome[]> => {
  const { points, follow, onOutcome, stopped } = trials;
  const waiting = [...points];
  const outcomes: Outcome[] = [];
  const work = async (stage: Stage): Promise<void> => {
    for (let point = waiting.shift(); point !== undefined && !stopped(); point = waiting.shift()) {
      const outcome = await tryPoint(stage, point, follow);
      outcomes.push(outcome);
      await onOutcome(outcome, stage);
    }
  };
  await Promise.all(stages.map(work));
  return outcomes;
};

/** Keeps what stands in a lane after a trial that went wrong, for somebody to look at. */
export const keepDifference = async (dir: string, outcome: Outcome, { scene, sides }: Stage): Promise<Difference> => {
  const name = nameOf(outcome.point);
  const kept = join(dir, name.replaceAll(/[/:]/g, '-'));
  rmSync(kept, { recursive: true, force: true });
  mkdirSync(kept, { recursive: true });
  await mustRun({ cwd: kept, env: scene.env, argv: ['cp', '-a', scene.target, scene.state, kept] });
  for (const log of ['killed', 'killed-too']) {
    try {
      cpSync(join(scene.lane, log), join(kept, log));
    } catch {
      // A random moment leaves no trace.
    }
  }
  writeFileSync(join(kept, 'before.txt'), sides.before.join('\n'));
  writeFileSync(join(kept, 'after.txt'), sides.after.join('\n'));
  writeFileSync(join(kept, 'wrong.txt'), [...outcome.wrong, '', 'recover said:', outcome.said].join('\n'));
  return { name, wrong: outcome.wrong, kept };
};
