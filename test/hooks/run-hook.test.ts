import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { World } from '../../src/cli/world.ts';
import { hooks, runHook } from '../../src/hooks/index.ts';
import type { Ports } from '../../src/ports.ts';
import { machinePorts, machineWorld } from '../fixtures/machine-ports.ts';
import { initRepo, put, sampleMain, temporary } from '../fixtures/sandbox.ts';
import { treeHash } from '../fixtures/tree-hash.ts';

/** Runs a hook in a folder; answers its exit code and its lines. */
const call = async (cwd: string, name: string, changed: Partial<World> = {}, first = 60_000) => {
  const lines: string[] = [];
  const world = machineWorld(cwd, {
    out: (line) => void lines.push(`out: ${line}`),
    err: (line) => void lines.push(line),
  });
  return {
    exit: await runHook({ ...world, ...changed }, { name, args: ['origin', 'url'], json: false, first }),
    lines,
  };
};

const silent = { exit: 0, lines: [] };
const target = {
  name: 'gone',
  path: '../gone',
  type: 'site-packages',
  last_sync: null,
  sync_version: null,
  status: 'needs_sync',
};

/** A main project whose registry holds this text. */
const mainWith = (registry: string): string => {
  const root = sampleMain(join(temporary('hook'), 'main'));
  put(root, { '.git/lockstep/registry.json': registry });
  return root;
};

it.each(
  hooks.map(({ name }) => name),
)('%s is silent without targets, without a configuration, and under LOCKSTEP=0', async (name) => {
  expect(await call(sampleMain(join(temporary('hook'), 'main')), name)).toEqual(silent);
  expect(await call(initRepo(join(temporary('hook'), 'plain')), name)).toEqual(silent);
  expect(await call(temporary('hook'), name)).toEqual(silent);
  expect(await call(mainWith('{ damaged'), name, { env: { LOCKSTEP: '0' } })).toEqual(silent);
});

it.each([
  ['an unreadable registry', () => mainWith('{ damaged')],
  ['a registry of a newer format', () => mainWith('{"version": 99, "targets": []}')],
  [
    'a wrong configuration',
    () => {
      const root = sampleMain(join(temporary('hook'), 'main'));
      put(root, { 'sync.config.yaml': 'version: [\n' });
      return root;
    },
  ],
])('answers 0 with one line for %s', async (_, make) => {
  const { exit, lines } = await call(make(), 'pre-push');
  expect(exit).toBe(0);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^lockstep pre-push: skipped: \S[^\n]*$/);
});

it('answers 0 with one line for a bug, and for a hook that is not there', async () => {
  const broken = async (): Promise<Ports> => {
    throw new TypeError('a bug\nwith two lines');
  };
  expect(await call(temporary('hook'), 'post-merge', { ports: broken })).toEqual({
    exit: 0,
    lines: ['lockstep post-merge: skipped: a bug with two lines'],
  });
  expect(await call(temporary('hook'), 'pre-rebase')).toEqual({
    exit: 0,
    lines: ['lockstep pre-rebase: no such hook; there are pre-push, post-merge, post-rewrite, reference-transaction'],
  });
});

it('goes on without an answer when its time is up', async () => {
  const ports = machinePorts();
  const hanging: Ports = { ...ports, git: { ...ports.git, places: () => new Promise(() => {}) } };
  const started = performance.now();
  const { exit, lines } = await call(temporary('hook'), 'pre-push', { ports: async () => hanging }, 3_000);
  expect(performance.now() - started).toBeLessThan(10_000);
  expect({ exit, lines }).toEqual({
    exit: 0,
    lines: ['lockstep pre-push: skipped: not done within 3 s (lockstep sync status)'],
  });
});

it('writes nothing when nothing is pushed, whatever stands in the registry', async () => {
  const root = mainWith(JSON.stringify({ targets: [target] }));
  const before = treeHash(root);
  expect(await call(root, 'pre-push')).toEqual(silent);
  expect(treeHash(root)).toEqual(before);
});
