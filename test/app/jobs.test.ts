import { describe, expect, it } from 'vitest';
import { paintFor } from '../../src/cli/render/colours.ts';
import { plainLines } from '../../src/cli/render/plain-face.ts';
import type { EventBody } from '../../src/domain/events.ts';
import { type Fleet, fleet, fleetConfig, fleetPipeline, makeFleetTarget } from '../fixtures/fleet.ts';
import { commit, put, text } from '../fixtures/sandbox.ts';
import { treeLines } from '../fixtures/tree-hash.ts';

const names = ['a', 'b', 'c', 'd'] as const;

/** When each target was begun and ended, by position in the stream. */
const spans = (events: readonly EventBody[]): ReadonlyMap<string, readonly [number, number]> => {
  const begun = new Map<string, number>();
  const all = new Map<string, readonly [number, number]>();
  events.forEach((event, index) => {
    if (event.kind === 'target.started') begun.set(event.target, index);
    if (event.kind === 'target.finished') all.set(event.result.target, [begun.get(event.result.target) ?? -1, index]);
  });
  return all;
};

const overlapping = (events: readonly EventBody[], one: string, other: string): boolean => {
  const [a, b] = [spans(events).get(one) ?? [0, 0], spans(events).get(other) ?? [0, 0]];
  return a[0] < b[1] && b[0] < a[1];
};

describe('--jobs', () => {
  it('works on several targets at a time; results and verdict are in the order of the registry', async () => {
    const world = fleet(...names);
    const { exit, results } = await world.run({ jobs: 4 });
    expect({ exit, of: results.map(({ target, outcome }) => `${target} ${outcome}`) }).toEqual({
      exit: 0,
      of: ['a done', 'b done', 'c done', 'd done'],
    });
    expect(overlapping(world.events, 'a', 'd')).toBe(true);
    for (const name of names) expect(text(world.at(name), 'docs/a.md')).toBe('a1\n');
    const styled = { paint: paintFor({ colour: false }), columns: Infinity, again: () => '' };
    const lines = world.events
      .filter(({ kind }) => kind === 'step.finished')
      .flatMap((event) => plainLines({ ...event, v: 1, run: 'r', time: '' }, styled, () => false));
    expect(lines).toHaveLength(4 * 5);
    for (const line of lines) expect(line).toMatch(/^[abcd] › (detect|backup|docs|plans|config) /);
  });

  it('schedules targets that lie in each other one after the other: none fails as locked', async () => {
    const world = fleet('a', 'b');
    makeFleetTarget(`${world.at('a')}/inner`);
    world.register({ name: 'a' }, { name: 'inner', path: '../a/inner' }, { name: 'b' });
    const { exit, results } = await world.run({ jobs: 3 });
    expect({ exit, outcomes: results.map(({ outcome }) => outcome) }).toEqual({
      exit: 0,
      outcomes: ['done', 'done', 'done'],
    });
    expect(overlapping(world.events, 'a', 'inner')).toBe(false);
    expect(overlapping(world.events, 'a', 'b')).toBe(true);
  });

  it('hides no result behind the failure of another', async () => {
    const world = fleet(...names);
    put(world.dir, { b: null });
    put(world.at('c'), { '.lockstep/receipts/words.json': '{\n' });
    const { exit, results } = await world.run({ jobs: 4 });
    expect(exit).toBe(4);
    expect(results.map(({ target, outcome }) => `${target} ${outcome}`)).toEqual([
      'a done',
      'b unknown',
      'c failed',
      'd done',
    ]);
  });

  it('undoes all that are under way when it is interrupted, and begins no other', async () => {
    const world: Fleet = fleet(...names);
    await world.run();
    put(world.root, {
      'docs/a.md': 'a2\n',
      'plans/p.md': 'p2\n',
      'sync.config.yaml': `${fleetConfig}suites:\n  slow: [{ uses: command, with: { argv: [sleep, '30'] } }]\n`,
      'pipelines/documents.yaml': `${fleetPipeline}  - { id: verify, uses: verify, with: { suites: [slow] } }\n`,
    });
    commit(world.root, 'docs: second');
    const before = names.map((name) => treeLines(world.at(name)));
    const stop = new AbortController();
    const reached = new Set<string>();
    const { exit, results } = await world.run({
      jobs: 2,
      signal: stop.signal,
      ask: async () => true,
      emit: (event) => {
        // By then both have their files in place, and neither has its receipt.
        if (event.kind === 'step.started' && event.uses === 'verify') reached.add(event.target);
        if (reached.size === 2) stop.abort();
      },
    });
    expect(exit).toBe(130);
    expect(results.map(({ outcome }) => outcome)).toEqual(names.map(() => 'interrupted'));
    expect(results.filter(({ cause }) => cause.includes('everything was put back'))).toHaveLength(2);
    expect(names.map((name) => treeLines(world.at(name)))).toEqual(before);
  });
});
