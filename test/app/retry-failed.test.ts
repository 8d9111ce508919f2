import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { failedBefore } from '../../src/app/retry-failed.ts';
import { type Fleet, fleet, makeFleetTarget } from '../fixtures/fleet.ts';
import { put } from '../fixtures/sandbox.ts';

/** Three targets, of which one has a damaged receipt and one is not there. */
const troubled = async (): Promise<Fleet & { readonly id: string }> => {
  const world = fleet('a', 'b', 'c');
  put(world.at('b'), { '.lockstep/receipts/words.json': '{\n' });
  put(world.dir, { c: null });
  const { run } = await world.run({ reason: 'weekly', steps: { skip: ['plans'] } });
  return { ...world, id: run };
};

describe('the targets that did not succeed', () => {
  it('are those of the last run, with what it was asked for', async () => {
    const world = await troubled();
    expect(failedBefore(await world.main())).toEqual({
      run: world.id,
      targets: ['b', 'c'],
      gone: [],
      reason: 'weekly',
      options: { full: false, complete: false, only: null, skip: ['plans'], part: null },
    });
  });

  it('are none after a run with nothing to do, which left no record', async () => {
    const world = await troubled();
    put(world.at('b'), { '.lockstep': null });
    makeFleetTarget(world.at('c'));
    expect((await world.run()).exit).toBe(0);
    const last = await world.run();
    expect(failedBefore(await world.main())).toMatchObject({ run: last.run, targets: [], gone: [] });
    expect(failedBefore(await world.main(), world.id).targets).toEqual(['b', 'c']);
  });

  it('leave out those that are registered no more, and say so', async () => {
    const world = await troubled();
    world.register({ name: 'a' }, { name: 'b' });
    expect(failedBefore(await world.main())).toMatchObject({ targets: ['b'], gone: ['c'] });
  });

  it('are also those that a run which was cut off did not reach', async () => {
    const world = fleet('a', 'b');
    const dir = join(world.root, '.git/lockstep/runs/20991123T031530Z-4f2a');
    mkdirSync(dir, { recursive: true });
    const options = { full: true, complete: false, only: null, skip: [], part: null };
    const events = [
      { kind: 'run.started', commit: 'c', targets: ['a', 'b'], dryRun: false, options },
      { kind: 'target.finished', result: { target: 'a', outcome: 'done', cause: '' } },
    ].map((event) => JSON.stringify({ v: 1, run: '20991123T031530Z-4f2a', time: '2099-11-23T03:15:30Z', ...event }));
    put(dir, { 'events.ndjson': `${events.join('\n')}\n{"v":1,"kind":"step.sta` });
    expect(failedBefore(await world.main())).toMatchObject({ targets: ['b'], options: { full: true } });
  });

  it('of an unknown run are refused with the nearest one', async () => {
    const world = await troubled();
    const near = `${world.id.slice(0, -1)}${world.id.endsWith('0') ? '1' : '0'}`;
    const main = await world.main();
    expect(() => failedBefore(main, near)).toThrow(
      expect.objectContaining({ code: 'unknown-name', hint: `did you mean ${world.id}?` }),
    );
  });
});
