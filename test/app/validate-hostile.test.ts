/** Hostile files end in a clear error that names them, within a second of work and 200 MB. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { beforeAll, expect, it } from 'vitest';
import { put, sampleMain, text } from '../fixtures/sandbox.ts';
import { built } from '../stories/command.ts';

const megabytes = 1 << 20;
const lines = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => line(index)).join('');

/** Prints what the process took, as its last line on stderr. The time is of the processor: waiting for one is no slow reading. */
const meter = `data:text/javascript,${encodeURIComponent(
  "process.on('exit', () => { const u = process.resourceUsage(); process.stderr.write('\\n' + JSON.stringify({ seconds: (u.userCPUTime + u.systemCPUTime) / 1e6, megabytes: u.maxRSS / 1024 })); });",
)}`;

interface Taken {
  readonly exit: number | null;
  readonly said: string;
  readonly seconds: number;
  readonly megabytes: number;
}

const validate = async (main: string): Promise<Taken> => {
  const child = spawn(process.execPath, ['--import', meter, built, 'validate'], {
    cwd: main,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
  });
  const [stdout, stderr, exit] = await Promise.all([
    readAll(child.stdout),
    readAll(child.stderr),
    new Promise<number | null>((done) => child.on('close', done)),
  ]);
  const at = stderr.lastIndexOf('\n');
  return { exit, said: stdout + stderr.slice(0, at), ...JSON.parse(stderr.slice(at)) };
};

let main = '';
/** Its files are right. */
let calm = '';
beforeAll(() => {
  const dir = mkdtempSync(join(tmpdir(), 'lockstep-hostile-'));
  main = sampleMain(join(dir, 'main'));
  calm = sampleMain(join(dir, 'calm'));
  return () => rmSync(dir, { recursive: true, force: true });
});

/** Seconds that an idle machine takes to start and to read files that are right. */
const idle = 1 / 3;

/**
 * Validates beside a validation of files that are right, so that both meet the same machine at the same moment: one whose
 * caches, clock or hyperthreads are shared with others takes several times the processor time for the same work.
 */
const expectBounded = async (file: string, message: string): Promise<void> => {
  const [taken, usual] = await Promise.all([validate(main), validate(calm)]);
  expect(usual.exit).toBe(0);
  expect(taken.exit).toBe(2);
  expect(taken.said).toContain(file);
  expect(taken.said).toContain(message);
  expect(taken.said.length).toBeLessThan(100_000);
  expect(taken.said).not.toMatch(/\bat .*\.[jt]s:\d|RangeError|heap/);
  const slowness = Math.max(1, usual.seconds / idle);
  expect((taken.seconds - usual.seconds) / slowness).toBeLessThan(1);
  expect(taken.megabytes).toBeLessThan(200);
};

const bomb = `a0: &a0 [x, x]\n${lines(40, (i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]\n`)}`;
const steps = (text: string): string => `name: own\nsteps:\n  - { uses: backup }\n${text}`;

it.each<[string, string, string]>([
  ['50 MB', '# x\n'.repeat((50 * megabytes) / 4), 'larger than 512 KiB'],
  [
    'half a megabyte of openings',
    steps(`  - { uses: tag, with: { version: "${'${{'.repeat(170_000)}" } }\n`),
    'not closed',
  ],
  [
    'thousands of expressions in one text',
    steps(`  - { uses: tag, with: { version: "${'${{ run.ful }}'.repeat(30_000)}" } }\n`),
    'more than 100 expressions in one text',
  ],
  ['100,000 nested lists', `steps: ${'['.repeat(100_000)}`, 'nested deeper than'],
  ['100,000 nested blocks', '- '.repeat(100_000), 'nested deeper than'],
  ['aliases that explode', bomb, 'aliases expand to more'],
  ['thousands of keys given twice', 'name: own\n'.repeat(5_000), 'duplicate key `name`'],
  ['sixty thousand keys', lines(60_000, (i) => `k${i}:\n`), 'pieces of syntax'],
  [
    'more than a thousand steps',
    steps(lines(1_200, (i) => `  - { id: s${i}, uses: detect, if: "run.ful" }\n`)),
    'more than 200 steps',
  ],
])('a pipeline of %s', async (_what, content, message) => {
  put(main, { 'pipelines/own.yaml': content });
  try {
    await expectBounded('pipelines/own.yaml', message);
  } finally {
    put(main, { 'pipelines/own.yaml': null });
  }
});

it.each<[string, string, string]>([
  ['aliases that explode', bomb, 'aliases expand to more'],
  [
    'a thousand hostile rules of commits',
    `commits:\n${lines(1_000, () => '  - { if: "subject.matches(\'(a+)+$\')", priority: high }\n')}`,
    '`matches` is refused',
  ],
])('a configuration of %s', async (_what, content, message) => {
  const right = text(main, 'sync.config.yaml');
  put(main, { 'sync.config.yaml': `${right}${content}` });
  try {
    await expectBounded('sync.config.yaml', message);
  } finally {
    put(main, { 'sync.config.yaml': right });
  }
});
