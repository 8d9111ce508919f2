import { cpSync, existsSync, mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { temporary } from '../fixtures/sandbox.ts';
import { bundle } from '../fixtures/state-ports.ts';
import { openLanes, tryPoints } from './lanes.ts';
import { callPoints, nameOf, randomPoints, spread, writePoints } from './points.ts';
import { seeded } from './random.ts';
import { shortScene } from './scene.ts';
import { straceIsThere } from './trace.ts';

const dist = fileURLToPath(new URL('../../dist', import.meta.url));

/** Milliseconds that the kills may take; thirty of them take some 17 seconds on 2 free cores. */
const budget = 17_000;

// The whole of it, every call and 1,500 files, is `npm run test:crash`.
describe.skipIf(!straceIsThere())('the built command, killed (needs strace: apt-get install strace)', () => {
  it('at up to thirty moments of a sync, leaves its target, once recovered, as before or as after', async () => {
    const dir = realpathSync(temporary('kill'));
    mkdirSync(join(dir, 'built'));
    // A copy: whoever builds anew meanwhile takes nothing away from under a run.
    cpSync(dist, join(dir, 'built/dist'), { recursive: true });
    expect(existsSync(join(dir, 'built/dist/main.js'))).toBe(true);
    const stages = await openLanes(shortScene, 2, {
      dir,
      command: join(dir, 'built/dist/main.js'),
      template: fileURLToPath(new URL('../fixtures/sample-project', import.meta.url)),
      hook: bundle('crash/fs-hook.ts', join(dir, 'built/fs-hook.mjs')),
    });
    const [rehearsed] = stages.map((stage) => stage.rehearsed);
    if (rehearsed === undefined) throw new Error('no lane');
    const points = seeded(1).shuffled([
      ...spread(callPoints(rehearsed), 18),
      ...spread(writePoints(rehearsed), 8),
      ...randomPoints('short', 4, seeded(1)),
    ]);
    // On a machine that is busy, as many as fit: every point is a test of its own.
    const deadline = performance.now() + budget;
    const stopped = (): boolean => performance.now() > deadline;
    const outcomes = await tryPoints(stages, { points, follow: 10, onOutcome: () => {}, stopped });
    expect(outcomes.filter((one) => one.wrong.length > 0).map((one) => [nameOf(one.point), ...one.wrong])).toEqual([]);
    expect(outcomes.length).toBeGreaterThan(1);
    expect(outcomes.some((one) => one.landed === 'there')).toBe(true);
  });
});
