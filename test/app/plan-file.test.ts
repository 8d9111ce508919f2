import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type PlanFile, parsePlanFile, planText } from '../../src/app/plan-file.ts';
import type { SyncRequest } from '../../src/app/sync/job.ts';
import type { LockstepError } from '../../src/domain/errors.ts';
import type { Ports } from '../../src/ports.ts';
import { type Fleet, fleet, fleetPipeline } from '../fixtures/fleet.ts';
import { machinePorts } from '../fixtures/machine-ports.ts';
import { commit, put, text } from '../fixtures/sandbox.ts';
import { treeLines } from '../fixtures/tree-hash.ts';

const planned = async (world: Fleet, more: Partial<SyncRequest> = {}): Promise<PlanFile> => {
  const { plan } = await world.run({ mode: 'dry-run', ...more });
  if (plan === null) throw new Error('nothing was planned');
  return parsePlanFile('p.json', planText(plan));
};

const refusal = async (work: Promise<unknown>): Promise<LockstepError> =>
  work.then(
    () => {
      throw new Error('it was not refused');
    },
    (error: LockstepError) => error,
  );

/** What main, target and state hold. */
const standing = (world: Fleet): readonly string[] => treeLines(world.dir);

/** Two targets with an edit of their own, and main one commit ahead. */
const ahead = async (): Promise<Fleet> => {
  const world = fleet('app', 'web');
  put(world.at('app'), { 'app.toml': 'level = 1\napi_key = "owner-secret"\n' });
  expect((await world.run()).exit).toBe(0);
  put(world.at('app'), { 'docs/a.md': 'mine\n' });
  put(world.root, {
    'docs/a.md': 'a2\n',
    'docs/b.md': 'b\n',
    'plans/p.md': null,
    'app.toml': 'level = 2\nmore = "word-of-main"\n',
  });
  commit(world.root, 'docs: second');
  return world;
};

describe('a plan file', () => {
  it('is applied, and nothing else is', async () => {
    const world = await ahead();
    const plan = await planned(world);
    world.events.length = 0;
    const report = await world.run({ plan });
    expect(report).toMatchObject({ exit: 0, results: [{ outcome: 'done' }, { outcome: 'done' }] });
    expect(text(world.at('app'), 'docs/a.md')).toBe('mine\n');
    expect(text(world.at('web'), 'docs/a.md')).toBe('a2\n');
    expect(world.events.filter(({ kind }) => kind === 'target.planned')).toHaveLength(2);
    expect((await refusal(world.run({ plan }))).details.join('\n')).toContain('its receipt moved');
  });

  it('is applied to its own targets alone', async () => {
    const world = await ahead();
    const plan = await planned(world, { targets: { names: ['web'] } });
    const before = treeLines(world.at('app'));
    expect((await world.run({ plan, targets: { names: ['web'] } })).results.map(({ target }) => target)).toEqual([
      'web',
    ]);
    expect(treeLines(world.at('app'))).toEqual(before);
  });

  it('holds no contents, no values and no secrets', async () => {
    const json = planText(await planned(await ahead()));
    for (const word of ['owner-secret', 'main-secret', 'word-of-main', 'mine', 'a2\\n'])
      expect(json).not.toContain(word);
    expect(json).toContain('"key"');
    expect(json).toMatch(/"blob": "[0-9a-f]{40}"/);
  });

  it('is the same for the same ground, whenever it is made', async () => {
    const world = await ahead();
    const [first, second] = [await planned(world), await planned(world)];
    expect({ ...second, created: '' }).toEqual({ ...first, created: '' });
  });
});

it('holds no words of a command: they may be secrets; and a plan with another command is another plan', async () => {
  const world = await ahead();
  put(world.root, {
    'pipelines/documents.yaml': `${fleetPipeline}  - { id: own, run: ["true", "\${{ env.WORD }}"] }\n`,
  });
  commit(world.root, 'feat: a command');
  const asked = { ask: async () => true, targets: { names: ['web'] } };
  const plan = await planned(world, { ...asked, env: { WORD: 'hush-hush' } });
  expect(planText(plan)).toContain('"uses": "run"');
  expect(planText(plan)).not.toContain('hush');
  expect((await refusal(world.run({ ...asked, plan, env: { WORD: 'other' } }))).code).toBe('plan-stale');
  expect((await world.run({ ...asked, plan, env: { WORD: 'hush-hush' } })).exit).toBe(0);
});

describe('a plan that moved is refused whole, with what moved', () => {
  it.each<[string, (world: Fleet) => unknown, string]>([
    ['the commit', ({ root }) => commit(root, 'chore: nothing'), 'the commit: the plan is of'],
    [
      'the configuration',
      ({ root }) => put(root, { 'sync.config.yaml': `${text(root, 'sync.config.yaml')}protect: ["x/**"]\n` }),
      'the configuration: sync.config.yaml says something else',
    ],
    [
      'the pipeline',
      ({ root }) =>
        put(root, {
          'pipelines/documents.yaml': text(root, 'pipelines/documents.yaml').replace('id: detect', 'id: look'),
        }),
      ': the pipeline documents is not the one that the plan was made with',
    ],
    [
      'a file that it replaces',
      (world) => put(world.at('web'), { 'docs/a.md': 'edited\n' }),
      'web: docs/a.md: nothing would be done to it any more',
    ],
    [
      'a file that it merges',
      (world) => put(world.at('web'), { 'app.toml': 'level = 1\nown = true\n' }),
      'web: app.toml: it is not what it was',
    ],
    [
      'a place that was free',
      (world) => put(world.at('web'), { 'docs/b.md': 'own\n' }),
      'web: docs/b.md: nothing would be done to it any more',
    ],
    ['a file that stays', (world) => put(world.at('app'), { 'docs/a.md': 'ours\n' }), 'app: step'],
    [
      'the receipt',
      (world) => {
        const path = '.lockstep/receipts/words.json';
        put(world.at('app'), {
          [path]: text(world.at('app'), path).replace(/"run": "[^"]+"/, '"run": "20260101T000000Z-0000"'),
        });
      },
      'app: its receipt moved',
    ],
    [
      'a target that is gone',
      (world) => put(world.dir, { app: null }),
      'app: it cannot be planned any more: its folder',
    ],
  ])('%s', async (_, move, said) => {
    const world = await ahead();
    const plan = await planned(world);
    await move(world);
    const before = standing(world);
    const error = await refusal(world.run({ plan }));
    expect(error.code).toBe('plan-stale');
    expect(error.details.join('\n')).toContain(said);
    expect(error.hint).toContain('lockstep sync plan');
    expect(standing(world)).toEqual(before);
  });

  it('the steps that were asked for', async () => {
    const world = await ahead();
    const plan = await planned(world, { steps: { skip: ['plans'] } });
    expect(plan.request).toMatchObject({ only: null, skip: ['plans'] });
    expect((await refusal(world.run({ plan }))).code).toBe('plan-stale');
    expect((await world.run({ plan, steps: { skip: ['plans'] } })).exit).toBe(0);
  });

  it('another main project', async () => {
    const world = await ahead();
    const plan = await planned(world);
    expect(await refusal(world.run({ plan: { ...plan, project: 'other' } }))).toMatchObject({ code: 'plan-invalid' });
  });
});

/** Ports that do something once, right after the lock of a target was taken. */
const afterLock = (ports: Ports, target: string, act: () => void): Ports => {
  let done = false;
  return {
    ...ports,
    openTree: (bounds) => {
      const tree = ports.openTree(bounds);
      return {
        ...tree,
        // A lock appears whole, by a second name.
        link: (from, to) => {
          const made = tree.link(from, to);
          if (!done && to === join(target, '.lockstep', 'lock')) {
            done = true;
            act();
          }
          return made;
        },
      };
    },
  };
};

it('is compared once more under the lock, where another one may have been faster', async () => {
  const world = await ahead();
  const plan = await planned(world);
  const ports = afterLock(machinePorts(), world.at('web'), () => put(world.at('web'), { 'docs/a.md': 'just now\n' }));
  const { exit, results } = await world.run({ plan, jobs: 1 }, ports);
  expect(exit).toBe(4);
  expect(results.map(({ outcome }) => outcome)).toEqual(['done', 'failed']);
  expect(results[1]?.error).toMatchObject({
    code: 'plan-stale',
    details: ['docs/a.md: nothing would be done to it any more'],
  });
  expect(text(world.at('web'), 'docs/a.md')).toBe('just now\n');
  expect(readdirSync(world.at('web'))).not.toContain('docs/b.md');
});

describe('a damaged plan file is refused at its place', () => {
  const whole = async (): Promise<string> => planText(await planned(await ahead()));

  it('torn, newer, unknown fields, twice the same target', async () => {
    const json = await whole();
    const refused = (name: string): LockstepError => {
      try {
        parsePlanFile('p.json', name);
      } catch (error) {
        return error as LockstepError;
      }
      throw new Error('it was read');
    };
    expect(refused(json.slice(0, 60)).message).toMatch(/^p\.json:\d+:\d+: not valid JSON$/);
    expect(refused(json.replace('"format": 1', '"format": 2'))).toMatchObject({
      code: 'format-newer',
      message: expect.stringContaining('p.json was written by a newer Lockstep (format 2'),
    });
    const strange = refused(json.replace('"commit":', '"comit": "x",\n "commit":'));
    expect(strange).toMatchObject({ code: 'plan-invalid' });
    expect(strange.details[0]).toMatch(/^p\.json:\d+:\d+: unknown key `comit`/);
    const wrong = refused(json.replace(/"sha256": "[0-9a-f]{64}"/, '"sha256": "zz"'));
    expect(wrong.details[0]).toMatch(/^p\.json:\d+:\d+: /);
    const plan = JSON.parse(json) as PlanFile;
    const twice = planText({ ...plan, targets: [...plan.targets, ...plan.targets] });
    expect(refused(twice).message).toBe('p.json holds two plans for app');
    expect(refused('[]').code).toBe('plan-invalid');
  });
});
