/** One trial: from the same start, the built command is killed at a point, recovered, judged and tried again. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Ended, livingOf, runCommand } from './command.ts';
import { readTurns } from './hooked.ts';
import { judge, type Lines, type Sides } from './judge.ts';
import { nameOf, type Point, type Rehearsed } from './points.ts';
import { seeded } from './random.ts';
import { hooked, momentOf, syncWords } from './rehearse.ts';
import type { Scene } from './scene.ts';
import { labelOf, readTrace, traced } from './trace.ts';

/** A scene that was run to its end once. */
export interface Stage {
  readonly scene: Scene;
  readonly sides: Sides;
  readonly rehearsed: Rehearsed;
  /** Milliseconds that a whole run takes. */
  readonly took: number;
  /** When each line of its event stream came, in milliseconds since its start. */
  readonly beats: readonly number[];
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
  /** How far the run had got. */
  readonly reached: 'no journal yet' | 'staging' | 'putting in place' | 'the end of it';
  /** How recovery was ended, when it was. */
  readonly recovery: 'whole' | 'killed, then whole';
  /** Whether the next sync was tried. */
  readonly followed: boolean;
  /** Milliseconds that processes of the killed run lived on after recovery, when they did. */
  readonly outlived: number;
  readonly said: string;
}

const isDead = (ended: Ended): boolean => ended.signal === 'SIGKILL' || ended.code === 137;

/** Ends the sync at the point. */
const kill = async (stage: Stage, point: Point): Promise<Outcome['landed']> => {
  const { scene } = stage;
  const place = { cwd: scene.main, env: scene.env };
  const argv = [...scene.command, ...syncWords];
  if (point.kind === 'random') {
    const ended = await runCommand({ ...place, argv: [...argv, '--json'], killAt: momentOf(stage, point.share) });
    return isDead(ended) ? 'there' : 'not at all';
  }
  const log = join(scene.lane, 'killed');
  if (point.kind === 'call' && point.by === 'strace') {
    const ended = await runCommand({ ...place, argv: traced(log, argv, point) });
    if (!isDead(ended)) return 'not at all';
    const last = readTrace(log).at(-1);
    return last !== undefined && labelOf(last, scene.lane) === point.label ? 'there' : 'elsewhere';
  }
  const how = point.kind === 'torn' ? 'halfway' : 'before';
  const call = point.kind === 'call' ? point.syscall : 'write';
  const under = [scene.target, scene.state];
  const ended = await runCommand(hooked(stage, syncWords, { what: 'kill', under, log, call, at: point.nth, how }));
  if (!isDead(ended)) return 'not at all';
  const [last] = readTurns(log);
  return last !== undefined && labelOf(last, scene.lane) === point.label ? 'there' : 'elsewhere';
};

/** What the journal says of a run that was killed; when it is gone, the target says whether that was the end. */
const journalOf = ({ state }: Scene): 'none' | 'staging' | 'putting in place' => {
  const dir = join(state, 'journal');
  const texts = existsSync(dir) ? readdirSync(dir).map((name) => readFileSync(join(dir, name), 'utf8')) : [];
  if (texts.length === 0) return 'none';
  return texts.some((text) => text.includes('"t":"swap"')) ? 'putting in place' : 'staging';
};

/** Recovers; in a third of the trials recovery is killed first, at a call that the point's name decides. */
const recover = async (stage: Stage, point: Point): Promise<Pick<Outcome, 'recovery'> & { readonly ended: Ended }> => {
  const { scene } = stage;
  const random = seeded(1, nameOf(point));
  const words = ['sync', 'recover'];
  let recovery: Outcome['recovery'] = 'whole';
  if (random.below(3) === 0) {
    const at = 1 + Math.floor(random.fraction() ** 2 * 150);
    const how = random.below(2) === 0 ? 'before' : 'halfway';
    const log = join(scene.lane, 'killed-too');
    const under = [scene.target, scene.state];
    const cut = await runCommand(hooked(stage, words, { what: 'kill', under, log, call: null, at, how }));
    if (isDead(cut)) recovery = 'killed, then whole';
  }
  return { recovery, ended: await scene.lockstep(...words) };
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
export const tryPoint = async (stage: Stage, point: Point, every = 10): Promise<Outcome> => {
  const { scene, sides, read } = stage;
  scene.reset(point.kind === 'random' ? 'to build' : point.wheel);
  const landed = await kill(stage, point);
  const journal = journalOf(scene);
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
    reached: journal !== 'none' ? journal : side === 'after' ? 'the end of it' : 'no journal yet',
    recovery,
    followed,
    outlived,
    said: ended.text.trim(),
  };
};
