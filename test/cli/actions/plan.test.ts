import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCommand } from '../../../src/cli/program.ts';
import { type Fleet, fleet, makeFleetTarget } from '../../fixtures/fleet.ts';
import { machineWorld } from '../../fixtures/machine-ports.ts';
import { commit, put, text } from '../../fixtures/sandbox.ts';
import { treeLines } from '../../fixtures/tree-hash.ts';

const lockstep = async ({ root }: Pick<Fleet, 'root'>, ...argv: readonly string[]) => {
  const out: string[] = [];
  const err: string[] = [];
  const world = machineWorld(root, { out: (line) => void out.push(line), err: (line) => void err.push(line) });
  return { code: await runCommand(world, argv), out: out.join('\n'), err: err.join('\n') };
};

const ahead = async (...names: readonly string[]): Promise<Fleet> => {
  const world = fleet(...names);
  for (const name of names) put(world.at(name), { 'app.toml': 'level = 1\napi_key = "owner-secret"\n' });
  expect((await world.run()).exit).toBe(0);
  put(world.root, {
    'docs/a.md': 'a2\n',
    'docs/b.md': `${'b'.repeat(1200)}\n`,
    'plans/p.md': null,
    'app.toml': 'level = 2\napi_key = "main-secret-2"\n',
  });
  commit(world.root, 'docs: second');
  return world;
};

describe('sync plan', () => {
  it('shows files, bytes, keys, conflicts and sums, and writes nothing', async () => {
    const world = await ahead('app');
    put(world.at('app'), { 'docs/a.md': 'mine\n' });
    const before = treeLines(world.dir);
    const { code, out, err } = await lockstep(world, 'sync', 'plan', 'app');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    for (const line of [
      /^ {6}\+ docs\/b\.md {2}1\.2 kB {2}new in main$/m,
      /^ {6}= docs\/a\.md {2}.*changed/m,
      /^ {6}- plans\/p\.md {2}3 B {2}/m,
      /^ {6}~ app\.toml {2}\d+ B {2}/m,
      /^ {8}~ level = 1 → 2 {2}/m,
      /^ {8}= api_key = ••• stays; main has •••/m,
      /^ {3}in all \+1 ~1 -1 =1, 1\.2 kB to write, 3 B to remove$/m,
    ])
      expect(out).toMatch(line);
    expect(out).not.toContain('secret');
    expect(treeLines(world.dir)).toEqual(before);
    const untimed = (text: string): string => text.replace(/\d+ ms$|\d+\.\d s$/gm, '');
    const dryRun = await lockstep(world, 'sync', 'run', 'app', '--dry-run');
    expect(untimed(dryRun.out)).toBe(untimed(out));
    expect((await lockstep(world, 'sync', 'plan', 'app', '--exit-code')).code).toBe(3);
  });

  it('--out writes a file that sync run --plan applies', async () => {
    const world = await ahead('app', 'web');
    const file = join(world.dir, 'p.json');
    const planned = await lockstep(world, 'sync', 'plan', '--all-targets', '--out', '../p.json');
    expect(planned.code).toBe(0);
    expect(planned.out).toContain('2 targets planned in ../p.json');
    expect(planned.out).toContain('lockstep sync run --plan ../p.json');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
      format: 1,
      targets: [{ target: 'app' }, { target: 'web' }],
    });
    expect(await lockstep(world, 'sync', 'run', '--plan', '../p.json')).toMatchObject({ code: 0, err: '' });
    expect(text(world.at('web'), 'docs/a.md')).toBe('a2\n');
    const again = await lockstep(world, 'sync', 'run', '--plan', '../p.json');
    expect({ code: again.code, out: again.out }).toEqual({ code: 6, out: '' });
    expect(again.err).toContain('app, web: its receipt moved');
    expect(again.err.split('\n')).toHaveLength(3);
  });

  it('--out says when there is no plan to write', async () => {
    const world = fleet('app');
    put(world.dir, { app: null });
    const { code, out } = await lockstep(world, 'sync', 'plan', 'app', '--out', '../p.json');
    expect(code).toBe(5);
    expect(out).toContain('nothing could be planned: ../p.json is not written');
    expect(existsSync(join(world.dir, 'p.json'))).toBe(false);
  });

  it('tells programs of the file as an event', async () => {
    const world = await ahead('app');
    const { out } = await lockstep(world, 'sync', 'plan', 'app', '--out', '../p.json', '--json');
    expect(JSON.parse(out.split('\n').at(-1) ?? '')).toMatchObject({
      v: 1,
      kind: 'plan.written',
      file: '../p.json',
      targets: ['app'],
    });
  });

  it.each([
    ['docs/a.md', 'docs/a.md is tracked by the main project'],
    ['nowhere/p.json', 'there is no folder'],
    ['docs', 'it is a folder'],
    ['.git/p.json', "it lies in the main project's git folder"],
  ])('--out %s is refused before anything is planned', async (name, said) => {
    const world = fleet('app');
    const before = treeLines(world.dir);
    const { code, out, err } = await lockstep(world, 'sync', 'plan', 'app', '--out', name);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(said);
    expect(treeLines(world.dir)).toEqual(before);
  });
});

describe('sync run', () => {
  it.each([
    [['--plan', 'p.json', 'app'], '--plan says already what is synced: names of targets cannot be given too'],
    [['--plan', 'p.json', '--full', '--skip', 'docs'], '--full, --skip cannot be given too'],
    [['--plan', 'p.json', '--retry-failed'], '--retry-failed cannot be given too'],
    [['--retry-failed', '--all-targets'], '--all-targets cannot be given too'],
    [['--plan', 'p.json'], 'there is no plan file p.json'],
    [['app', '--jobs', '0'], '--jobs must be a whole number from 1 to 64, not 0'],
    [['app', '--jobs', 'many'], 'not many'],
    [['app', '--only', ','], '--only names nothing'],
    [['app', '--only', 'veryfy'], 'has no step veryfy'],
    [['app', '--skip', 'backup'], 'backup cannot be left out: docs changes the target'],
    [['--retry-failed'], 'no run is recorded yet'],
  ])('%j is refused, and nothing is started', async (words, said) => {
    const world = fleet('app');
    const { code, out, err } = await lockstep(world, 'sync', 'run', ...words);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(said);
    expect(existsSync(join(world.at('app'), '.lockstep'))).toBe(false);
  });

  it('shows a name with a line end in one line, so that nothing in a plan poses as a line of it', async () => {
    const world = fleet('app');
    put(world.root, { 'docs/x\n   in all +0 ~0 -0\u001b[8m': 'x' });
    commit(world.root, 'docs: odd');
    const { out } = await lockstep(world, 'sync', 'plan', 'app');
    expect(out).toContain('+ docs/x\\n   in all +0 ~0 -0\\u001b[8m  1 B');
    expect(out).not.toMatch(/^ {3}in all \+0/m);
  });

  it('--retry-failed does again what did not succeed, with the same options', async () => {
    const world = fleet('a', 'b');
    put(world.at('b'), { '.lockstep/receipts/words.json': '{\n' });
    const first = await lockstep(world, 'sync', 'run', '--all-targets', '--skip', 'plans', '--reason', 'weekly');
    expect(first.code).toBe(4);
    expect(first.out).not.toContain('--retry-failed');
    put(world.at('b'), { '.lockstep': null });
    const again = await lockstep(world, 'sync', 'run', '--retry-failed');
    expect({ code: again.code, err: again.err }).toEqual({ code: 0, err: '' });
    expect(again.out).toMatch(/^1 target of run \d{8}T\d{6}Z-[0-9a-f]{4} again: b$/m);
    expect(again.out).toContain('(weekly)');
    expect(existsSync(join(world.at('b'), 'plans'))).toBe(false);
    expect(await lockstep(world, 'sync', 'run', '--retry-failed')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^every target of run \S+ succeeded: nothing to run again$/),
    });
  });

  it('--retry-failed of a part does that part again', async () => {
    const world = fleet('app');
    put(world.dir, { app: null });
    const first = await lockstep(world, 'sync', 'docs', 'app');
    expect(first.code).toBe(5);
    makeFleetTarget(world.at('app'));
    const again = await lockstep(world, 'sync', 'run', '--retry-failed');
    expect(again.code).toBe(0);
    expect(text(world.at('app'), 'docs/a.md')).toBe('a1\n');
    expect(existsSync(join(world.at('app'), 'plans'))).toBe(false);
  });
});
