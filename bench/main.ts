/** Runs benchmarks and prints, for each piece of work, medians, ratios and goals, and the machine they were seen on. */
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bench, Work } from './bench.ts';
import { benches } from './index.ts';
import { type Measured, measure, median } from './measure.ts';
import { type Verdict, verdictsOf } from './verdicts.ts';

const usage = `npm run bench -- <name>… [--rounds 7] [--dir <folder>] [--json] [words of the benchmark]
${benches.map(({ name, summary }) => `  ${name.padEnd(10)} ${summary}`).join('\n')}`;

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const fail = (line: string): never => {
  process.stderr.write(`${line}\n`);
  process.exit(2);
};

interface Asked {
  readonly chosen: readonly Bench[];
  readonly rounds: number;
  readonly dir: string;
  readonly json: boolean;
  readonly words: readonly string[];
}

const readWords = (argv: readonly string[]): Asked => {
  const chosen: Bench[] = [];
  const words: string[] = [];
  let [rounds, dir, json] = [7, tmpdir(), false];
  const rest = [...argv];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const bench = benches.find(({ name }) => name === word);
    if (bench !== undefined) chosen.push(bench);
    else if (word === '--rounds') rounds = Number(rest.shift());
    else if (word === '--dir') dir = rest.shift() ?? '';
    else if (word === '--json') json = true;
    else words.push(word);
  }
  if (chosen.length === 0) return fail(usage);
  if (!Number.isInteger(rounds) || rounds < 1) return fail(`--rounds takes a whole number from 1\n${usage}`);
  return { chosen, rounds, dir, json, words };
};

const machine = (): string => {
  const [first] = cpus();
  const load = loadavg()[0] ?? 0;
  return `${process.platform} ${process.arch}, ${cpus().length} × ${first?.model.trim() ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.versions.node}, load ${load.toFixed(1)}`;
};

const rowsOf = (measured: readonly Measured[], verdicts: readonly Verdict[]): readonly string[] => {
  const [one] = measured;
  const width = Math.max(...measured.map(({ name }) => name.length));
  const times = measured.map(({ name, times: all }) => {
    const against =
      name === one?.name
        ? ''
        : `  lockstep takes ${(median(one?.times.map((time, i) => time / (all[i] ?? 1)) ?? [])).toFixed(2)} × it`;
    const range = `${Math.min(...all).toFixed(0)}–${Math.max(...all).toFixed(0)}`;
    return `  ${name.padEnd(width)}  ${median(all).toFixed(0).padStart(6)} ms  (${range})${against}`;
  });
  const sign = (met: boolean | null): string => (met === null ? '?' : met ? '✓' : '✗');
  return [...times, ...verdicts.map(({ goal, seen, met }) => `  ${sign(met)} goal ${goal}: ${seen}`)];
};

const { chosen, rounds, dir, json, words } = readWords(process.argv.slice(2));
// Bundled to dist/bench.mjs, beside the built command.
const command = fileURLToPath(new URL('main.js', import.meta.url));
if (!existsSync(command)) fail(`${command} is not built: npm run bench builds it`);
mkdirSync(dir, { recursive: true });
const root = realpathSync(mkdtempSync(join(dir, 'lockstep-bench-')));
const home = join(root, 'home');
mkdirSync(home);
const env: Readonly<Record<string, string>> = {
  PATH: process.env.PATH ?? '',
  HOME: home,
  XDG_STATE_HOME: join(home, 'state'),
  XDG_CACHE_HOME: join(home, 'cache'),
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  NO_COLOR: '1',
  LC_ALL: 'C.UTF-8',
};

let missed = 0;
const note = (line: string): void => {
  if (!json) print(line);
};
const tell = (bench: Bench, work: Work, measured: readonly Measured[]): void => {
  const verdicts = verdictsOf(work, measured);
  missed += verdicts.filter(({ met }) => met === false).length;
  if (json) print(JSON.stringify({ bench: bench.name, work: work.name, rounds, measured, verdicts }));
  else for (const line of [`${work.name}`, ...rowsOf(measured, verdicts)]) print(line);
};

note(`Machine: ${machine()}; ${rounds} rounds, whole processes, medians`);
try {
  for (const bench of chosen) {
    note(`\n${bench.name}: ${bench.summary}`);
    const ground = join(root, bench.name);
    mkdirSync(ground);
    const works = bench.works({
      dir: ground,
      lockstep: [process.execPath, command],
      env,
      say: (line) => note(`  … ${line}`),
      absent: (peer, how) => {
        note(`  … ${peer} is not here, so it is left out (${how})`);
        return [];
      },
      words,
    });
    for await (const work of works) tell(bench, work, await measure(work, { rounds, env }));
  }
} finally {
  rmSync(root, { recursive: true, force: true });
}
if (missed > 0) note(`\n${missed} goals were missed`);
