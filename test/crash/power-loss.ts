/** Cuts the power after every writing call of a transaction, in many ways, and recovers: always before or after. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DiskModel, openDisk, type Survivor } from './disk-model.ts';
import type { Noted } from './hooked.ts';
import { always, chance, extremes, type Luck } from './luck.ts';
import {
  describe,
  digestOf,
  type Ground,
  keep,
  keyOf,
  linesOf,
  listed,
  note,
  type PowerLoss,
  recoverAndJudge,
} from './power-ground.ts';
import { buildPowerTarget } from './power-target.ts';
import { seeded } from './random.ts';
import { putStanding, standingIn } from './standing.ts';
import type { Difference, Row } from './tally.ts';

export interface PowerReport {
  readonly rows: readonly Row[];
  readonly differences: readonly Difference[];
}

const lucksOf = (how: PowerLoss, at: number): readonly (readonly [string, Luck])[] => [
  ...Object.entries(extremes),
  ...Array.from({ length: how.survivors }, (_, i): readonly [string, Luck] => [
    `sample ${i + 1}`,
    chance(seeded(how.seed, `power ${at} ${i}`)),
  ]),
];

interface Tried {
  readonly points: number;
  readonly before: number;
  readonly after: number;
  readonly differences: readonly Difference[];
}

interface Played {
  readonly standing: readonly Survivor[];
  readonly calls: readonly Noted[];
  /** What the calls belong to, for the name of a difference. */
  readonly what: string;
  readonly lucks: (at: number) => readonly (readonly [string, Luck])[];
}

/** Cuts the power before each call and after the last, and recovers what every luck left. */
const tryPrefixes = async (ground: Ground, { standing, calls, what, lucks }: Played): Promise<Tried> => {
  const { dir, how } = ground;
  const differences: Difference[] = [];
  const seen = { points: 0, before: 0, after: 0 };
  const disk = openDisk(dir, standing, { moves: how.moves });
  for (let at = 0; at <= calls.length && how.stopped?.() !== true; at += 1) {
    const tried = new Set<string>();
    for (const [luckName, luck] of lucks(at)) {
      const survivors = disk.survivors(luck);
      const key = keyOf(survivors);
      if (tried.has(key)) continue;
      tried.add(key);
      putStanding(dir, survivors);
      const { side, wrong } = await recoverAndJudge(ground);
      seen.points += 1;
      if (side !== 'neither') seen[side] += 1;
      if (wrong.length === 0) continue;
      const name = `power, moves ${how.moves}, ${what}, before call ${at} (${describe(calls[at], dir)}), ${luckName}`;
      const told = calls.slice(0, at).map((call) => describe(call, dir));
      const kept = keep(ground, name, [
        name,
        ...wrong,
        '',
        'on the disk:',
        listed(survivors, dir),
        '',
        'calls so far:',
        ...told,
      ]);
      differences.push({ name, wrong, kept });
    }
    const call = calls[at];
    if (call !== undefined) disk.play(call);
  }
  return { ...seen, differences };
};

const playTo = (ground: Ground, played: Pick<Played, 'standing' | 'calls'>, at: number): DiskModel => {
  const disk = openDisk(ground.dir, played.standing, { moves: ground.how.moves });
  for (const call of played.calls.slice(0, at)) disk.play(call);
  return disk;
};

/** Loses the power in the transaction, and then at every call of the recovery too. */
const tryRecoveries = async (
  ground: Ground,
  played: Pick<Played, 'standing' | 'calls'>,
): Promise<Tried & { readonly calls: number }> => {
  const { dir, how } = ground;
  const total = { points: 0, before: 0, after: 0, calls: 0, differences: [] as Difference[] };
  for (let i = 0; i < how.recoveries && how.stopped?.() !== true; i += 1) {
    const at = Math.floor(((i + 0.7) * played.calls.length) / how.recoveries);
    const random = seeded(how.seed, `recovery ${i}`);
    const standing = playTo(ground, played, at).survivors(i % 3 === 0 ? always('all', true) : chance(random));
    putStanding(dir, standing);
    const calls = await note(ground, 'recover');
    const tried = await tryPrefixes(ground, {
      standing,
      calls,
      what: `recovery ${i + 1} of a run cut before call ${at}`,
      lucks: (j) => [...Object.entries(extremes), ['a sample', chance(seeded(how.seed, `recovery ${i} ${j}`))]],
    });
    total.points += tried.points;
    total.before += tried.before;
    total.after += tried.after;
    total.calls += calls.length;
    total.differences.push(...tried.differences);
  }
  return total;
};

/** Tries every prefix of the transaction's calls, and of some recoveries'. Throws when the transaction itself cannot be run. */
export const losePower = async (how: PowerLoss): Promise<PowerReport> => {
  const top = join(how.dir, 'power');
  const dir = join(top, 'disk');
  const backups = join(top, 'backups');
  rmSync(top, { recursive: true, force: true });
  for (const folder of [dir, backups]) mkdirSync(folder, { recursive: true });
  buildPowerTarget(dir);
  const standing = standingIn(dir);
  for (const one of standing) if (one.kind === 'file') writeFileSync(join(backups, digestOf(one.bytes)), one.bytes);
  const before = linesOf(dir);
  const calls = await note({ how, dir, backups }, 'sync');
  const ground: Ground = { how, dir, backups, before, after: linesOf(dir) };
  const rows: Row[] = [];
  const row = (what: string, tried: Tried, started: number): void => {
    const { points, differences } = tried;
    const took = (performance.now() - started) / 1000;
    rows.push({
      what,
      points,
      before: tried.before,
      after: tried.after,
      differences: differences.length,
      took,
      notes: [],
    });
  };
  let started = performance.now();
  const main = await tryPrefixes(ground, { standing, calls, what: 'transaction', lucks: (at) => lucksOf(how, at) });
  row(`power loss, ${calls.length} calls, moves ${how.moves}`, main, started);
  started = performance.now();
  const again = await tryRecoveries(ground, { standing, calls });
  if (how.recoveries > 0)
    row(`power loss in ${how.recoveries} recoveries, ${again.calls} calls, moves ${how.moves}`, again, started);
  rmSync(top, { recursive: true, force: true });
  return { rows, differences: [...main.differences, ...again.differences] };
};
