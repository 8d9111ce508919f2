import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fse from 'fs-extra';
import { describe, expect, it } from 'vitest';
import { keptFromComing } from '../../src/app/quarantine.ts';
import { lookAtTargets } from '../../src/app/status.ts';
import { acquireLock, rootLockPaths } from '../../src/store/lock.ts';
import { plainWorld } from '../fixtures/plain-world.ts';
import { git, put, text } from '../fixtures/sandbox.ts';

/** A target that was synced with `a1`, then with `a2`. */
const synced = async () => {
  const world = await plainWorld(['app']);
  await world.run(['app']);
  const newest = world.goOn(2);
  await world.run(['app']);
  const doc = (): string => text(world.at('app'), 'docs/a.md').trim();
  const kept = (commit = newest) => keptFromComing(world.main, world.recordOf('app'), commit)?.why;
  return { ...world, newest, doc, kept };
};

describe('a commit that was rolled back', () => {
  it('is refused to hooks and by hand before anything starts, and says what to type', async () => {
    const world = await synced();
    await world.back('app', null);
    expect(world.recordOf('app').status).toBe('rolled_back');
    expect(world.kept()).toBe('rolled back');
    for (const by of ['hand', 'itself'] as const) {
      const { exit, results } = await world.run(['app'], { by });
      expect(exit).toBe(6);
      expect(results[0]?.error).toMatchObject({
        code: 'quarantined',
        message: expect.stringContaining(`${world.newest.slice(0, 10)} of config, docs, package, plans was taken back`),
        hint: expect.stringContaining('lockstep sync run --target app --force'),
      });
    }
    expect(world.doc()).toBe('a1');
    expect(world.recordOf('app').status).toBe('rolled_back');
  });

  it('comes by force, and is out of quarantine then', async () => {
    const world = await synced();
    await world.back('app', null);
    expect((await world.run(['app'], { by: 'force' })).exit).toBe(0);
    expect(world.doc()).toBe('a2');
    expect(world.kept()).toBeUndefined();
    expect(world.receiptOf('app').quarantine).toBeUndefined();
  });

  it('gives way to a newer commit, which comes by itself and lifts it', async () => {
    const world = await synced();
    await world.back('app', null);
    const newer = world.goOn(3);
    expect(world.kept(newer)).toBeUndefined();
    expect((await world.run(['app'], { by: 'itself' })).exit).toBe(0);
    expect(world.doc()).toBe('a3');
    expect(world.kept()).toBeUndefined();
  });

  it('stays in quarantine while one goes further back, and leaves it when the rollback is undone', async () => {
    const world = await synced();
    world.goOn(3);
    await world.run(['app']);
    const { undoWith } = await world.back('app', ['docs']);
    const head = git(world.root, 'rev-parse', 'HEAD');
    expect(world.kept(head)).toBe('rolled back');
    await world.back('app', ['docs']);
    expect([world.kept(head), world.kept(world.newest)]).toEqual(['rolled back', 'rolled back']);
    await world.back('app', null, { backup: undoWith ?? '' });
    expect(world.doc()).toBe('a3');
    expect([world.kept(head), world.kept(world.newest)]).toEqual([undefined, undefined]);
  });

  it('of one component keeps a part that it is not in from nothing', async () => {
    const world = await synced();
    await world.back('app', ['docs']);
    put(world.at('app'), { 'plans/p.md': 'mine' });
    const part = (components: readonly string[]) => ({ uses: ['backup', 'copy'], components, suites: [] });
    expect((await world.run(['app'], { part: part(['docs']) })).exit).toBe(6);
    expect((await world.run(['app'], { part: part(['plans']) })).exit).toBe(0);
    expect(world.kept()).toBe('rolled back');
    expect(world.doc()).toBe('a1');
  });

  it('is told by a dry run, by status and its JSON', async () => {
    const world = await synced();
    await world.back('app', null);
    const { exit, results } = await world.run(['app'], { mode: 'dry-run' });
    expect(exit).toBe(0);
    expect(results[0]?.warnings).toContainEqual(expect.stringContaining('does not come again unasked; lockstep sync'));
    const [report] = await lookAtTargets(world.main, { ...world.request, targets: { names: ['app'] } });
    expect(report).toMatchObject({
      status: 'rolled_back',
      quarantine: [{ commit: world.newest, why: 'rolled back', cause: expect.stringMatching(/^rolled back to app-/) }],
    });
  });

  it('is refused also when the rollback ended between the plan and the lock', async () => {
    const world = await synced();
    const commit = world.goOn(3);
    const taken = { component: 'docs', commit, backup: 'b', time: '2026-11-27T00:00:00Z' };
    const receipt = { ...world.receiptOf('app'), run: '20261127T000000Z-0000', quarantine: [taken] };
    const { results } = await world.run(['app'], {
      emit: ({ kind }) => {
        if (kind === 'target.planned')
          writeFileSync(join(world.at('app'), '.lockstep/receipts/words.json'), JSON.stringify(receipt));
      },
    });
    expect(results[0]?.error?.code).toBe('quarantined');
    expect(world.doc()).toBe('a2');
    expect(world.recordOf('app').status).toBe('synchronized');
  });
});

describe('a commit that failed', () => {
  it('is tried again by hand and gives way to a newer one; by itself it does not come before a run succeeded', async () => {
    const world = await synced();
    const commit = world.goOn(3);
    const { packs } = world.main.state;
    renameSync(packs, `${packs}.away`);
    writeFileSync(packs, '');
    expect((await world.run(['app'], { mode: 'dry-run' })).exit).toBe(0);
    expect(world.kept(commit)).toBeUndefined();
    expect((await world.run(['app'])).results[0]).toMatchObject({
      outcome: 'undone',
      error: { code: 'backup-failed' },
    });
    expect(world.kept(commit)).toBe('failed');
    rmSync(packs);
    renameSync(`${packs}.away`, packs);

    const { results } = await world.run(['app'], { by: 'itself' });
    expect(results[0]?.error).toMatchObject({ code: 'quarantined', message: expect.stringContaining('failed here') });
    expect(world.recordOf('app').status).toBe('failed');
    expect(world.kept(commit)).toBe('failed');
    const [report] = await lookAtTargets(world.main, { ...world.request, targets: { names: ['app'] } });
    expect(report?.quarantine).toMatchObject([{ commit, why: 'failed', cause: expect.stringContaining('backup') }]);

    world.goOn(4);
    const [newer] = await lookAtTargets(world.main, { ...world.request, targets: { names: ['app'] } });
    expect(newer?.quarantine).toEqual([]);

    expect((await world.run(['app'])).exit).toBe(0);
    expect(world.doc()).toBe('a4');
    expect(world.kept(commit)).toBeUndefined();
  });

  it('is not one that another process or a person kept from running', async () => {
    const world = await synced();
    const commit = world.goOn(3);
    const lock = await acquireLock(world.ports, rootLockPaths({ target: world.at('app') }), { what: 'a test' });
    expect((await world.run(['app'])).exit).toBe(7);
    lock.release();
    const stop = new AbortController();
    stop.abort();
    await world.run(['app'], { signal: stop.signal });
    expect(world.kept(commit)).toBeUndefined();
  });

  it('of a format that is newer is refused by name, and a damaged one counts as none', async () => {
    const world = await synced();
    const path = join(world.main.state.failed, 'app.json');
    fse.outputFileSync(path, '{');
    expect(world.kept()).toBeUndefined();
    fse.outputFileSync(path, JSON.stringify({ format: 2 }));
    expect(() => world.kept()).toThrow(/has format 2; this Lockstep reads up to 1/);
  });
});
