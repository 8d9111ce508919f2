/** Kills a sync at every call and at random moments, cuts its power, and exits 1 when a target is ever left in between. */
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { keepDifference, type LanesPlace, openLanes, tryPoints } from './lanes.ts';
import { callPoints, nameOf, type Point, randomPoints, samplePoints, spread, writePoints } from './points.ts';
import { losePower } from './power-loss.ts';
import { seeded } from './random.ts';
import { fullScene, type SceneSize, sceneSizes, smallScene } from './scene.ts';
import { type Difference, type Row, rowOf, tableOf } from './tally.ts';
import { straceIsThere } from './trace.ts';
import type { Stage } from './trial.ts';
import { type Part, readWords, type Words } from './words.ts';

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const fail = (line: string): never => {
  process.stderr.write(`${line}\n`);
  process.exit(2);
};

const readOrFail = (): Words => {
  try {
    return readWords(process.argv.slice(2));
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
};

const words = readOrFail();
if (!straceIsThere()) fail('strace is not there: apt-get install strace (Linux only)');
// Bundled to dist/crash/main.mjs, beside the built command and the built hook.
const here = dirname(fileURLToPath(import.meta.url));
mkdirSync(words.dir, { recursive: true });
const root = realpathSync(mkdtempSync(join(words.dir, 'lockstep-crash-')));
const place: LanesPlace = {
  dir: root,
  command: join(here, '../main.js'),
  template: join(here, '../../test/fixtures/sample-project'),
  hook: join(here, 'fs-hook.mjs'),
};
for (const path of [place.command, place.hook]) if (!existsSync(path)) fail(`${path} is not built: npm run test:crash`);

let stopped = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    print('stopping after the trials that run now');
    stopped = true;
  });
}

const differences: Difference[] = [];
const rows: Row[] = [];
const again = (name: string): string =>
  `npm run test:crash -- --seed ${words.seed} --dir ${words.dir} ${name.startsWith('power') ? '--part power' : `--point ${name}`} --keep`;

const tell = (difference: Difference): void => {
  differences.push(difference);
  print(`  ✗ ${difference.name}`);
  for (const line of difference.wrong.slice(0, 8)) print(`      ${line}`);
  print(`      kept: ${difference.kept}; again: ${again(difference.name)}`);
};

const runPoints = async (what: string, stages: readonly Stage[], all: readonly Point[]): Promise<void> => {
  const points = words.most === null ? all : spread(all, words.most);
  const started = performance.now();
  let done = 0;
  print(`\n${what}: ${points.length} points in ${stages.length} lanes`);
  const outcomes = await tryPoints(stages, {
    points,
    follow: words.follow,
    stopped: () => stopped,
    onOutcome: async (outcome, stage) => {
      done += 1;
      if (outcome.wrong.length > 0) tell(await keepDifference(join(root, 'differences'), outcome, stage));
      if (done % 25 > 0) return;
      const spent = (performance.now() - started) / 1000;
      const left = (spent / done) * (points.length - done);
      print(`  ${done} of ${points.length}, ${differences.length} differences, ${Math.round(left / 60)} min left`);
    },
  });
  rows.push(rowOf(what, outcomes, performance.now() - started));
};

const open = async (size: SceneSize, lanes: number): Promise<readonly Stage[]> => {
  print(`\nBuilding ${size.name}: ${size.pages} pages, ${size.modules} modules, ${lanes} lanes`);
  const stages = await openLanes(size, lanes, place);
  const [first] = stages;
  if (first === undefined) return fail('no lane was built');
  const { rehearsed, sides, took } = first;
  const points = every(first);
  const within = points.filter((point) => point.kind === 'call' && point.by === 'hook').length;
  const outside = points.filter((point) => point.kind === 'call' && point.by === 'strace').length;
  const alone = rehearsed.runs.flatMap(({ calls }) => calls).filter(({ turn }) => turn === null).length;
  const changed = sides.before.filter((line) => !sides.after.includes(line)).length;
  print(
    `  a whole run takes ${(took / 1000).toFixed(1)} s; ${points.length} points: ${within} calls killed by the hook,`,
  );
  print(
    `  ${outside} by strace (${alone} that strace alone sees), ${points.length - within - outside} before or in a write;`,
  );
  print(
    `  ${sides.before.length} paths before, ${sides.after.length} after, ${changed} of the first are changed or gone`,
  );
  return stages;
};

const close = (stages: readonly Stage[]): void => {
  for (const { scene } of stages) rmSync(scene.lane, { recursive: true, force: true });
};

const every = ({ rehearsed }: Stage): readonly Point[] => [...callPoints(rehearsed), ...writePoints(rehearsed)];

const onePoint = async (name: string): Promise<void> => {
  const size = sceneSizes.find((one) => name.startsWith(`${one.name}/`)) ?? fail(`--point ${name}: no such scene`);
  const stages = await open(size, 1);
  const random = randomPoints(size.name, Math.max(words.random, 200), seeded(words.seed, 'random'));
  const points = stages.flatMap((stage) => [...every(stage), ...random]).filter((point) => nameOf(point) === name);
  if (points.length === 0) fail(`--point ${name}: the rehearsal has no such call`);
  await runPoints(name, stages, points);
};

const doParts = async (wanted: readonly Part[]): Promise<void> => {
  if (wanted.includes('power')) {
    print('\npower loss: every prefix of the writing calls of one transaction, and of its recovery');
    const { survivors, recoveries, seed } = words;
    for (const moves of ['whole', 'in halves'] as const) {
      const lost = await losePower({
        ...place,
        child: join(here, 'power-child.mjs'),
        survivors,
        recoveries,
        seed,
        moves,
        stopped: () => stopped,
      });
      rows.push(...lost.rows);
      for (const row of lost.rows) print(`  ${row.what}: ${row.points} disks, ${row.differences} differences`);
      for (const difference of lost.differences) tell(difference);
    }
  }
  if (wanted.includes('small') && !stopped) {
    const stages = await open(smallScene, words.lanes);
    const points = stages.slice(0, 1).flatMap(every);
    await runPoints('small target, every call and every write', stages, points);
    close(stages);
  }
  if (!wanted.includes('full') && !wanted.includes('random')) return;
  if (stopped) return;
  const stages = await open(fullScene, words.lanes);
  const points = stages.slice(0, 1).flatMap(every);
  if (wanted.includes('full')) {
    const sample = samplePoints(points, words, seeded(words.seed, 'sample'));
    await runPoints(`1,500 files, ${sample.length} of ${points.length} calls and writes`, stages, sample);
  }
  if (wanted.includes('random') && !stopped) {
    await runPoints(
      '1,500 files, random moments',
      stages,
      randomPoints('full', words.random, seeded(words.seed, 'random')),
    );
  }
  close(stages);
};

print(`Folder: ${root}; seed ${words.seed}`);
const started = performance.now();
if (words.point === null) await doParts(words.parts);
else await onePoint(words.point);

print('');
for (const line of tableOf(rows)) print(line);
print(
  `\n${differences.length} differences, ${Math.round((performance.now() - started) / 1000)} s${stopped ? ', stopped early' : ''}`,
);
for (const { name, kept } of differences.slice(0, 50)) print(`  ${name}  ${kept}\n    ${again(name)}`);
if (words.keep || differences.length > 0) print(`Kept: ${root}`);
else rmSync(root, { recursive: true, force: true });
process.exitCode = stopped ? 130 : differences.length > 0 ? 1 : 0;
