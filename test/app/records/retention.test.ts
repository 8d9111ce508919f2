import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fse from 'fs-extra';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { retainRuns } from '../../../src/app/records/retention.ts';
import { acquireLock, stateLockPath } from '../../../src/store/lock.ts';
import { machinePorts } from '../../fixtures/machine-ports.ts';
import { commit, put, text } from '../../fixtures/sandbox.ts';
import { type Words, wordsProject } from '../../fixtures/words-project.ts';

let words: Words;
beforeEach(() => {
  words = wordsProject();
  put(words.root, { 'sync.config.yaml': `${text(words.root, 'sync.config.yaml')}runs: { keep_last: 1 }\n` });
  commit(words.root, 'build: keep one run');
});
afterEach(() => words.remove());

const runs = () => join(words.root, '.git/lockstep/runs');
const kept = () => readdirSync(runs()).filter((name) => name !== 'log.ndjson');
const retain = async () => retainRuns(await words.main());
/** A record of long ago; nothing refers to it. */
const old = (id: string, plan?: object): string => {
  put(runs(), {
    [`${id}/run.json`]: JSON.stringify({ format: 1, time: '2026-01-01T00:00:00Z', targets: ['app'], owner: null }),
    [`${id}/result.json`]: '{"format":1,"results":[]}',
    [`${id}/output/app/verify.log`]: 'said\n',
    ...(plan === undefined ? {} : { [`${id}/plan.json`]: JSON.stringify({ format: 1, targets: plan }) }),
  });
  return id;
};
const planWith = (patch: object) => ({
  app: { target: 'app', commit: 'c', steps: [{ id: 's', actions: [], warnings: [], patch }] },
});

describe('records that neither rule keeps', () => {
  it('go at the end of a run, those of yesterday first', async () => {
    const first = old('20260101T000000Z-0001');
    const second = old('20260102T000000Z-0002');
    const { run } = await words.sync(['app']);
    expect(kept()).toEqual([run]);
    expect(existsSync(join(runs(), first))).toBe(false);
    expect(existsSync(join(runs(), second))).toBe(false);
    expect(text(runs(), 'log.ndjson')).toContain(run);
  });

  it('stay when another process holds their lock, and the run is as good', async () => {
    const id = old('20260101T000000Z-0001');
    const main = await words.main();
    const lock = await acquireLock(main.ports, [stateLockPath(main.state, 'runs')], { what: 'a test' });
    const ports = machinePorts();
    // It waits its five seconds in no time.
    let ticks = 0;
    const hasty = { ...ports, clock: { ...ports.clock, ticks: () => (ticks += 10_000) } };
    const { exit } = await words.sync(['app'], { ports: hasty });
    lock.release();
    expect(exit).toBe(0);
    expect(kept()).toContain(id);
  });

  it('also when the state holds what cannot be read', async () => {
    const id = old('20260101T000000Z-0001');
    put(runs(), { [`${id}/run.json`]: '{torn', [`${id}/result.json`]: '{torn' });
    await words.sync(['app']);
    expect(kept()).not.toContain(id);
  });
});

describe('never while something refers to it:', () => {
  const id = '20260101T000000Z-0001';
  beforeEach(async () => {
    await words.sync(['app']);
  });
  const causes = async () => {
    const { removed, kept: left } = await retain();
    return { removed, causes: left.map(({ cause }) => cause) };
  };

  it('nothing refers: it goes', async () => {
    old(id, planWith({}));
    expect(await causes()).toEqual({ removed: [id], causes: [] });
  });

  it('the receipt of a target', async () => {
    old(id);
    const path = join(words.target('app'), '.lockstep/receipts/words.json');
    fse.writeJsonSync(path, { ...fse.readJsonSync(path), run: id });
    expect(await causes()).toEqual({ removed: [], causes: ['the receipt of app names it'] });
  });

  it('a decision in a receipt; one that does not stand any more is none', async () => {
    const decision = { path: 'docs/a.md', choice: 'kept', cause: 'c', main: 'm', owner: 'o' };
    const receipt = join(words.target('app'), '.lockstep/receipts/words.json');
    fse.writeJsonSync(receipt, { ...fse.readJsonSync(receipt), decisions: [decision] });
    old(id, planWith({ decisions: [decision] }));
    const other = old('20260102T000000Z-0002', planWith({ decisions: [{ ...decision, main: 'other' }] }));
    expect(await causes()).toEqual({ removed: [other], causes: ['a decision in app was made in it: docs/a.md'] });
    put(runs(), { [`${id}/plan.json`]: '{torn' });
    expect(await causes()).toEqual({ removed: [], causes: ['its plan cannot be read, and app holds decisions'] });
  });

  it('a receipt that cannot be read, of a target that took part', async () => {
    old(id, planWith({}));
    fse.renameSync(words.target('app'), `${words.target('app')}-away`);
    expect(await causes()).toEqual({ removed: [], causes: ['the receipt of app cannot be read'] });
    fse.renameSync(`${words.target('app')}-away`, words.target('app'));
    writeFileSync(join(words.target('app'), '.lockstep/receipts/words.json'), '{torn');
    expect(await causes()).toEqual({ removed: [], causes: ['the receipt of app cannot be read'] });
  });

  it('a backup; one that cannot be read may be its own', async () => {
    old(id);
    const main = await words.main();
    const manifest = await main.backups.create({
      target: 'app',
      run: id,
      components: ['docs'],
      entries: [],
      receipt: null,
      checkout: null,
    });
    expect(await causes()).toEqual({ removed: [], causes: [`backup ${manifest.id} was made in it`] });
    const path = join(main.state.backups, 'app', `${manifest.id}.json`);
    writeFileSync(path, '{torn');
    expect((await causes()).causes).toEqual([expect.stringContaining(`backup ${manifest.id} cannot be read`)]);
    rmSync(path);
    expect((await causes()).removed).toEqual([id]);
  });

  it('a run that did not come to its end', async () => {
    old(id);
    const journal = join(words.root, '.git/lockstep/journal', `${id}--app.ndjson`);
    fse.outputFileSync(journal, 'torn');
    expect(await causes()).toEqual({ removed: [], causes: ['it did not come to its end in app'] });
    rmSync(journal);
    expect((await causes()).removed).toEqual([id]);
  });

  it('a run that still goes on', async () => {
    old(id);
    rmSync(join(runs(), id, 'result.json'));
    const owner = machinePorts().identity.self();
    put(runs(), { [`${id}/run.json`]: JSON.stringify({ format: 1, time: 't', targets: [], owner }) });
    expect(await causes()).toEqual({ removed: [], causes: ['it may still be running'] });
    put(runs(), {
      [`${id}/run.json`]: JSON.stringify({ format: 1, time: 't', targets: [], owner: { ...owner, startTime: '1' } }),
    });
    expect((await causes()).removed).toEqual([id]);
  });

  it('a record that a newer Lockstep wrote', async () => {
    old(id);
    put(runs(), { [`${id}/result.json`]: '{"format":9}' });
    expect((await causes()).causes).toEqual([expect.stringContaining('newer Lockstep (format 9')]);
  });
});
