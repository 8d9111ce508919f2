/** Runs a scene's sync to its end, to know both sides and every call and write on the way between them. */
import { join } from 'node:path';
import { type Moment, mustRun } from './command.ts';
import { type Hooked, hookVariable, readTurns } from './hooked.ts';
import { openReader } from './judge.ts';
import type { Call, Rehearsal, Rehearsed } from './points.ts';
import type { Scene, Wheel } from './scene.ts';
import { labelOf, readTrace, traced } from './trace.ts';
import type { Stage } from './trial.ts';

export const syncWords = ['sync', 'run', '--target', 'app'] as const;

/** The built command with the built hook in it. */
export const hooked = ({ scene, hook }: Pick<Stage, 'scene' | 'hook'>, words: readonly string[], plan: Hooked) => ({
  cwd: scene.main,
  env: { ...scene.env, [hookVariable]: JSON.stringify(plan) },
  argv: [scene.command[0], '--import', hook, scene.command[1], ...words],
});

type Labelled = Pick<Call, 'syscall' | 'label' | 'nth'>;

const byLabel = (calls: readonly Labelled[]): ReadonlyMap<string, readonly Labelled[]> => {
  const groups = new Map<string, Labelled[]>();
  for (const call of calls) groups.set(call.label, [...(groups.get(call.label) ?? []), call]);
  return groups;
};

/** Each call that strace saw, with the hook's count of it, where both saw the same number of calls of its kind at its path. */
export const paired = (seen: readonly Labelled[], turns: readonly Labelled[]): readonly Call[] => {
  const [outside, within] = [byLabel(seen), byLabel(turns)];
  return seen.map((call) => {
    const [all = [], same = []] = [outside.get(call.label), within.get(call.label)];
    const turn = all.length === same.length ? same[all.indexOf(call)]?.nth : undefined;
    return { syscall: call.syscall, label: call.label, nth: call.nth, turn: turn ?? null };
  });
};

const rehearsalOf = async (scene: Scene, hook: string, wheel: Wheel): Promise<Rehearsal> => {
  const under = [scene.target, scene.state];
  const ours = (path: string): boolean => under.some((folder) => path.startsWith(`${folder}/`));
  const labelled = <T extends { readonly syscall: string; readonly paths: readonly string[] }>(one: T) => ({
    ...one,
    label: labelOf(one, scene.lane),
  });
  scene.reset(wheel);
  const trace = join(scene.lane, 'trace');
  await mustRun({ cwd: scene.main, env: scene.env, argv: traced(trace, [...scene.command, ...syncWords]) });
  const seen = readTrace(trace).filter((call) => call.changes && call.paths.some(ours));
  scene.reset(wheel);
  const log = join(scene.lane, 'turns');
  await mustRun(hooked({ scene, hook }, syncWords, { what: 'list', under, log }));
  const turns = readTurns(log).map(labelled);
  return {
    wheel,
    calls: paired(seen.map(labelled), turns),
    writes: turns.filter(({ syscall }) => syscall === 'write').map(({ label }) => label),
  };
};

/** After a share of the time that a whole run took when nothing was in its way. */
export const momentOf = ({ took, beats }: Pick<Stage, 'took' | 'beats'>, share: number): Moment => {
  const at = share * took;
  const lines = beats.filter((beat) => beat <= at).length;
  return { lines, after: at - (beats[lines - 1] ?? 0) };
};

/** What a lane is judged by, and how long its whole run takes; the calls are those of another lane when they are given. */
export const rehearse = async (scene: Scene, hook: string, known?: Rehearsed): Promise<Stage> => {
  const read = openReader(scene.target);
  scene.reset('to build');
  const before = read();
  const argv = [...scene.command, ...syncWords, '--json'];
  const { took, beats } = await mustRun({ cwd: scene.main, env: scene.env, argv });
  const after = read();
  if (scene.size.package === 'changes') scene.keepWheel();
  const wheels: readonly Wheel[] = scene.size.package === 'changes' ? ['to build', 'in store'] : ['in store'];
  const runs: Rehearsal[] = [];
  if (known === undefined) for (const wheel of wheels) runs.push(await rehearsalOf(scene, hook, wheel));
  scene.reset('in store');
  return {
    scene,
    sides: { before, after },
    rehearsed: known ?? { scene: scene.size.name, runs },
    took,
    beats,
    read,
    hook,
  };
};
