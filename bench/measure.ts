/** Times whole processes in rounds, each contender once a round and in another order each time, so that a noisy machine is fair. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Contender, Work } from './bench.ts';

export interface Measured {
  readonly name: string;
  /** Milliseconds of each counted round, in order: equal places of two contenders are of one round. */
  readonly times: readonly number[];
  /** Megabytes at the peak of one more run; null for a program that is not Node. */
  readonly megabytes: number | null;
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
};

/** Milliseconds of one whole process. Throws with what it said when it exits otherwise than it should. */
const timeOnce = async (contender: Contender, env: Readonly<Record<string, string>>): Promise<number> => {
  await contender.before?.();
  const [program, ...args] = contender.argv;
  const started = process.hrtime.bigint();
  const child = spawn(program, args, {
    cwd: contender.cwd,
    env: { ...env, ...contender.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4_000);
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const took = Number(process.hrtime.bigint() - started) / 1e6;
  if ((contender.exits ?? [0]).includes(code ?? -1)) return took;
  throw new Error(`${contender.name} (${contender.argv.join(' ')}) ended with ${code}:\n${said}`);
};

/** The peak memory of a Node program, told by a hook at its end. */
const peakOf = async (contender: Contender, env: Readonly<Record<string, string>>): Promise<number | null> => {
  if (contender.argv[0] !== process.execPath) return null;
  const dir = mkdtempSync(join(tmpdir(), 'lockstep-bench-peak-'));
  try {
    const [hook, told] = [join(dir, 'hook.mjs'), join(dir, 'peak')];
    writeFileSync(
      hook,
      "import{writeFileSync}from'node:fs';process.on('exit',()=>writeFileSync(process.env.BENCH_PEAK,String(process.resourceUsage().maxRSS)));",
    );
    const [program, ...args] = contender.argv;
    const argv = [program, '--import', pathToFileURL(hook).href, ...args] as const;
    await timeOnce({ ...contender, argv }, { ...env, BENCH_PEAK: told });
    return Number(readFileSync(told, 'utf8')) / 1024;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
};

/** One uncounted round, then the counted ones. */
export const measure = async (
  { contenders }: Work,
  { rounds, env }: { readonly rounds: number; readonly env: Readonly<Record<string, string>> },
): Promise<readonly Measured[]> => {
  const times = new Map(contenders.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round <= rounds; round += 1) {
    const turn = round % contenders.length;
    for (const contender of [...contenders.slice(turn), ...contenders.slice(0, turn)]) {
      const took = await timeOnce(contender, env);
      if (round > 0) times.get(contender.name)?.push(took);
    }
  }
  const [first] = contenders;
  const peak = await peakOf(first, env);
  return contenders.map((one) => ({
    name: one.name,
    times: times.get(one.name) ?? [],
    megabytes: one === first ? peak : null,
  }));
};
