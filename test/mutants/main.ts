/** Takes each invariant's guard out in turn and exits 1 unless a test fails every time. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { copyCheckout } from './copy.ts';
import { type Mutant, misplaced, mutated } from './mutant.ts';
import { mutants } from './mutants.ts';
import { openRunner, type Runner, type TestsEnd } from './run-tests.ts';
import type { ServerRequest } from './server-words.ts';

// Bundled to dist/mutants/main.mjs, beside the program that runs the tests.
const here = dirname(fileURLToPath(import.meta.url));
const checkout = dirname(dirname(here));

/** Milliseconds for one run of tests: a mutant that loops for ever must not hold up the others. */
const patience = 300_000;

type Verdict = 'killed' | 'survived' | 'misplaced' | 'could not run';

interface Judged {
  readonly mutant: Mutant;
  readonly verdict: Verdict;
  readonly why: string;
}

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const usage = (message: string): never => {
  process.stderr.write(`${message}\nnpm run test:mutants -- [--copies 2] [--only <name>]…   (a name may end with *)\n`);
  process.exit(2);
};

/** The names that the words ask for, and in how many copies of the checkout they are tried. */
const readWords = (words: readonly string[]): { readonly names: readonly string[]; readonly workers: number } => {
  const names: string[] = [];
  let workers = 2;
  for (let at = 0; at < words.length; at += 2) {
    const [word, value = ''] = words.slice(at, at + 2);
    if (word === '--only' && value !== '') names.push(value);
    else if (word === '--copies' && /^[1-9]$/.test(value)) workers = Number(value);
    else usage(`not understood: ${words.slice(at).join(' ')}`);
  }
  return { names, workers };
};

/** The mutants of these names; all when there are none. */
const chosen = (names: readonly string[]): readonly Mutant[] => {
  if (names.length === 0) return mutants;
  const fits = (wanted: string, { name }: Mutant): boolean =>
    wanted.endsWith('*') ? name.startsWith(wanted.slice(0, -1)) : name === wanted;
  const unknown = names.find((wanted) => !mutants.some((mutant) => fits(wanted, mutant)));
  if (unknown !== undefined) usage(`there is no mutant named ${unknown}`);
  return mutants.filter((mutant) => names.some((wanted) => fits(wanted, mutant)));
};

const words = readWords(process.argv.slice(2));
const selected = chosen(words.names);
const root = realpathSync(mkdtempSync(join(tmpdir(), 'lockstep-mutants-')));
chmodSync(root, 0o755);
const started = performance.now();
const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1)} s`;

let stopping = false;
const tidy = (): void => rmSync(root, { recursive: true, force: true, maxRetries: 3 });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (stopping) return;
    stopping = true;
    void Promise.all(places.map(({ runner }) => runner.stop())).then(() => {
      tidy();
      process.exit(128 + constants.signals[signal]);
    });
  });
}

interface Place {
  readonly copy: string;
  readonly runner: Runner;
}

const places: readonly Place[] = Array.from({ length: Math.min(words.workers, selected.length) }, (_, index) => {
  const copy = join(root, `copy-${index}`);
  const passing = join(root, `tmp-${index}`);
  mkdirSync(passing);
  // Other users read there too, as they do in /tmp.
  chmodSync(passing, 0o755);
  return { copy, runner: openRunner({ checkout: copy, server: join(here, 'test-server.mjs'), passing, patience }) };
});
for (const { copy } of places) copyCheckout(checkout, copy);

/** Works through a list in every copy at once. */
const each = async <T>(list: readonly T[], work: (item: T, place: Place) => Promise<void>): Promise<void> => {
  const waiting = [...list];
  await Promise.all(
    places.map(async (place) => {
      for (let item = waiting.shift(); item !== undefined && !stopping; item = waiting.shift()) await work(item, place);
    }),
  );
};

type Selection = Pick<ServerRequest, 'files' | 'named'>;

/** What all the mutants run, each file once. */
const selections = (): readonly Selection[] => {
  const byFile = new Map<string, Set<string> | 'all'>();
  for (const { tests, named } of selected) {
    for (const file of tests) {
      const known = byFile.get(file) ?? new Set<string>();
      if (named === undefined || known === 'all') byFile.set(file, 'all');
      else byFile.set(file, known.add(named));
    }
  }
  return [...byFile].map(([file, named]) => ({ files: [file], named: named === 'all' ? [] : [...named] }));
};

/** Files whose tests fail with every guard in place, and how: such a failure would count as a kill every time. */
const failingAnyway = async (): Promise<ReadonlyMap<string, string>> => {
  const wrong = new Map<string, string>();
  await each(selections(), async (selection, { runner }) => {
    const end = await runner.run({ ...selection, changed: [] });
    const why = end.kind === 'failed' ? end.test : end.kind === 'could-not-run' ? end.why : undefined;
    if (why !== undefined) for (const file of selection.files) wrong.set(file, why);
  });
  return wrong;
};

const verdictOf = (end: TestsEnd): Pick<Judged, 'verdict' | 'why'> => {
  if (end.kind === 'failed') return { verdict: 'killed', why: end.test };
  if (end.kind === 'passed') return { verdict: 'survived', why: `${end.tests} tests passed without it` };
  return { verdict: 'could not run', why: end.why };
};

/** What was put back in a copy after its last request. */
const lastTouched = new Map<string, readonly string[]>();

const judge = async (mutant: Mutant, { copy, runner }: Place): Promise<Pick<Judged, 'verdict' | 'why'>> => {
  const path = join(copy, mutant.file);
  const text = readFileSync(path, 'utf8');
  const why = misplaced(mutant, text);
  if (why !== undefined) return { verdict: 'misplaced', why };
  writeFileSync(path, mutated(mutant, text));
  const touched = [mutant.file, ...(lastTouched.get(copy) ?? [])];
  lastTouched.set(copy, [mutant.file]);
  try {
    const { tests: files, named } = mutant;
    const names = named === undefined ? [] : [named];
    return verdictOf(await runner.run({ files, named: names, changed: touched }));
  } finally {
    if (!stopping) writeFileSync(path, text);
  }
};

try {
  print(`${selected.length} guards of ${mutants.length}, in ${places.length} copies below ${root}`);
  const wrong = await failingAnyway();
  for (const [file, why] of wrong) print(`fails with every guard in place: ${file}: ${why}`);
  print(`The tests ran with every guard in place (${seconds(started)}).`);
  const judged: Judged[] = [];
  await each(selected, async (mutant, place) => {
    const begun = performance.now();
    const spoiled = mutant.tests.find((file) => wrong.has(file));
    const { verdict, why } =
      spoiled === undefined
        ? await judge(mutant, place)
        : ({ verdict: 'could not run', why: `${spoiled} fails with every guard in place` } as const);
    judged.push({ mutant, verdict, why });
    print(`${verdict.padEnd(13)} ${mutant.name} (${seconds(begun)}): ${why}`);
  });
  const of = (verdict: Verdict): readonly Judged[] => judged.filter((one) => one.verdict === verdict);
  const left = judged.filter(({ verdict }) => verdict !== 'killed');
  print('');
  for (const { mutant, verdict, why } of left) {
    print(`${verdict}: ${mutant.name}, invariant ${mutant.invariant}: ${mutant.guard}`);
    print(`  ${mutant.file}; ${mutant.tests.join(', ')}: ${why}`);
  }
  const counts = (['killed', 'survived', 'misplaced', 'could not run'] as const).map(
    (verdict) => `${of(verdict).length} ${verdict}`,
  );
  print(`${judged.length} guards: ${counts.join(', ')} (${seconds(started)})`);
  process.exitCode = judged.length === selected.length && left.length === 0 ? 0 : 1;
} finally {
  if (!stopping) {
    await Promise.all(places.map(({ runner }) => runner.stop()));
    tidy();
  }
}
