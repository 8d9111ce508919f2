/** One trial: from the same start, the built command is killed at a point, recovered, judged and tried again. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Ended, livingOf, mustRun, runCommand } from './command.ts';
import { type Hooked, hookVariable, readNotes } from './hooked.ts';
import { judge, type Lines, openReader, type Sides } from './judge.ts';
import { nameOf, type Point, type Rehearsed } from './points.ts';
import { seeded } from './random.ts';
import type { Scene } from './scene.ts';
import { labelOf, readTrace, traced } from './trace.ts';

/** A scene that was run to its end once. */
export interface Stage {
  readonly scene: Scene;
  readonly sides: Sides;
  readonly rehearsed: Rehearsed;
  /** Milliseconds that a whole run takes. */
  readonly took: number;
  readonly read: () => Lines;
  /** The built hook. */
  readonly hook: string;
}

export interface Outcome {
  readonly point: Point;
  readonly side: 'before' | 'after' | 'neither';
  readonly wrong: Lines;
  /** Whether the run died where the rehearsal said; a random moment has no such place. */
  readonly landed: 'there' | 'elsewhere' | 'not at all';
  /** How recovery was ended, when it was. */
  readonly recovery: 'whole' | 'killed, then whole';
  /** Whether the next sync was tried. */
  readonly followed: boolean;
  /** Milliseconds that processes of the killed run lived on after recovery, when they did. */
  readonly outlived: number;
  readonly said: string;
}

const syncWords = ['sync', 'run', '--target', 'app'] as const;

const hooked = ({ scene, hook }: Pick<Stage, 'scene' | 'hook'>, plan: Hooked) => ({
  cwd: scene.main,
  env: { ...scene.env, [hookVariable]: JSON.stringify(plan) },
  argv: [scene.command[0], '--import', hook, scene.command[1], ...syncWords],
});

const plainPath = (path: string, lane: string): string => labelOf({ syscall: '', paths: [path] }, lane).trim();

/** Runs the sync three times: to know both sides, every call, and every write. */
export const rehearse = async (scene: Scene, hook: string): Promise<Stage> => {
  const read = openReader(scene.target);
  scene.reset();
  const before = read();
  const whole = await mustRun({ cwd: scene.main, env: scene.env, argv: [...scene.command, ...syncWords] });
  const after = read();
  scene.reset();
  const log = join(scene.lane, 'trace');
  await mustRun({ cwd: scene.main, env: scene.env, argv: traced(log, [...scene.command, ...syncWords]) });
  const ours = (path: string): boolean => path.startsWith(`${scene.target}/`) || path.startsWith(`${scene.state}/`);
  const calls = readTrace(log)
    .filter((call) => call.changes && call.paths.some(ours))
    .map((call) => ({ ...call, label: labelOf(call, scene.lane) }));
  scene.reset();
  const notes = join(scene.lane, 'notes');
  await mustRun(hooked({ scene, hook }, { what: 'note', under: [scene.target, scene.state], log: notes }));
  const writes = readNotes(notes).flatMap((noted) =>
    noted.call === 'write' ? [plainPath(noted.path, scene.lane)] : [],
  );
  scene.reset();
  return {
    scene,
    sides: { before, after },
    rehearsed: { scene: scene.size.name, calls, writes },
    took: whole.took,
    read,
    hook,
  };
};

const isDead = (ended: Ended): boolean => ended.signal === 'SIGKILL' || ended.code === 137;

/** Ends the sync at the point. */
const kill = async (stage: Stage, point: Point): Promise<Outcome['landed']> => {
  const { scene, took } = stage;
  const place = { cwd: scene.main, env: scene.env };
  const argv = [...scene.command, ...syncWords];
  if (point.kind === 'random') {
    const ended = await runCommand({ ...place, argv, killAfter: point.share * took });
    return isDead(ended) ? 'there' : 'not at all';
  }
  const log = join(scene.lane, 'killed');
  if (point.kind === 'call') {
    const ended = await runCommand({ ...place, argv: traced(log, argv, point) });
    if (!isDead(ended)) return 'not at all';
    const last = readTrace(log).at(-1);
    return last !== undefined && labelOf(last, scene.lane) === point.label ? 'there' : 'elsewhere';
  }
  const how = point.kind === 'torn' ? 'halfway' : 'before';
  const under = [scene.target, scene.state];
  const ended = await runCommand(hooked(stage, { what: 'kill', under, log, at: point.nth, how }));
  if (!isDead(ended)) return 'not at all';
  return point.label.endsWith(` ${plainPath(readFileSync(log, 'utf8'), scene.lane)}`) ? 'there' : 'elsewhere';
};

const recoverKills = ['rename', 'unlink', 'fsync', 'link', 'rmdir', 'openat', 'fchmod'] as const;

/** Recovers; in a third of the trials recovery is killed first, at a call that the point's name decides. */
const recover = async (stage: Stage, point: Point): Promise<Pick<Outcome, 'recovery'> & { readonly ended: Ended }> => {
  const { scene } = stage;
  const random = seeded(1, nameOf(point));
  const place = { cwd: scene.main, env: scene.env };
  const argv = [...scene.command, 'sync', 'recover'];
  let recovery: Outcome['recovery'] = 'whole';
  if (random.below(3) === 0) {
    const syscall = random.pick(recoverKills);
    // Files that recovery opens are many before it writes one.
    const nth = syscall === 'openat' ? 60 + random.below(300) : 1 + Math.floor(random.fraction() ** 2 * 60);
    const cut = await runCommand({ ...place, argv: traced(join(scene.lane, 'killed-too'), argv, { syscall, nth }) });
    if (isDead(cut)) recovery = 'killed, then whole';
  }
  return { recovery, ended: await runCommand({ ...place, argv }) };
};

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** How long processes of the killed run live on, in milliseconds; they are waited for, so that they disturb no other trial. */
const waitForOrphans = async (lane: string): Promise<{ readonly outlived: number; readonly names: Lines }> => {
  const names = livingOf(lane);
  const started = performance.now();
  while (livingOf(lane).length > 0 && performance.now() - started < 30_000) await pause(20);
  return { outlived: names.length === 0 ? 0 : performance.now() - started, names };
};

interface Result {
  readonly outcome: string;
}

/** The next sync does what is left to do, and nothing else. */
const follow = async (stage: Stage, side: 'before' | 'after'): Promise<Lines> => {
  const { scene, sides, read } = stage;
  const { commits, python } = scene;
  const version = side === 'before' || scene.size.package === 'stays' ? '1.2.0' : '1.3.0';
  const asked = await runCommand({
    cwd: scene.target,
    env: scene.env,
    argv: [python, '-B', '-c', 'import opencode; print(opencode.__version__)'],
  });
  const ended = await scene.lockstep(...syncWords, '--json');
  const last = JSON.parse(ended.out.trim().split('\n').at(-1) || '{}') as { results?: readonly Result[] };
  const outcome = last.results?.[0]?.outcome;
  const wanted = side === 'before' ? 'done' : 'nothing-to-do';
  const rest = judge(scene, read(), sides);
  return [
    ...(asked.out.trim() === version ? [] : [`the package answers ${asked.text.trim()}, not ${version}`]),
    ...(ended.code === 0 && outcome === wanted
      ? []
      : [`the next sync ended with ${ended.code}, ${outcome}, not ${wanted}: ${ended.text.slice(-800)}`]),
    ...(rest.side === 'after' ? [] : [`after the next sync (to ${commits.after}):`]),
    ...(rest.side === 'after' ? rest.wrong.map((line) => `after the next sync: ${line}`) : rest.wrong),
  ];
};

/** Runs one trial in the stage's lane. `every`: each how many-th trial goes on to the next sync, by the point's name. */
export const tryPoint = async (stage: Stage, point: Point, every = 5): Promise<Outcome> => {
  const { scene, sides, read } = stage;
  scene.reset();
  const landed = await kill(stage, point);
  const { recovery, ended } = await recover(stage, point);
  const { outlived, names } = await waitForOrphans(scene.lane);
  const verdict = judge(scene, read(), sides);
  const wrong = [
    ...(ended.code === 0 ? [] : [`recover ended with ${ended.code ?? ended.signal}: ${ended.text.slice(-800)}`]),
    ...verdict.wrong,
    ...names.map((name) => `still alive after recovery: ${name}`),
  ];
  const { side } = verdict;
  const followed = side !== 'neither' && seeded(2, nameOf(point)).below(every) === 0;
  return {
    point,
    side,
    wrong: followed ? [...wrong, ...(await follow(stage, side))] : wrong,
    landed,
    recovery,
    followed,
    outlived,
    said: ended.text.trim(),
  };
};
