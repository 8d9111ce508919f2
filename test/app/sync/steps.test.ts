import { expect, it } from 'vitest';
import type { Receipt } from '../../../src/domain/receipt.ts';
import type { TargetRecord } from '../../../src/domain/target.ts';
import { type Fleet, fleet, fleetPipeline } from '../../fixtures/fleet.ts';
import { commit, git, put, text } from '../../fixtures/sandbox.ts';

const receipt = (world: Fleet): Receipt =>
  JSON.parse(text(world.at('app'), '.lockstep/receipts/words.json')) as Receipt;
const record = (world: Fleet): TargetRecord =>
  (JSON.parse(text(world.root, '.git/lockstep/registry.json')) as { targets: [TargetRecord] }).targets[0];

/** One target in step, and main one commit ahead in everything. */
const ahead = async (): Promise<Fleet & { readonly first: string; readonly second: string }> => {
  const world = fleet('app');
  const first = git(world.root, 'rev-parse', 'HEAD');
  expect((await world.run()).exit).toBe(0);
  put(world.root, { 'docs/a.md': 'a2\n', 'plans/p.md': 'p2\n', 'app.toml': 'level = 2\n' });
  return { ...world, first, second: commit(world.root, 'docs: second') };
};

it('with --only the receipt claims what was done and no more, and the next run does the rest', async () => {
  const world = await ahead();
  const { exit, results } = await world.run({ steps: { only: ['backup', 'docs'] } });
  expect({ exit, cause: results[0]?.cause, warnings: results[0]?.warnings }).toEqual({
    exit: 0,
    cause: '+0 ~1 -0',
    warnings: ['left out, and not looked at: detect, plans, config'],
  });
  expect([text(world.at('app'), 'docs/a.md'), text(world.at('app'), 'plans/p.md')]).toEqual(['a2\n', 'p1\n']);
  const { commit: whole, components } = receipt(world);
  expect([whole, components.docs?.commit, components.plans?.commit]).toEqual([world.first, world.second, world.first]);
  expect(record(world).status).toBe('needs_sync');
  expect((await world.run()).results[0]?.cause).toBe('+0 ~2 -0');
  expect([receipt(world).commit, record(world).status]).toEqual([world.second, 'synchronized']);
});

it('with --skip of what changes nothing the receipt claims the whole commit', async () => {
  const world = await ahead();
  const { results } = await world.run({ steps: { skip: ['detect'] } });
  expect(results[0]?.warnings).toEqual(['left out, and not looked at: detect']);
  expect([receipt(world).commit, record(world).status]).toEqual([world.second, 'synchronized']);
});

it('a target with nothing to do in the steps that were asked for is not called in step', async () => {
  const world = await ahead();
  await world.run({ steps: { only: ['backup', 'docs'] } });
  const { results } = await world.run({ steps: { only: ['backup', 'docs'] } });
  expect(results[0]).toMatchObject({ outcome: 'nothing-to-do', cause: 'nothing to sync in what was asked for' });
  expect(record(world).status).toBe('needs_sync');
});

it('steps that are left out are in the plan and in the events, as left out', async () => {
  const world = await ahead();
  world.events.length = 0;
  await world.run({ steps: { skip: ['config'] } });
  const planned = world.events.find((event) => event.kind === 'target.planned');
  expect(planned?.plan.steps.map(({ id, skipped }) => [id, skipped])).toEqual([
    ['detect', null],
    ['backup', null],
    ['docs', null],
    ['plans', null],
    ['config', 'left out: --skip names it'],
  ]);
  expect(world.events).toContainEqual(
    expect.objectContaining({
      kind: 'step.finished',
      step: 'config',
      outcome: 'skipped',
      cause: 'left out: --skip names it',
    }),
  );
});

it('a wrong word starts nothing', async () => {
  const world = await ahead();
  world.events.length = 0;
  await expect(world.run({ steps: { skip: ['dosc'] } })).rejects.toMatchObject({
    code: 'usage',
    hint: 'did you mean docs?',
  });
  await expect(world.run({ steps: { skip: ['backup'] } })).rejects.toMatchObject({ code: 'usage' });
  expect(world.events).toEqual([]);
});

it.each([
  ['--skip', { steps: { skip: ['own'] } }],
  ['a part of the pipeline', { part: { uses: ['backup', 'copy'], components: ['docs'], suites: [] } }],
])('a program that was left out by %s while files changed is started by the next run', async (_, left) => {
  const world = fleet('app');
  put(world.root, {
    'pipelines/documents.yaml': `${fleetPipeline}  - { id: own, run: [sh, -c, "echo ran >> ../ran"] }\n`,
  });
  commit(world.root, 'feat: a program');
  const asked = { ask: async () => true };
  const ran = (): number => text(world.dir, 'ran').split('\n').length - 1;
  await world.run(asked);
  expect(ran()).toBe(1);
  put(world.root, { 'docs/a.md': 'a2\n' });
  commit(world.root, 'docs: second');
  expect((await world.run({ ...asked, ...left })).results[0]?.cause).toBe('+0 ~1 -0');
  expect(ran()).toBe(1);
  await world.run(asked);
  expect(ran()).toBe(2);
  expect((await world.run(asked)).results[0]?.outcome).toBe('nothing-to-do');
});
